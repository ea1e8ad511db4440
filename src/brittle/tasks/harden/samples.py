"""The samples of a hardening: those it learns from, those that choose, and those kept for the report."""

from collections import Counter
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from hashlib import sha256

import numpy as np

from brittle.core.errors import DataError
from brittle.core.sample import Array, Sample
from brittle.data import Dataset
from brittle.data.ecg5000 import part, read_part
from brittle.hardening.records import Labelled
from brittle.hardening.split import split

FEWEST_TO_CHOOSE = 10
"""Samples to choose by, below which a share of right answers says nothing; no setting lowers it."""
AT_ONCE = 256
OF_TEST = 0.5
"""Share of a test set that chooses; the others report."""


@dataclass(frozen=True)
class Kept:
    """Samples of a data set that are kept for the report, read when they are needed."""

    dataset: Dataset
    ids: Sequence[str]

    def batches(self) -> Iterator[list[Sample]]:
        """All that can be read, some at a time. Raises DataError for one without a label."""
        some: list[Sample] = []
        for sample in _readable(self.dataset, self.ids):
            some.append(sample)
            if len(some) == AT_ONCE:
                yield some
                some = []
        if some:
            yield some


@dataclass(frozen=True)
class Sides:
    """The three sides of a split. doubles: samples that were left out, as another side has the same input."""

    learn: Labelled
    choose: Labelled
    report: Kept
    doubles: int = 0

    @property
    def sizes(self) -> dict[str, int]:
        """How many samples each has."""
        return {"learn": len(self.learn.y), "choose": len(self.choose.y), "report": len(self.report.ids)}


def split_data(dataset: Dataset, seed: int, groups: Mapping[str, str] | None) -> Sides:
    """Split labelled samples by their ids. Raises DataError."""
    sides = split(dataset.ids, seed, groups)
    learn, choose = (labelled(dataset, _on(sides, side)) for side in ("learn", "choose"))
    return _apart(learn, choose, Kept(dataset, _on(sides, "report")))


def split_test(learn: Labelled, test: Dataset, seed: int, groups: Mapping[str, str] | None) -> Sides:
    """Samples to learn from, and others that the model was not made of, half to choose and half to report."""
    sides = split(test.ids, seed, groups, choose=OF_TEST, report=1 - OF_TEST)
    return _apart(learn, labelled(test, _on(sides, "choose")), Kept(test, _on(sides, "report")))


def training_beats() -> Labelled:
    """The archive's training part of ECG5000. Raises DataError."""
    x, y = read_part(part("TRAIN"))
    return Labelled([f"train {row:03d}" for row in range(len(y))], x, y)


def _on(sides: Mapping[str, str], side: str) -> list[str]:
    return [name for name, found in sides.items() if found == side]


def labelled(dataset: Dataset, ids: Iterable[str]) -> Labelled:
    """Samples in memory; what cannot be read is left out. Raises DataError for one without a label."""
    found = list(_readable(dataset, ids))
    x = np.stack([s.x for s in found]) if found else np.empty((0, *dataset.spec.shape), np.float32)
    return Labelled([s.id for s in found], x, np.array([s.label for s in found], np.int64))


def _readable(dataset: Dataset, ids: Iterable[str]) -> Iterator[Sample]:
    for name in ids:
        try:
            sample = dataset.open(name)
        except DataError:
            continue
        if sample.label is None:
            raise DataError(f"harden needs labels, but {name} of {dataset.name} has none; label the samples")
        yield sample


def _apart(learn: Labelled, choose: Labelled, report: Kept) -> Sides:
    """No input is on two sides: what reports does not choose, and what does either is not learned from."""
    kept = {digest_of(sample.x) for batch in report.batches() for sample in batch}
    if not kept:
        raise DataError("no sample is left for the report: harden needs more samples, or samples for --test")
    chosen = _without(choose, kept)
    new = _without(learn, kept | {digest_of(x) for x in chosen.x})
    return Sides(new, chosen, report, len(learn.y) + len(choose.y) - len(new.y) - len(chosen.y))


def _without(samples: Labelled, digests: Collection[bytes]) -> Labelled:
    rows = [row for row, x in enumerate(samples.x) if digest_of(x) not in digests]
    return Labelled([samples.ids[row] for row in rows], samples.x[rows], samples.y[rows])


def digest_of(x: Array) -> bytes:
    """What an input is known by."""
    return sha256(np.ascontiguousarray(x).tobytes()).digest()


def refuse_too_few(sides: Sides, classes: Sequence[str], least: int) -> None:
    """Raise DataError where there is too little to learn from, or nothing to choose by.

    least: samples a class to learn from, on average over the classes that occur.
    """
    counts = Counter(sides.learn.y.tolist())
    if len(sides.learn.y) < least * max(2, len(counts)):
        rare, times = min(counts.items(), key=lambda item: item[1], default=(0, 0))
        raise DataError(
            f"expected at least {least} samples a class to learn from, got {len(sides.learn.y)} of "
            f"{len(counts)} classes ({times} of {classes[rare]}); give more data, or lower --least-a-class "
            "if you know that so few will do"
        )
    if len(sides.choose.y) < FEWEST_TO_CHOOSE:
        raise DataError(
            f"expected at least {FEWEST_TO_CHOOSE} samples to choose among weights, "
            f"got {len(sides.choose.y)}; give more data"
        )
