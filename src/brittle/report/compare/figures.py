"""ASR against queries and against distance, one line for each search, in one figure."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import PercentFormatter

from brittle.report.compare.comparison import Contender
from brittle.report.curves import Curve

COLOURS = (
    *("#1f5fbf", "#c4501b", "#2f8f4e", "#8a4fbf", "#b8860b", "#d1477a", "#0f8a8a"),
    *("#6b7280", "#7a4a2a", "#a3b11f", "#4aa3df", "#e08a7a", "#3b3f8f"),
)
STYLES = ("-", "--", ":")


def asr_figure(contenders: Sequence[Contender], title: str = "") -> Figure:
    """Two panels: flipped by each query, flipped within each L2 distance; the legend beside them."""
    figure = Figure(figsize=(9.6, 3.6), layout="constrained")
    left, right = figure.subplots(1, 2, sharey=True)
    reach = [float(c.curves.distance.at[-1]) for c in contenders if c.curves.distance.at.size]
    most = max((c.summary.budget for c in contenders), default=1)
    for place, one in enumerate(contenders):
        look = {
            "color": COLOURS[place % len(COLOURS)],
            "linestyle": STYLES[place // len(COLOURS) % len(STYLES)],
        }
        _line(left, one.curves.queries, float(one.summary.budget), one.name, **look)
        _line(right, one.curves.distance, 1.05 * max(reach, default=1.0), one.name, **look)
    left.set(xlabel="Queries to the first flip", ylabel="Flipped", xlim=(0, most), ylim=(0, 1.02))
    right.set(xlabel="L2 distance of the closest flip", xlim=(0, 1.05 * max(reach, default=1.0)))
    left.yaxis.set_major_formatter(PercentFormatter(1))
    for axes in (left, right):
        axes.spines[["top", "right"]].set_visible(False)
        axes.grid(axis="y", linewidth=0.5, alpha=0.5)
    handles, labels = left.get_legend_handles_labels()
    figure.legend(handles, labels, loc="outside right upper", frameon=False, fontsize=9)
    if title:
        figure.suptitle(title, fontsize=11)
    return figure


def save_figure(figure: Figure, file: Path) -> None:
    """Write a figure as SVG or PNG; the same figure gives the same file."""
    figure.savefig(file, metadata={"Date": None} if file.suffix == ".svg" else None, dpi=120)


def _line(axes: Axes, curve: Curve, end: float, name: str, **look: Any) -> None:
    x = np.unique(np.concatenate([[0.0], curve.at, [end]]))
    axes.step(x, curve.share(x), where="post", label=name, linewidth=1.8, **look)
