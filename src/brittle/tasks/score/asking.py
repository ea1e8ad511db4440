"""Show a model every file of a hard set, and note what it answers right."""

from collections import deque
from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import Future
from dataclasses import dataclass
from functools import partial
from itertools import islice

import numpy as np
from numpy.typing import NDArray

from brittle.core.classifier import Classifier, ask
from brittle.core.errors import ModelError
from brittle.core.lanes import Lanes
from brittle.core.sample import Array
from brittle.store.set_files import SetFiles, Source


@dataclass(frozen=True)
class Standing:
    """Where a score stands: rows done of all."""

    done: int
    total: int


_Reply = tuple[Array, Mapping[int, Exception]]
Watch = Callable[[Standing], None]


@dataclass(frozen=True)
class Answered:
    """What was right, (sources, 1 + conditions), the untouched file first. unanswered: rows."""

    right: NDArray[np.bool_]
    unanswered: int


def answered(
    model: Classifier,
    files: SetFiles,
    sources: Sequence[Source],
    batch: int,
    watch: Watch,
    lanes: int = 1,
) -> Answered:
    """Show every file once. A row that the model does not answer is wrong, and counted.

    lanes: batches asked at the same time, once the first is answered; they land in order. Raises ModelError
    where it answers none at all, RunError for a damaged file.
    """
    rows = [(one.label, file) for one in sources for file in _files(one)]
    right, unanswered, causes = list[bool](), 0, ""
    for labels, (answers, refused) in _in_order(model, files, _batches(rows, batch), lanes):
        known = np.isfinite(answers).all(axis=1)
        right += (known & (answers.argmax(axis=1) == labels)).tolist()
        unanswered += int((~known).sum())
        causes = causes or "; ".join(str(cause) for cause in list(refused.values())[:1])
        watch(Standing(len(right), len(rows)))
    if unanswered == len(rows):
        raise ModelError(f"the model answered none of {len(rows)} rows: {causes or 'all answers are NaN'}")
    return Answered(np.array(right, bool).reshape(len(sources), -1), unanswered)


def _in_order(
    model: Classifier, files: SetFiles, batches: Iterator[list[tuple[int, str]]], lanes: int
) -> Iterator[tuple[list[int], _Reply]]:
    """The labels of every batch and what was answered; the first goes alone, as it tells what answers are."""
    under_way: deque[tuple[list[int], Future[_Reply]]] = deque()
    most = 1
    with Lanes[_Reply](lanes) as threads:
        for part in batches:
            if len(under_way) == most:
                labels, reply = under_way.popleft()
                yield labels, reply.result()
                most = lanes
            x = np.stack([files.values(file) for _, file in part])
            under_way.append(([label for label, _ in part], threads.submit(partial(ask, model, x))))
        for labels, reply in under_way:
            yield labels, reply.result()


def _files(source: Source) -> list[str]:
    return [source.clean, *(item.file for item in source.items)]


def _batches(rows: Sequence[tuple[int, str]], size: int) -> Iterator[list[tuple[int, str]]]:
    left = iter(rows)
    while part := list(islice(left, size)):
        yield part
