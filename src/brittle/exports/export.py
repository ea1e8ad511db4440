"""What an export is given: a set whose inputs are here, in the order of kinds and levels."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Protocol

from brittle.domains import Domain
from brittle.store.hard_records import CLEAN, Item
from brittle.store.hard_set import HardSet, write_inside
from brittle.store.set_files import SetFiles, Source, conditions

LIKENESS = ("ssim", "snr")
"""Measures that inputs of some domains have."""


@dataclass(frozen=True)
class Shown:
    """One input of a part. item: what is known of it; None for an untouched one."""

    source: Source
    file: str
    item: Item | None

    @property
    def name(self) -> str:
        """Its file name."""
        return self.file.rsplit("/", 1)[-1]

    def about(self) -> dict[str, Any]:
        """What other formats say of it, as plain data."""
        item = self.item
        if item is None:
            return {"id": self.source.id, "kind": CLEAN, "level": "", "label": self.source.label}
        measured = {"l2": item.l2, "rms": item.rms, "linf": item.linf}
        measured |= {name: getattr(item, name) for name in LIKENESS if getattr(item, name) is not None}
        return {"id": item.id, "kind": item.kind, "level": item.level, "label": item.label, **measured}


@dataclass(frozen=True)
class Part:
    """One kind at one level, or the untouched inputs (kind CLEAN, level ""). number: of the level, from 1."""

    kind: str
    level: str
    number: int
    inputs: Sequence[Shown]

    @property
    def name(self) -> str:
        """A name for all of it, plain as that of a file."""
        return f"{self.kind}-{self.level}" if self.level else self.kind


@dataclass(frozen=True)
class Exported:
    """A set that is being exported, and where to."""

    hard: HardSet
    files: SetFiles
    domain: Domain
    sources: Sequence[Source]
    out: Path

    @property
    def suffix(self) -> str:
        """End of the name of an input's file."""
        return self.domain.suffix(self.hard.about.spec)

    @property
    def likeness(self) -> tuple[str, ...]:
        """The measures of LIKENESS that its items have."""
        first = self.sources[0].items[0]
        return tuple(name for name in LIKENESS if getattr(first, name) is not None)

    def parts(self) -> Iterator[Part]:
        """The untouched inputs, then every kind at every level."""
        yield Part(CLEAN, "", 0, [Shown(one, one.clean, None) for one in self.sources])
        levels = [level.name for level in self.hard.about.levels]
        for k, (kind, level) in enumerate(conditions(self.hard)):
            inputs = [Shown(one, one.items[k].file, one.items[k]) for one in self.sources]
            yield Part(kind, level, levels.index(level) + 1, inputs)

    def write(self, file: str, data: bytes | str) -> None:
        """Write one file of the export. Raises DiskError."""
        text = data.encode(errors="backslashreplace") if isinstance(data, str) else data
        write_inside(self.out, file, text)


class Export(Protocol):
    """Writes a set in one format."""

    def __call__(self, exported: Exported) -> None:
        """Raises UsageError where the format cannot hold the set."""
