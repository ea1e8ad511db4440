"""Severity curves as charts, as SVG text."""

from collections.abc import Mapping, Sequence

from brittle.report.axes import Axis
from brittle.report.charts import Line, Panel, chart
from brittle.report.severity import CORRUPTION, Errors, Severity, SeverityCurve


def own_chart(found: Severity, colours: Mapping[str, str]) -> str:
    """The distortions of the audit, as SVG text. colours: by their names."""
    lines = [
        _line(found.clean, curve, colours.get(curve.distortion, ""), "5 3" if curve.way == "-" else "")
        for curve in found.own
    ]
    return _chart(lines, max(len(curve.levels) for curve in found.own), "Errors under each distortion")


def corruption_chart(found: Severity) -> str:
    """The corruptions of ImageNet-C: their mean, the worst and the mildest, as SVG text."""
    ranked = sorted(found.corruptions, key=lambda curve: curve.mean)
    lines = [
        _mean_line(found.clean, ranked),
        _line(found.clean, ranked[-1], dash="5 3"),
        _line(found.clean, ranked[0], dash="1 3"),
    ]
    return _chart(lines, len(ranked[0].levels), "Errors under the corruptions of ImageNet-C")


def _line(clean: Errors, curve: SeverityCurve, colour: str = "", dash: str = "") -> Line:
    shares = [clean.share, *(one.share for one in curve.levels)]
    name = curve.name.removeprefix(CORRUPTION)
    return Line(range(len(shares)), shares, name=name, colour=colour, dash=dash, straight=True)


def _mean_line(clean: Errors, curves: Sequence[SeverityCurve]) -> Line:
    levels = zip(*([one.share for one in curve.levels] for curve in curves), strict=True)
    shares = [clean.share, *(sum(level) / len(curves) for level in levels)]
    return Line(range(len(shares)), shares, name=f"mean of {len(curves)}", straight=True)


def _chart(lines: Sequence[Line], levels: int, alt: str) -> str:
    across = Axis("Level, from none to the strongest", levels, whole=True)
    return chart([Panel(across, Axis("Errors", 1.0, percent=True), lines)], alt, legend=lines)
