"""ASR against queries and distance, and L2 against queries: one line for each search."""

from collections.abc import Sequence

from brittle.report.axes import FLIPPED, Axis, axis_to, distance_axis, query_axis
from brittle.report.charts import Line, Panel, chart
from brittle.report.compare.comparison import ComparedRun
from brittle.report.compare.equal import median_course, shared_samples

# Each stands out from white and from the dark page, and from its neighbours. The numbers of colours and of
# dashes share no divisor, so all their pairs come before one comes again.
COLOURS = ("#2f74d0", "#d05a1e", "#2f9458", "#9a5fd0", "#a97f10", "#d8487f", "#1490a0", "#808792")
DASHES = ("", "7 3", "2 2.5", "9 3 2 3", "10 2 2 2 2 2")


def asr_chart(compared: Sequence[ComparedRun], title: str = "") -> str:
    """Two panels, flipped by each query and within each L2 distance, and the legend: one whole file."""
    by_query, by_distance = _panels(compared)
    alt = f"{title}: share flipped against queries and distance" if title else "Share flipped"
    return chart([by_query, by_distance], alt, legend=by_query.lines, title=title)


def asr_charts(compared: Sequence[ComparedRun]) -> list[str]:
    """The panels of asr_chart, that of L2 against queries and the legend, as charts for a page to place."""
    by_query, by_distance = _panels(compared)
    each = "one line for each search"
    return [
        chart([by_query], f"Share of samples flipped against queries, {each}"),
        chart([by_distance], f"Share of samples flipped against L2 distance, {each}"),
        chart([_l2_panel(compared)], f"Median L2 of the closest flips so far against queries, {each}"),
        chart([], "Lines: " + ", ".join(one.name for one in compared), legend=by_query.lines),
    ]


def _panels(compared: Sequence[ComparedRun]) -> tuple[Panel, Panel]:
    budget = _budget(compared)
    flips = [query for one in compared for query in one.curves.queries.at.tolist()]
    queries = query_axis("Queries to the first flip", flips, budget)
    reach = max((one.curves.distance.reach for one in compared), default=0.0)
    distance = axis_to(reach, "L2 distance of the closest flip")
    by_query = [_line(k, c.name, *c.curves.queries.steps(c.summary.budget)) for k, c in enumerate(compared)]
    by_distance = [_line(k, c.name, *c.curves.distance.steps(distance.end)) for k, c in enumerate(compared)]
    return Panel(queries, FLIPPED, by_query), Panel(distance, FLIPPED, by_distance)


def _l2_panel(compared: Sequence[ComparedRun]) -> Panel:
    """The median L2 so far over the samples that all played, from where more than half have flipped on."""
    samples = shared_samples(compared)
    courses = [median_course(one, samples) for one in compared]
    across = Axis("Queries", max(10.0, float(_budget(compared))), start=1.0)
    reached = [l2 for _, medians in courses for l2 in medians]
    down = distance_axis(reached, "Median L2 so far")
    lines = [_line(k, one.name, *courses[k]) for k, one in enumerate(compared) if courses[k][0]]
    return Panel(across, down, lines)


def _budget(compared: Sequence[ComparedRun]) -> int:
    return max((one.summary.budget for one in compared), default=1)


def _line(place: int, name: str, x: Sequence[float], y: Sequence[float]) -> Line:
    colour, dash = COLOURS[place % len(COLOURS)], DASHES[place % len(DASHES)]
    return Line(x, y, name=name, colour=colour, dash=dash)
