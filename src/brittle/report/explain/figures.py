"""The curves of one map, as SVG text."""

from dataclasses import dataclass

from brittle.core.explanation import Explanation
from brittle.report.axes import Axis, axis_to
from brittle.report.charts import Line, Panel, chart
from brittle.report.wording import TIGHT
from brittle.store.explanations import StoredMap

TAKEN = "#d0612a"
"""Stands out from white and from the dark page, as the page's accent does."""


@dataclass(frozen=True)
class Straight(Panel):
    """A panel whose lines go straight from value to value."""

    def steps(self, line: Line) -> str:
        """The path of a line."""
        places = (f"{self.across(x):.1f} {self.down(y):.1f}" for x, y in zip(line.x, line.y, strict=True))
        return "M" + "L".join(places)


def curves_chart(line: Explanation, stored: StoredMap, thing: str) -> str:
    """The probability as the first elements of a map are kept (accent), or taken away (dashed).

    thing: what the input is called.
    """
    before, filled = line.probability or 0.0, line.filled or 0.0
    shares = [0.0, *stored.shares.tolist(), 1.0]
    kept = [filled, *stored.insertion.tolist(), before]
    taken = [before, *stored.deletion.tolist(), filled]
    greatest = max(*kept, *taken)
    down = Axis("Probability", 1.0) if greatest > 0.5 else axis_to(greatest, "Probability")
    lines = [
        Line(shares, kept, name="kept"),
        Line(shares, taken, name="taken away", colour=TAKEN, dash="6 3"),
    ]
    mark = None
    if line.suffices:
        mark = (line.suffices.share, f"{100 * line.suffices.share:.0f}{TIGHT}% suffices")
    panel = Straight(Axis(f"Share of the {thing}", 1.0, percent=True), down, lines, mark=mark)
    alt = f"Probability of {line.sample} as what matters most is kept, or taken away"
    return chart([panel], alt)
