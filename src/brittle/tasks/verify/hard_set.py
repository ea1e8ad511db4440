"""Check everything that a hard set says, from its files alone: checksums, distances, levels, recipes."""

from collections.abc import Callable, Iterator, Sequence
from hashlib import sha256
from itertools import pairwise
from pathlib import Path
from typing import Any

import numpy as np

from brittle.benchmarking.levels import MEASURES, DistanceLevel, distances
from brittle.core.distance import l2
from brittle.core.errors import DataError, RunError
from brittle.core.sample import Array, Sample
from brittle.core.scaling import LEAST, along
from brittle.data import Dataset
from brittle.domains import domain_of
from brittle.store.hard_records import CLEAN, Item
from brittle.store.hard_set import RECORDS, SUMS, TEXTURES, HardSet
from brittle.store.set_files import SetFiles
from brittle.tasks.benchmark.originals import open_originals
from brittle.tasks.benchmark.render import Recipes
from brittle.tasks.verify.check import Check, Verification, first
from brittle.tasks.verify.opening import Given

CLOSE = 2e-6
"""Last decimals of stored distances."""
Watch = Callable[[int, int], None]


def verify_hard_set(
    folder: str | Path,
    data: Any = None,
    *,
    distortions: Sequence[str] = (),
    trust: bool = False,
    watch: Watch | None = None,
) -> Verification:
    """Recompute what a set says of its files. data: the samples that it was made from, to compare with.

    Raises RunError where the set cannot be read, UsageError where a distortion of the user's must be given.
    """
    hard = HardSet.open(folder)
    judge = _Judge(hard, Given(None, data, distortions, {}, trust), data)
    checks = list(judge.whole())
    by_sample: dict[str, list[Item]] = {}
    for item in hard.items():
        by_sample.setdefault(item.id, []).append(item)
    for number, (id, items) in enumerate(by_sample.items(), 1):
        checks += judge.sample(id, items)
        if watch:
            watch(number, len(by_sample))
    notes = ["what models answered is not asked again; brittle score asks one"]
    if judge.away:
        notes.append(f"{judge.away} files are left away, as --no-images does; --render makes them again")
    return Verification(
        checks=tuple(checks),
        rows=0,
        same_model=True,
        samples=len(by_sample),
        files=len(judge.files.sums) - judge.away,
        notes=tuple(notes),
    )


