"""Charts as SVG text that takes its colours from the page around it, light or dark."""

import re
from io import StringIO

import numpy as np
from matplotlib import rc_context
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import MaxNLocator, PercentFormatter
from numpy.typing import NDArray

from brittle.report.curves import Curve
from brittle.report.intervals import wilson

# matplotlib knows no CSS variables: it draws in stand-ins, which are replaced in its text.
INK, FAINT, ACCENT = "#010101", "#020202", "#030303"
VARIABLES = {INK: "var(--ink, #1c2128)", FAINT: "var(--line, #d5dae1)", ACCENT: "var(--accent, #2457a6)"}
MOST_POINTS = 200
FONT_SIZE = 9


def asr_against_queries(curve: Curve, budget: int) -> str:
    """Share of played samples that had flipped by each query."""
    return _asr(curve, float(budget), "Queries", "queries")


def asr_against_distance(curve: Curve, unit: str = "") -> str:
    """Share of played samples with a flip within each L2 distance."""
    end = 1.05 * float(curve.at[-1]) if curve.at.size else 1.0
    return _asr(curve, end, f"L2 distance{f' ({unit})' if unit else ''}", "distance")


def distance_histogram(distances: NDArray[np.float64], unit: str = "") -> str:
    """How many closest flips lie at each L2 distance."""
    figure = Figure(figsize=(4.4, 3), layout="constrained")
    axes = figure.subplots()
    if distances.size:
        bins = int(np.clip(np.sqrt(distances.size) * 2, 5, 40))
        axes.hist(distances, bins=bins, range=(0, float(distances.max()) or 1), color=ACCENT, rwidth=0.92)
        axes.axvline(float(np.median(distances)), color=INK, linewidth=1, linestyle="--")
        axes.text(
            float(np.median(distances)), 1.01, "median", transform=axes.get_xaxis_transform(), ha="center"
        )
    axes.yaxis.set_major_locator(MaxNLocator(integer=True))
    axes.set_xlabel(f"L2 distance of the closest flip{f' ({unit})' if unit else ''}")
    axes.set_ylabel("Samples")
    axes.set_xlim(left=0)
    return _svg(figure, axes, "histogram")


def _asr(curve: Curve, end: float, label: str, name: str) -> str:
    figure = Figure(figsize=(4.4, 3), layout="constrained")
    axes = figure.subplots()
    known = curve.at
    if known.size > MOST_POINTS:
        known = known[np.linspace(0, known.size - 1, MOST_POINTS).astype(int)]
    x = np.unique(np.concatenate([[0.0], known, [end]]))
    share = curve.share(x)
    bands = [wilson(round(value * curve.played), curve.played) for value in share]
    low = [band.low if band else 0.0 for band in bands]
    high = [band.high if band else 0.0 for band in bands]
    axes.fill_between(x, low, high, step="post", color=ACCENT, alpha=0.16, linewidth=0)
    axes.step(x, share, where="post", color=ACCENT, linewidth=2)
    axes.set_xlim(0, end)
    axes.set_ylim(0, 1.02)
    axes.yaxis.set_major_formatter(PercentFormatter(1))
    axes.set_xlabel(label)
    axes.set_ylabel("Flipped")
    return _svg(figure, axes, name)


def _svg(figure: Figure, axes: Axes, name: str) -> str:
    """The figure as an <svg> element: text kept as text, nothing that differs between two equal calls."""
    axes.spines[["top", "right"]].set_visible(False)
    axes.spines[["left", "bottom"]].set_color(FAINT)
    axes.grid(axis="y", color=FAINT, linewidth=0.7)
    axes.set_axisbelow(True)
    axes.tick_params(color=FAINT, labelcolor=INK, labelsize=FONT_SIZE)
    for label in (axes.xaxis.label, axes.yaxis.label, *axes.texts):
        label.set(color=INK, fontsize=FONT_SIZE)
    figure.patch.set_visible(False)
    axes.patch.set_visible(False)
    out = StringIO()
    with rc_context({"svg.fonttype": "none", "svg.hashsalt": name}):
        figure.savefig(out, format="svg", metadata={"Date": None})
    text = out.getvalue()
    text = text[text.index("<svg") :]
    text = re.sub(r"<metadata>.*?</metadata>|<style.*?</style>", "", text, flags=re.DOTALL)
    text = re.sub(r"font-family: [^;]*", "font-family: system-ui, sans-serif", text)
    # Ids that nothing points to would be there once for each chart of the page.
    text = re.sub(r' id="[a-zA-Z0-9.]+_\d+"', "", text)
    for stand_in, variable in VARIABLES.items():
        text = text.replace(stand_in, variable)
    return text
