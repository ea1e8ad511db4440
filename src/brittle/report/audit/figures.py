"""The charts of one run, as SVG text. alt: what a reader who cannot see a chart should know."""

import numpy as np
from numpy.typing import NDArray

from brittle.report.axes import FLIPPED, Axis, axis_to, query_axis
from brittle.report.charts import Line, Panel, chart
from brittle.report.curves import Curve
from brittle.report.intervals import wilson
from brittle.report.wording import number


def asr_against_queries(curve: Curve, budget: int, alt: str = "") -> str:
    """Share of played samples that had flipped by each query, on a logarithmic axis where they did early."""
    return chart([_asr(curve, query_axis("Queries", curve.at.tolist(), budget))], alt)


def asr_against_distance(curve: Curve, unit: str = "", alt: str = "") -> str:
    """Share of played samples with a flip within each L2 distance."""
    return chart([_asr(curve, axis_to(curve.reach, _with_unit("L2 distance", unit)))], alt)


def distance_histogram(distances: NDArray[np.float64], unit: str = "", alt: str = "") -> str:
    """How many closest flips lie at each L2 distance."""
    across = axis_to(float(distances.max(initial=0)), _with_unit("L2 distance of the closest flip", unit))
    if not distances.size:
        return chart([Panel(across, axis_to(0, "Samples", whole=True))], alt)
    bins = int(np.clip(np.sqrt(distances.size) * 2, 5, 40))
    counts, edges = np.histogram(distances, bins=bins, range=(0, float(distances.max()) or 1))
    bars = list(zip(edges[:-1].tolist(), edges[1:].tolist(), counts.tolist(), strict=True))
    median = float(np.median(distances))
    panel = Panel(
        across,
        axis_to(float(counts.max()), "Samples", whole=True),
        bars=bars,
        mark=(median, f"median {number(median)}"),
    )
    return chart([panel], alt)


def by_frame(values: NDArray[np.float64], down: Axis, rate: float | None = None, alt: str = "") -> str:
    """One bar for each frame of a clip, the first being 1. rate: frames a second, where it is known."""
    across = Axis(
        _with_unit("Frame", "" if rate is None else f"{rate:g} a second"), len(values) + 1, whole=True
    )
    bars = [(k + 0.5, k + 1.5, value) for k, value in enumerate(values.tolist())]
    return chart([Panel(across, down, bars=bars)], alt)


def _with_unit(label: str, unit: str) -> str:
    return f"{label} ({unit})" if unit else label


def _asr(curve: Curve, across: Axis) -> Panel:
    """Steps, and Wilson's interval around them."""
    x, share = curve.steps(across.end)
    bands = [wilson(round(value * curve.played), curve.played) for value in share]
    low = [band.low if band else 0.0 for band in bands]
    high = [band.high if band else 0.0 for band in bands]
    return Panel(across, FLIPPED, [Line(x, share, low, high)])
