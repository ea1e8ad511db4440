"""The curve of a training as a picture, by matplotlib, which comes with the extra `train`."""

from collections.abc import Sequence
from io import BytesIO


def learning_curve(panels: Sequence[tuple[str, Sequence[float]]], queries: Sequence[int]) -> bytes:
    """One panel for each named series over the queries spent so far, side by side, as PNG."""
    from matplotlib.figure import Figure  # noqa: PLC0415

    figure = Figure(figsize=(3.2 * len(panels), 2.6), layout="constrained")
    for axes, (name, values) in zip(figure.subplots(1, len(panels), squeeze=False)[0], panels, strict=True):
        axes.plot(queries, values, color="#2457a6", linewidth=1.4, marker=".")
        axes.set_title(name, fontsize=9)
        axes.set_xlabel("Queries", fontsize=8)
        axes.tick_params(labelsize=8)
        axes.locator_params(axis="x", nbins=5)
        axes.spines[["top", "right"]].set_visible(False)
    out = BytesIO()
    figure.savefig(out, format="png", dpi=110)
    return out.getvalue()
