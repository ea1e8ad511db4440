"""What a model scored on a hard set: a JSON file a model in scores/, checked when read.

Counts are kept, and the figures beside them follow from these: whoever edits a figure is not believed.
"""

import json
from collections.abc import Iterable
from itertools import pairwise
from statistics import fmean
from typing import Annotated, Any, Literal, Self

from pydantic import BaseModel, ConfigDict, Field, NonNegativeInt, model_validator

from brittle.core.errors import RunError
from brittle.store.files import LINKED
from brittle.store.hard_records import PLAIN, NamedNet, Plain
from brittle.store.hard_set import SCORES, HardSet, plain_name, write_inside
from brittle.store.records import FORMAT, damaged, read_record
from brittle.store.set_files import conditions

SUFFIX = ".json"
MOST_BYTES = 2**20
MOST_ENTRIES = 1000
LONGEST = 200
"""Letters of a name."""

Share = Annotated[float, Field(ge=0, le=1)]
Ends = tuple[Share, Share]
Sha256 = Annotated[str, Field(pattern="^([0-9a-f]{64})?$")]


class _Part(BaseModel):
    model_config = ConfigDict(extra="ignore", frozen=True)


class Count(_Part):
    """right of `of` sources. interval: 95 % of the accuracy, Wilson's."""

    right: NonNegativeInt
    of: Annotated[int, Field(ge=1, le=10**9)]
    interval: Ends | None = None

    @property
    def accuracy(self) -> float:
        """The share that was right."""
        return self.right / self.of

    @property
    def error(self) -> float:
        """The share that was wrong."""
        return 1 - self.accuracy

    @model_validator(mode="after")
    def _within(self) -> Self:
        if self.right > self.of:
            raise ValueError(f"expected at most {self.of} right, got {self.right}")
        return self


class LevelCount(Count):
    """One kind of change at one level. rms: of the change, mean over its files, in the input's own units."""

    kind: Plain
    level: Plain
    rms: Annotated[float, Field(ge=0, le=1e9)]


class ScoredModel(_Part):
    """A model as the command named it. sha256: of its files, weights or code; "" for an endpoint."""

    name: Annotated[str, Field(max_length=1000)]
    sha256: Sha256


class RelativeTo(_Part):
    """mCE: errors as a share of those of a reference, an entry of the board."""

    reference: str
    mce: Annotated[float, Field(ge=0, le=1e9)]


class ScoreEntry(_Part):
    """Contents of scores/NAME.json: what one model scored on one hard set.

    benchmark: SHA-256 of the set's SHA256SUMS. seen_by_builder: the model is a surrogate, so that the set was
    made against it; hold_out: it is one of those that were asked once at the end.
    samples: sources, all or those that --limit left. rows_shown: to the model, all included.
    unanswered: rows that it did not answer, counted as wrong.
    clean: on the untouched files. levels: by kind and level, in the order of the set.
    mean_error_interval: 95 %, bootstrap-t over sources. halves: the mean error on either half of the
    sources, by a hash of their ids.

    The file has besides, not read back as they follow from the counts: clean_accuracy, mean_error,
    relative_error, rms_at_half_error.
    """

    format: Literal[1] = FORMAT
    name: Annotated[str, Field(min_length=1, max_length=LONGEST)]
    model: ScoredModel
    benchmark: Sha256
    seen_by_builder: bool
    hold_out: bool
    samples: Annotated[int, Field(ge=1, le=10**9)]
    rows_shown: NonNegativeInt
    unanswered: NonNegativeInt = 0
    clean: Count
    levels: Annotated[tuple[LevelCount, ...], Field(min_length=1, max_length=10_000)]
    mean_error_interval: Ends | None = None
    halves: tuple[Share | None, Share | None] = (None, None)
    relative_to: RelativeTo | None = None
    brittle: str = ""
    versions: dict[str, str] = {}
    date: str = ""
    command: tuple[str, ...] = ()

    @property
    def mean_error(self) -> float:
        """Mean over kinds and levels of the share that was wrong."""
        return fmean(one.error for one in self.levels)

    @property
    def relative_error(self) -> float:
        """Mean over kinds and levels of how much more was wrong than on the untouched files."""
        return self.mean_error - self.clean.error

    @property
    def kinds(self) -> dict[str, list[LevelCount]]:
        """The counts of each kind of change, in the order of the set."""
        found: dict[str, list[LevelCount]] = {}
        for one in self.levels:
            found.setdefault(one.kind, []).append(one)
        return found

    @property
    def rms_at_half_error(self) -> float | None:
        """RMS at which accuracy has fallen to half of the clean one; None where it does not fall so far.

        Accuracy and RMS of a level are means over the kinds; between levels, and from the untouched files at
        RMS 0, lines are straight.
        """
        by_level: dict[str, list[LevelCount]] = {}
        for one in self.levels:
            by_level.setdefault(one.level, []).append(one)
        points = sorted((fmean(c.rms for c in of), fmean(c.accuracy for c in of)) for of in by_level.values())
        half = self.clean.accuracy / 2
        if not half:
            return None
        for (near, before), (far, after) in pairwise([(0.0, self.clean.accuracy), *points]):
            if after <= half:
                return near + (far - near) * (before - half) / (before - after)
        return None

    def mce(self, reference: "ScoreEntry") -> float | None:
        """Mean over kinds of its errors, summed over levels, as a share of those of a reference.

        Hendrycks and Dietterich, "Benchmarking Neural Network Robustness to Common Corruptions and
        Perturbations", 2019, section 4.1, whose reference is AlexNet. None where the two are of other
        samples, kinds or levels, or the reference makes no error under a kind.
        """
        ours, theirs = ([(one.kind, one.level) for one in each.levels] for each in (self, reference))
        if ours != theirs or self.samples != reference.samples:
            return None
        sums = [
            (sum(one.error for one in mine), sum(one.error for one in reference.kinds[kind]))
            for kind, mine in self.kinds.items()
        ]
        return fmean(mine / its for mine, its in sums) if all(its for _, its in sums) else None

    @model_validator(mode="after")
    def _each_once(self) -> Self:
        names = {(one.kind, one.level) for one in self.levels}
        if len(names) < len(self.levels):
            raise ValueError("expected every kind and level once")
        if any(one.of != self.samples for one in (self.clean, *self.levels)):
            raise ValueError(f"expected counts of {self.samples} sources each")
        return self

    def to_dict(self) -> dict[str, Any]:
        """As the file has it: the record, and the figures that follow from its counts."""
        figures = {
            "clean_accuracy": self.clean.accuracy,
            "mean_error": self.mean_error,
            "relative_error": self.relative_error,
            "rms_at_half_error": self.rms_at_half_error,
        }
        return {**self.model_dump(mode="json"), **figures}