class _Judge:
    """Checks one set. places: folders of inputs; away: files of these that are not here."""

    def __init__(self, hard: HardSet, given: Given, data: Any) -> None:
        self.hard, self.spec = hard, hard.about.spec
        self.files = SetFiles(hard, domain_of(self.spec))
        self.recipes = Recipes(hard, given)
        self.originals: Dataset | None = None if data is None else open_originals(hard, data)
        self.places = (hard.about.form.place, CLEAN)
        inputs = [file for file in self.files.sums if self._is_input(file)]
        self.away = 0 if any(map(hard.has, inputs)) else len(inputs)
        self.levels = {one.name: DistanceLevel(one.measure, one.value) for one in hard.about.levels}
        self.order = {one.name: i for i, one in enumerate(hard.about.levels)}

    def whole(self) -> Iterator[Check]:
        """Every file against its checksum, no file without one, and the count of items."""
        for file in self.files.sums:
            if not (self.away and self._is_input(file)):
                yield Check("", file, first(self._sum_faults(file)))
        for file in (*RECORDS, TEXTURES):
            if self.hard.has(file) and file not in self.files.sums:
                yield Check("", file, f"{SUMS} does not have it")
        for place in self.places:
            for path in sorted((self.hard.path / place).rglob("*")):
                file = path.relative_to(self.hard.path).as_posix()
                if not path.is_dir() and file not in self.files.sums:
                    yield Check("", file, f"{SUMS} does not have it")
        yield Check("", "items.jsonl", first(self._count_faults()))

    def _is_input(self, file: str) -> bool:
        """Whether a file is that of an input, which a set may leave away."""
        return file.split("/")[0] in self.places

    def _sum_faults(self, file: str) -> Iterator[str]:
        self.files.read(file)
        yield from ()

    def _count_faults(self) -> Iterator[str]:
        about, seen = self.hard.about, set[tuple[str, str, str]]()
        for item in self.hard.items():
            key = (item.id, item.kind, item.level)
            if key in seen:
                yield f"{item.id} is there twice as {item.kind} at {item.level}"
            seen.add(key)
        wanted = about.samples * len(about.kinds) * len(about.levels)
        if len(seen) != wanted:
            yield f"expected {wanted} items of {about.samples} samples, got {len(seen)}"

    def sample(self, id: str, items: Sequence[Item]) -> Iterator[Check]:
        """Every file of a sample, and that its levels are nested."""
        try:
            clean = self._untouched(id, items[0])
        except (RunError, DataError) as error:
            yield Check(id, items[0].clean, str(error))
            return
        if clean is None:
            return
        if self.originals is not None and not self.away:
            yield Check(id, items[0].clean, first(self._original_faults(id, clean)))
        shown: dict[tuple[str, str], Array] = {}
        for item in items:
            yield Check(id, item.file, first(self._item_faults(item, clean, shown)))
        for kind in {item.kind for item in items}:
            steps = sorted((k for k in shown if k[0] == kind), key=lambda k: self.order[k[1]])
            inputs = [shown[k] for k in steps]
            yield Check(id, f"{self.places[0]}/{kind}", first(_nested_faults(clean, inputs)))

    def _untouched(self, id: str, item: Item) -> Sample | None:
        """The untouched sample, of the set or of the originals; None where it is in neither."""
        if not self.away:
            return Sample(id, self.files.values(item.clean), item.label, self.spec)
        return self.originals.open(id) if self.originals is not None else None

    def _original_faults(self, id: str, clean: Sample) -> Iterator[str]:
        assert self.originals is not None
        if id not in self.originals.ids:
            yield f"the data have no sample '{id}'"
        elif not np.array_equal(self.originals.open(id).x, clean.x):
            yield "it is not the sample of the data"

    def _item_faults(self, item: Item, clean: Sample, shown: dict[tuple[str, str], Array]) -> Iterator[str]:
        direction = self.recipes.direction(clean, item)
        made = self.recipes.make(clean, item, direction)
        x = made if self.away else self.files.values(item.file)
        shown[item.kind, item.level] = x
        if not np.array_equal(x, made):
            yield "its recipe makes another file"
        domain = domain_of(self.spec)
        if self.away and not _has_sum(domain.to_bytes(made, self.spec), self.files.sums.get(item.file)):
            yield "its recipe makes a file of another SHA-256"
        found = distances(clean, x)
        for name in ("l2", "rms", "linf", "ssim", "snr"):
            told, true = getattr(item, name), getattr(found, name)
            if (told is None) != (true is None) or (told is not None and abs(told - true) > CLOSE):
                yield f"{name} is {told} in its line, {true} by its file"
        level = self.levels[item.level]
        own = l2(clean.x, along(clean, direction, 1.0)) if level.measure == "flip" else np.nan
        share = MEASURES[level.measure].used(clean, x, level.value, own)
        if not LEAST < share <= 1:
            yield f"it fills {share:.4f} of its level, expected more than {LEAST} and no more than 1"


def _has_sum(data: bytes, wanted: str | None) -> bool:
    return sha256(data).hexdigest() == wanted


def _nested_faults(clean: Sample, steps: Sequence[Array]) -> Iterator[str]:
    """Levels of one change, from weak to strong: no element moves back, or to the other side."""
    for weak, strong in pairwise(steps):
        a, b = weak - clean.x, strong - clean.x
        if (a * b < 0).any() or (np.abs(a) > np.abs(b)).any():
            yield "a stronger level is not more of the same change"
