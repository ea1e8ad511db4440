"""The samples of a run that flipped nearest."""

from collections.abc import Iterator
from heapq import nsmallest

from brittle.core.result import Flip, SearchResult
from brittle.report.classes import class_name, own_class
from brittle.store.run import Run

MOST = 5


def flip_in_words(run: Run, result: SearchResult, flip: Flip) -> str:
    """L2, classes and file of a flip, in one line."""
    classes = run.manifest.model["classes"]
    was, now = class_name(classes, own_class(result)), class_name(classes, flip.predicted)
    return f"L2 {flip.l2:.4g}, {was} becomes {now}, {flip.file}"


def weakest(run: Run) -> Iterator[str]:
    """A line for each of the samples with the least L2, at most MOST."""
    flips = ((result, flip) for result in run.results() if (flip := result.closest))
    for result, flip in nsmallest(MOST, flips, key=lambda found: found[1].l2):
        yield f"{result.sample}: {flip_in_words(run, result, flip)}"
