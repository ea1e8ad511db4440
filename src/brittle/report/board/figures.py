"""The charts of the board: error against the distance of the change, a panel a kind and a line a model."""

from collections.abc import Sequence

from brittle.core.sample import InputSpec
from brittle.report.axes import Axis, axis_to
from brittle.report.board.rows import Row
from brittle.report.charts import Line, Panel, chart
from brittle.report.compare.figures import COLOURS, DASHES
from brittle.report.wording import change_unit
from brittle.store.scores import ScoreEntry

*BRIGHT, GREY = COLOURS
DOTS = "2 2.5"
STROKES = [dash for dash in DASHES if dash != DOTS]
"""Grey dots are of models that the set was made against, the others of all others."""
ERROR = Axis("Error", 1.0, percent=True)


def error_charts(rows: Sequence[Row], kinds: Sequence[str], spec: InputSpec) -> list[tuple[str, str]]:
    """A chart a kind with its name, and last the legend. Lines begin at the untouched files."""
    if not rows:
        return []
    scale, unit = change_unit(spec)
    reach = scale * max(one.rms for row in rows for one in row.entry.levels)
    across = axis_to(reach, f"RMS of the change ({unit})")
    charts = [
        (kind, chart([Panel(across, ERROR, _lines(rows, kind, scale))], f"{kind}: error against RMS"))
        for kind in kinds
    ]
    legend = _lines(rows, "", scale)
    return [*charts, ("", chart([], "Lines: " + ", ".join(one.name for one in legend), legend=legend))]


def _lines(rows: Sequence[Row], kind: str, scale: float) -> list[Line]:
    """A line a model, its errors under a kind of change; a name without one for the legend."""
    colours = iter(range(len(rows)))
    found = []
    for row in rows:
        colour, dash = (GREY, DOTS) if row.seen else _look(next(colours))
        name = f"{row.entry.name} (seen)" if row.seen else row.entry.name
        x, y = _course(row.entry, kind, scale)
        found.append(Line(x, y, name=name, colour=colour, dash=dash, straight=True))
    return found


def _look(place: int) -> tuple[str, str]:
    """Colour and dash of a model that is not seen."""
    return BRIGHT[place % len(BRIGHT)], STROKES[place % len(STROKES)]


def _course(entry: ScoreEntry, kind: str, scale: float) -> tuple[list[float], list[float]]:
    """RMS and error, from near to far."""
    points = sorted((scale * one.rms, one.error) for one in entry.kinds.get(kind, ()))
    return [0.0, *(rms for rms, _ in points)], [entry.clean.error, *(error for _, error in points)]