def is_among(nets: Iterable[NamedNet], name: str, sha256: str) -> bool:
    """Whether a model is one of these: by SHA-256, or by its name where neither has one."""
    if sha256:
        return any(net.sha256 == sha256 for net in nets)
    return any(not net.sha256 and last_part(net.name) == last_part(name) for net in nets)


def last_part(name: str) -> str:
    """A model's name as entries have it: of a path its last part, of an address all."""
    return name if "://" in name else name.replace("\\", "/").rsplit("/", 1)[-1]


def score_file(name: str) -> str:
    """The file of an entry by its name, inside the set."""
    return f"{SCORES}/{plain_name(name)}{SUFFIX}"


def write_score(hard: HardSet, entry: ScoreEntry) -> None:
    """Write an entry, in place of one of the same name. Raises DiskError."""
    text = json.dumps(entry.to_dict(), indent=1, ensure_ascii=False) + "\n"
    write_inside(hard.path, score_file(entry.name), text.encode(errors="backslashreplace"))


def read_score(hard: HardSet, file: str) -> ScoreEntry:
    """One entry. Raises RunError with one line where it is damaged, or not that of its own name."""
    data = hard.read(file)
    if len(data) > MOST_BYTES:
        raise RunError(damaged(file, f"expected at most {MOST_BYTES >> 20} MiB"))
    entry = read_record(ScoreEntry, data.decode("utf-8", "replace"), file)
    if score_file(entry.name) != file:
        raise RunError(damaged(file, f"it is called '{entry.name}', which is the name of another file"))
    return entry


def read_scores(hard: HardSet, benchmark: str) -> tuple[list[ScoreEntry], list[str]]:
    """All entries by name; and a line for each file that is left out, with the reason.

    benchmark: SHA-256 of the set, see SetFiles. Raises RunError where scores/ is no folder of the set.
    """
    entries, left_out = [], []
    for file in _files(hard):
        try:
            entry = read_score(hard, file)
        except RunError as error:
            left_out.append(str(error))
            continue
        own = [(one.kind, one.level) for one in entry.levels] == conditions(hard)
        if own and entry.benchmark == benchmark:
            entries.append(entry)
        else:
            left_out.append(f"{file} is of another hard set; score that model on this one")
    return sorted(entries, key=lambda entry: entry.name), left_out


def _files(hard: HardSet) -> list[str]:
    folder = hard.path / SCORES
    if folder.is_symlink():
        raise RunError(f"{folder} cannot be read: {LINKED}")
    if not folder.is_dir():
        return []
    found = sorted(
        path.name for path in folder.iterdir() if path.suffix == SUFFIX and PLAIN.fullmatch(path.name)
    )
    if len(found) > MOST_ENTRIES:
        raise RunError(
            f"expected at most {MOST_ENTRIES} entries in {folder}, got {len(found)}; move some away"
        )
    return [f"{SCORES}/{name}" for name in found]
