"""What the class of a sample is, and what it is called."""

from collections.abc import Sequence

from brittle.core.curve_run import CurveResult
from brittle.core.result import SearchResult


def own_class(result: SearchResult | CurveResult) -> int | None:
    """The class that must flip: the label, or the model's own answer where there is none."""
    return result.predicted if result.label is None else result.label


def class_name(classes: Sequence[str], index: int | None) -> str:
    """Name of a class; its number where the model has no name for it."""
    if index is None:
        return ""
    return classes[index] if 0 <= index < len(classes) else str(index)
