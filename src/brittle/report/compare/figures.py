"""ASR against queries and against distance, one line for each search."""

from collections.abc import Sequence

from brittle.report.charts import FLIPPED, Axis, Line, Panel, axis_to, chart
from brittle.report.compare.comparison import ComparedRun
from brittle.report.curves import Curve

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
    """The panels and the legend of asr_chart as three charts, for a page to place as it has room."""
    by_query, by_distance = _panels(compared)
    each = "one line for each search"
    return [
        chart([by_query], f"Share of samples flipped against queries, {each}"),
        chart([by_distance], f"Share of samples flipped against L2 distance, {each}"),
        chart([], "Lines: " + ", ".join(one.name for one in compared), legend=by_query.lines),
    ]


def _panels(compared: Sequence[ComparedRun]) -> tuple[Panel, Panel]:
    budget = max((one.summary.budget for one in compared), default=1)
    queries = Axis("Queries to the first flip", float(max(1, budget)))
    reach = max((one.curves.distance.reach for one in compared), default=0.0)
    distance = axis_to(reach, "L2 distance of the closest flip")
    by_query = [_line(k, c.name, c.curves.queries, c.summary.budget) for k, c in enumerate(compared)]
    by_distance = [_line(k, c.name, c.curves.distance, distance.end) for k, c in enumerate(compared)]
    return Panel(queries, FLIPPED, by_query), Panel(distance, FLIPPED, by_distance)


def _line(place: int, name: str, curve: Curve, end: float) -> Line:
    x, share = curve.steps(float(end))
    colour, dash = COLOURS[place % len(COLOURS)], DASHES[place % len(DASHES)]
    return Line(x, share, name=name, colour=colour, dash=dash)
