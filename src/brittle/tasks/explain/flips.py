"""The flips of an audit as samples: each untouched input, and the closest input that flipped it."""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from hashlib import sha256
from pathlib import Path

from brittle.core.errors import DataError, RunError
from brittle.core.result import Flip, SearchResult
from brittle.core.sample import InputSpec, Sample
from brittle.domains import domain_of
from brittle.store.run import Run

BEFORE, AFTER = " before", " after"
"""Ends of the ids of the untouched input and of the flip."""


@dataclass(frozen=True)
class _Stored:
    """A flipped sample: its label, or the model's own answer to it, and its two files."""

    label: int | None
    original: str
    flip: Flip


class Flips:
    """The flips of one run, two samples each: "ID before" and "ID after". Implements data.Dataset.

    limit: most flips that are taken, the first ones.
    """

    def __init__(self, folder: str | Path, limit: int | None = None) -> None:
        self.run = Run.open(folder)
        self.name = str(folder)
        flipped = [result for result in self.run.results() if result.first and result.closest]
        self._stored = {r.sample: self._of(r) for r in flipped[:limit]}
        if not self._stored:
            raise DataError(f"expected a run with flips, but nothing flipped in {folder}")

    def _of(self, result: SearchResult) -> _Stored:
        assert result.closest
        label = result.predicted if result.label is None else result.label
        return _Stored(label, self.run.original(result), result.closest)

    @property
    def spec(self) -> InputSpec:
        """Of the audit's inputs."""
        return self.run.manifest.spec

    @property
    def classes(self) -> tuple[str, ...] | None:
        """Of the audited model."""
        return tuple(self.run.manifest.model["classes"]) or None

    @property
    def ids(self) -> Sequence[str]:
        """Both samples of every flip, one after the other."""
        return [sample + end for sample in self._stored for end in (BEFORE, AFTER)]

    @cached_property
    def sha256(self) -> str:
        """Of all files."""
        digest = sha256()
        for sample, stored in self._stored.items():
            digest.update(f"{sample}\0{stored.label}\n".encode(errors="surrogateescape"))
            for file in (stored.original, stored.flip.file):
                digest.update(self.run.read(file))
        return digest.hexdigest()

    def open(self, id: str) -> Sample:
        """One of the two inputs of a flip. Raises DataError."""
        name, after = (
            (id.removesuffix(AFTER), True) if id.endswith(AFTER) else (id.removesuffix(BEFORE), False)
        )
        stored = self._stored[name]
        try:
            data = self.run.read(stored.flip.file if after else stored.original)
        except RunError as error:
            raise DataError(str(error)) from error
        return Sample(id, domain_of(self.spec).from_bytes(data, self.spec), stored.label, self.spec)
