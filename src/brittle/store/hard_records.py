"""The records of a hard set, as they stand in its files: checked when read, described by JSON schemas."""

import re
from collections.abc import Mapping
from types import MappingProxyType
from typing import Annotated, Any, Literal, NamedTuple, Self

from pydantic import BaseModel, ConfigDict, FiniteFloat, NonNegativeInt, StringConstraints, model_validator

from brittle.core.sample import InputSpec
from brittle.store.records import FORMAT

PLAIN = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,127}")
"""A name as that of a file or folder: it cannot lead out of the set, and no system takes it for another."""
CLEAN = "clean"


class Form(NamedTuple):
    """What inputs of a domain are to a set. place: what they are called, as their folder is; task: see below.

    task: one of the categories that Hugging Face lists.
    """

    place: str
    task: str


FORMS: Mapping[str, Form] = MappingProxyType(
    {
        "image": Form("images", "image-classification"),
        "ecg": Form("signals", "other"),
        "video": Form("clips", "video-classification"),
    }
)
OTHERS = Form("inputs", "other")
PLACES = tuple(form.place for form in (*FORMS.values(), OTHERS))


def form_of(domain: str) -> Form:
    """What inputs of a domain are to a set."""
    return FORMS.get(domain, OTHERS)


Plain = Annotated[str, StringConstraints(pattern=f"^{PLAIN.pattern}$")]
Sha256 = Annotated[str, StringConstraints(pattern="^[0-9a-f]{64}$")]
Measure = Literal["l2", "rms", "ssim", "snr", "flip"]
"""What a level is of. snr: dB. flip: L2, as a multiple of the sample's own closest flip."""


class _Record(BaseModel):
    model_config = ConfigDict(extra="ignore", frozen=True)

    format: Literal[1] = FORMAT


class NamedNet(BaseModel):
    """A surrogate or a hold-out. size: height and width of the images that it sees; None where any will do.

    sha256: of its files, weights or code; "" where there is none (an endpoint).
    """

    model_config = ConfigDict(extra="ignore", frozen=True)

    name: str
    sha256: str
    size: tuple[int, int] | None = None


class Level(BaseModel):
    """A distance. name: that of its folder. value: as measure has it, in the input's own units."""

    model_config = ConfigDict(extra="ignore", frozen=True)

    name: Plain
    measure: Measure
    value: FiniteFloat


class Kind(BaseModel):
    """A kind of change. name: that of its folder. way: wave, texture, distortion or cells.

    patterns: what its samples share, as plain data; recipes name them by their index.
    """

    model_config = ConfigDict(extra="ignore", frozen=True)

    name: Plain
    way: str
    patterns: dict[str, Any] = {}


class Source(BaseModel):
    """The data. samples: how many there were. licence: in the user's words, empty where none were given."""

    model_config = ConfigDict(extra="ignore", frozen=True)

    name: str
    samples: int
    sha256: str
    licence: str = ""


class SetRows(BaseModel):
    """Rows shown to all surrogates together, and to all hold-outs (held_out), by what for.

    clean: untouched samples. share: to choose the shared patterns. build: candidates. check: the files.
    Rows that depend on how the command ran (to choose a batch size, to know a model again, those of samples
    that a stopped command left) are in the working folder, see brittle.tasks.benchmark.
    """

    model_config = ConfigDict(extra="ignore", frozen=True)

    clean: NonNegativeInt = 0
    share: NonNegativeInt = 0
    build: NonNegativeInt = 0
    check: NonNegativeInt = 0
    held_out: NonNegativeInt = 0


class Benchmark(_Record):
    """Contents of benchmark.json: what was asked, and what the set was made with.

    settings: everything that changes the set, as plain data (seed, budget, kappa, levels ...).
    domain, spec: of the stored inputs. base: name of the level at which changes were sought.
    samples: how many are in the set; each of them has a file of every kind at every level.
    """

    settings: dict[str, Any]
    surrogates: tuple[NamedNet, ...]
    hold_outs: tuple[NamedNet, ...]
    data: Source
    domain: str
    spec: InputSpec
    levels: tuple[Level, ...]
    base: Plain
    kinds: tuple[Kind, ...]
    samples: NonNegativeInt
    rows: SetRows
    versions: dict[str, str] = {}

    @property
    def form(self) -> Form:
        """What its inputs are: their folder, and the task."""
        return form_of(self.domain)

    @model_validator(mode="after")
    def _named_once(self) -> Self:
        for what in (self.levels, self.kinds, self.surrogates + self.hold_outs):
            names = [one.name for one in what]
            if len(set(names)) < len(names):
                raise ValueError(f"expected every name once, got {', '.join(names)}")
        if self.base not in (level.name for level in self.levels):
            raise ValueError(f"the base '{self.base}' is no level")
        return self


class ClassFolder(BaseModel):
    """A class in classes.json. folder: its index with leading zeros, so that folders sort as classes do."""

    model_config = ConfigDict(extra="ignore", frozen=True)

    index: NonNegativeInt
    name: str
    folder: Plain


class Item(_Record):
    """One line of items.jsonl: one file, that is one sample under one kind of change at one level.

    id, label:   of the sample, the label as class index. file, clean: its own, and the untouched one.
    l2, rms, linf: distances of the file, in the input's own units; ssim: mean structural similarity, of
                 images and clips; snr: signal-to-noise ratio of signals, dB.
    recipe:      what the file is made from, beside the untouched one: {"pattern", ..., "scale"}.
    margins:     each surrogate's, in the order of benchmark.json, to the file alone; nats, below 0 it errs.
    queries:     candidates that each surrogate was asked for this kind of change, once for all levels.
    verified:    the margins are of the file itself, read back and asked alone.
    """

    id: str
    kind: Plain
    level: Plain
    label: NonNegativeInt
    file: str
    clean: str
    l2: FiniteFloat
    rms: FiniteFloat
    linf: FiniteFloat
    ssim: FiniteFloat | None = None
    snr: FiniteFloat | None = None
    recipe: dict[str, Any]
    margins: tuple[FiniteFloat, ...]
    queries: NonNegativeInt
    verified: bool

    @model_validator(mode="after")
    def _files_of_its_own(self) -> Self:
        """Its files are where its kind, level and class say, so that no path is taken from a stranger."""
        parts = self.file.split("/")
        own = len(parts) == 5 and parts[0] in PLACES and parts[1:3] == [self.kind, self.level]
        if not own or not all(map(PLAIN.fullmatch, parts)) or self.clean != "/".join([CLEAN, *parts[3:]]):
            raise ValueError(
                f"expected files such as {PLACES[0]}/{self.kind}/{self.level}/CLASS/ID and {CLEAN}/CLASS/ID, "
                f"got {self.file[:100]} and {self.clean[:100]}"
            )
        return self


class LeftOut(_Record):
    """One line of left_out.jsonl: a sample of the data that is not in the set, and why."""

    sample: str
    label: int | None = None
    reason: str


class HeldOutAnswer(_Record):
    """One line of held_out.jsonl: what a hold-out, asked once at the end, answered to one file.

    model: its name in benchmark.json. file: of an item, or an untouched one. margin: of the label, nats.
    """

    model: str
    id: str
    file: str
    predicted: NonNegativeInt
    margin: FiniteFloat
