"""Show a model every file of a hard set, and note what it answers right."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from itertools import islice

import numpy as np
from numpy.typing import NDArray

from brittle.core.classifier import Classifier, ask
from brittle.core.errors import ModelError
from brittle.store.set_files import SetFiles, Source


@dataclass(frozen=True)
class Standing:
    """Where a score stands: rows done of all."""

    done: int
    total: int


Watch = Callable[[Standing], None]


@dataclass(frozen=True)
class Answered:
    """What was right, (sources, 1 + conditions), the untouched file first. unanswered: rows."""

    right: NDArray[np.bool_]
    unanswered: int


def answered(
    model: Classifier, files: SetFiles, sources: Sequence[Source], batch: int, watch: Watch
) -> Answered:
    """Show every file once. A row that the model does not answer is wrong, and counted.

    Raises ModelError where it answers none at all, RunError for a damaged file.
    """
    rows = [(one.label, file) for one in sources for file in _files(one)]
    right, unanswered, causes = [], 0, ""
    for part in _batches(rows, batch):
        answers, refused = ask(model, np.stack([files.values(file) for _, file in part]))
        known = np.isfinite(answers).all(axis=1)
        right += (known & (answers.argmax(axis=1) == [label for label, _ in part])).tolist()
        unanswered += int((~known).sum())
        causes = causes or "; ".join(str(cause) for cause in list(refused.values())[:1])
        watch(Standing(len(right), len(rows)))
    if unanswered == len(rows):
        raise ModelError(f"the model answered none of {len(rows)} rows: {causes or 'all answers are NaN'}")
    return Answered(np.array(right, bool).reshape(len(sources), -1), unanswered)


def _files(source: Source) -> list[str]:
    return [source.clean, *(item.file for item in source.items)]


def _batches(rows: Sequence[tuple[int, str]], size: int) -> Iterator[list[tuple[int, str]]]:
    left = iter(rows)
    while part := list(islice(left, size)):
        yield part
