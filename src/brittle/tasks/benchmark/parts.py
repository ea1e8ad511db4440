"""Which samples patterns are chosen on, and which are tried for the set: by the hash of their ids."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from hashlib import sha256
from typing import Self

from brittle.benchmarking.tuning import TUNING
from brittle.core.errors import DataError
from brittle.core.sample import InputSpec, Sample
from brittle.data import Dataset


@dataclass(frozen=True)
class Part:
    """Some samples of a Dataset, all of one form: of clips the rates may differ. Implements Dataset."""

    whole: Dataset
    ids: Sequence[str]
    spec: InputSpec

    @classmethod
    def all_of(cls, whole: Dataset, spec: InputSpec | None = None) -> Self:
        """Every sample; of the form of the whole where none is given."""
        return cls(whole, tuple(whole.ids), spec or whole.spec)

    @property
    def name(self) -> str:
        """Of the whole."""
        return self.whole.name

    @property
    def classes(self) -> tuple[str, ...] | None:
        """Of the whole."""
        return self.whole.classes

    @property
    def sha256(self) -> str:
        """Of the whole."""
        return self.whole.sha256

    def open(self, id: str) -> Sample:
        """Read one sample. Raises DataError."""
        return replace(self.whole.open(id), spec=self.spec)


@dataclass(frozen=True)
class Split:
    """Ids by what they are for. unused: beyond what is learned on, or beyond --first; with the reason."""

    learn: tuple[str, ...]
    tried: tuple[str, ...]
    unused: dict[str, str]


def by_hash(ids: Iterable[str]) -> list[str]:
    """Ids in an order that depends on them alone, and not on who lists them."""
    return sorted(ids, key=lambda id: sha256(id.encode(errors="surrogateescape")).digest())


def split(dataset: Dataset, other: Dataset | None, shares: bool, first: int | None) -> Split:
    """The first third of the data by hash to choose patterns on, or another set; the others for the set.

    shares: whether there are patterns to choose at all. Raises DataError where none would be left.
    """
    order, unused = by_hash(dataset.ids), dict[str, str]()
    learn: list[str] = []
    if shares and other is not None:
        learn = by_hash(other.ids)
    elif shares:
        count = max(1, round(TUNING.learn_share * len(order)))
        learn, order = order[:count], order[count:]
        unused = dict.fromkeys(learn, "shared patterns were chosen on this part of the data")
    if not order:
        raise DataError(
            f"expected more samples than shared patterns are chosen on, got {len(dataset.ids)}; give more "
            "data, or others with --learn-on"
        )
    if first is not None:
        unused |= dict.fromkeys(order[first:], f"it is beyond the first {first} that were tried")
    place = {id: i for i, id in enumerate(dataset.ids)}
    tried = sorted(order[:first], key=place.__getitem__)
    return Split(tuple(learn[: TUNING.most_learn]), tuple(tried), unused)
