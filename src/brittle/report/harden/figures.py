"""The charts of a hardening: distances before and after, and the line of weights."""

from collections.abc import Mapping, Sequence
from itertools import pairwise
from typing import Any

from brittle.report.axes import FLIPPED, Axis, axis_to
from brittle.report.charts import Line, Panel, chart
from brittle.report.compare.figures import COLOURS, DASHES
from brittle.report.harden.attacks import ARMS, Attack

STYLES = dict(zip(ARMS, zip(COLOURS, DASHES, strict=False), strict=False))


def distance_charts(attacks: Sequence[Attack], white_box: Mapping[str, Any] | None = None) -> list[str]:
    """Share of samples flipped against the L2 of the closest flip, a line for each model; then the legend.

    white_box: that block of the card, for the share that PGD flips; not every card has its curve.
    """
    charts = [_distances(attack) for attack in attacks]
    if white_box and "curve" in white_box:
        charts.append(_under_pgd(white_box))
    legend = [_line(name, [], []) for name in ARMS]
    return [*charts, chart([], "Lines: before, control, after", legend=legend)] if charts else []


def _distances(attack: Attack) -> str:
    reach = max(arm.curve.reach for arm in attack.arms.values())
    across = axis_to(reach, f"L2 of the closest flip by {attack.name}")
    lines = [_line(name, *arm.curve.steps(across.end)) for name, arm in attack.arms.items()]
    mark = (attack.limit, "limit") if attack.limit and attack.limit < across.end else None
    return chart([Panel(across, FLIPPED, lines, mark=mark)], f"{attack.name}: share flipped against L2")


def _under_pgd(white_box: Mapping[str, Any]) -> str:
    """The share that PGD flips, from one radius that was tried to the next: a lower bound between them."""
    across = axis_to(white_box["limit"], "L2 within which PGD flips")
    points = white_box["curve"]
    radii = [*(point["l2"] for point in points), across.end]
    lines = [_line(arm, radii, [1 - point[arm] for point in [*points, points[-1]]]) for arm in ARMS]
    mark = (white_box["limit"], "limit")
    return chart([Panel(across, FLIPPED, lines, mark=mark)], "PGD: share flipped against L2")


def _line(name: str, x: Sequence[float], y: Sequence[float]) -> Line:
    colour, dash = STYLES[name]
    return Line(x, y, name=name, colour=colour, dash=dash)


def line_charts(card: Mapping[str, Any]) -> list[str]:
    """Along the line of weights: points of clean accuracy that are lost, and the first-order distance."""
    points = card["line"]
    if not points:
        return []
    share = card["share"]
    mark = None if share is None else (share, f"taken: {share:g}")
    across = Axis("Share of the way from control to hardened", 1.0)
    lost = [max(0.0, point["lost"]) for point in points]
    at_most = [max(0.0, point["lost_at_most"]) for point in points]
    down = axis_to(max(*at_most, card["settings"]["keep_clean"]), "Points of clean accuracy lost")
    keep = card["settings"]["keep_clean"]
    lines = [
        Line(*_steps(points, lost), name="lost", colour=COLOURS[0]),
        Line(*_steps(points, at_most), name="lost at most (95 %)", colour=COLOURS[1], dash=DASHES[1]),
        Line([0.0, 1.0], [keep, keep], name="allowed", colour=COLOURS[7], dash=DASHES[2]),
    ]
    far = [point["distance"] for point in points]
    distance = axis_to(max(far), "First-order L2 to a flip, median")
    farther = [Line(*_steps(points, far))]
    return [
        chart([Panel(across, down, lines, mark=mark)], "Clean accuracy lost along the line of weights"),
        chart([Panel(across, distance, farther, mark=mark)], "Distance along the line of weights"),
        chart([], "Lines: points of clean accuracy lost", legend=lines),
    ]


def _steps(points: Sequence[Mapping[str, Any]], values: Sequence[float]) -> tuple[list[float], list[float]]:
    """Each measured share stands for what is nearest to it."""
    shares = [float(point["share"]) for point in points]
    middles = [(one + other) / 2 for one, other in pairwise(shares)]
    return [shares[0], *middles, shares[-1]], [*values, values[-1]]
