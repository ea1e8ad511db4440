"""The inputs of a hard set, each seen to be the one that SHA256SUMS has before it is used."""

from collections.abc import Sequence
from dataclasses import dataclass
from hashlib import sha256
from math import isfinite, prod

from brittle.core.errors import DataError, RunError
from brittle.core.sample import Array, InputSpec
from brittle.store.archive import Codec
from brittle.store.hard_records import Item
from brittle.store.hard_set import ABOUT, SUMS, HardSet
from brittle.store.records import damaged

MOST_VALUES = 2**28
MOST_BITS = 32
"""Of one input, and of a value. A set that states more would fill the memory before a file is read."""


class SetFiles:
    """Reads the inputs of a set. sha256: of SHA256SUMS, and so of everything that the set holds."""

    def __init__(self, hard: HardSet, codec: Codec) -> None:
        """codec: of the set's domain. Raises RunError where the set states inputs that cannot be."""
        _refuse_impossible(hard.about.spec)
        self.hard, self.codec = hard, codec
        self.sha256 = sha256(hard.read(SUMS)).hexdigest()
        self.sums = hard.sums()

    def read(self, file: str) -> bytes:
        """The bytes of a file. Raises RunError where they are missing or others than the set's."""
        data = self.hard.read(file)
        if sha256(data).hexdigest() != self.sums.get(file):
            raise RunError(f"{self.hard.path / file} is not the file that {SUMS} has; the set is damaged")
        return data

    def values(self, file: str) -> Array:
        """The input of a file. Raises RunError."""
        try:
            return self.codec.from_bytes(self.read(file), self.hard.about.spec)
        except DataError as error:
            raise RunError(damaged(file, str(error))) from error


@dataclass(frozen=True)
class Source:
    """A source image, signal or clip: its label, its untouched file, and those of every kind and level."""

    id: str
    label: int
    clean: str
    items: Sequence[Item]


def sources_of(hard: HardSet) -> list[Source]:
    """The sources of a set, in its order, with their items in the order of kinds and levels.

    Raises RunError where a line is damaged, or there is nothing to be shown.
    """
    by_id: dict[str, dict[tuple[str, str], Item]] = {}
    for item in hard.items():
        own = by_id.setdefault(item.id, {})
        first = next(iter(own.values()), item)
        if (item.kind, item.level) in own or (first.label, first.clean) != (item.label, item.clean):
            raise RunError(damaged(f"{hard.path}", f"the items of {item.id} contradict each other"))
        own[item.kind, item.level] = item
    places = conditions(hard)
    for id, own in by_id.items():
        if len(own) < len(places):
            raise RunError(damaged(f"{hard.path}", f"{id} has {len(own)} of {len(places)} files"))
    found = [
        Source(id, own[places[0]].label, own[places[0]].clean, [own[place] for place in places])
        for id, own in by_id.items()
    ]
    if not found:
        raise RunError(f"{hard.path} holds no {hard.about.form.place}: every sample was left out")
    if not hard.has(found[0].items[0].file):
        raise RunError(
            f"{hard.path} holds recipes, not {hard.about.form.place}; make these first, from the originals: "
            f"brittle benchmark --render {hard.path} ORIGINALS"
        )
    return found


def conditions(hard: HardSet) -> list[tuple[str, str]]:
    """Every kind at every level, by name, in the order of benchmark.json."""
    return [(kind.name, level.name) for kind in hard.about.kinds for level in hard.about.levels]


def _refuse_impossible(spec: InputSpec) -> None:
    fits = all(side > 0 for side in spec.shape) and prod(spec.shape) <= MOST_VALUES
    ordered = all(map(isfinite, spec.bounds)) and spec.bounds[0] < spec.bounds[1]
    if not (fits and ordered and (spec.bits is None or 0 < spec.bits <= MOST_BITS)):
        raise RunError(damaged(ABOUT, f"inputs of {spec.shape} within {spec.bounds}, {spec.bits} bits"))
