"""A tiny world for tests: a model whose rows do not depend on the batch, its inputs, an archive."""

from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np

from brittle.core.canvas import Canvas, Palette
from brittle.core.door import Door
from brittle.core.grid import Grid
from brittle.core.rows import Meter
from brittle.core.sample import Array, InputSpec, Sample
from brittle.core.sample_run import Rules
from brittle.core.search import SearchFactory, Terms

SPEC = InputSpec((1, 12, 10), ("channel", "height", "width"), bits=8)
CLASSES = ("zero", "one", "two")


@dataclass
class TinyModel:
    """A linear classifier that counts the rows and notes the batches it was shown."""

    seed: int = 0
    spec: InputSpec = SPEC
    classes: tuple[str, ...] = CLASSES
    gain: float = 3.0
    batches: list[int] = field(default_factory=list)

    def __post_init__(self) -> None:
        rng = np.random.default_rng(self.seed)
        self.weights = rng.normal(size=(len(self.classes), *self.spec.shape)).astype(np.float32)

    @property
    def input(self) -> InputSpec:
        return self.spec

    @property
    def rows(self) -> int:
        return sum(self.batches)

    def __call__(self, x: Array) -> Array:
        self.batches.append(len(x))
        logits = (x[:, None] * self.weights).reshape(len(x), len(self.classes), -1).sum(-1)
        powers = np.exp(self.gain * (logits - logits.max(axis=1, keepdims=True)) / 3)
        return np.asarray(powers / powers.sum(axis=1, keepdims=True), np.float32)


class Doored:
    """A model as samples meet it: behind a door, where rows are counted and one that fails fails alone."""

    def __init__(self, model: TinyModel) -> None:
        self.model, self.meter = model, Meter()
        self.door = Door(model, self.meter)

    @property
    def input(self) -> InputSpec:
        return self.model.input

    @property
    def classes(self) -> tuple[str, ...]:
        return self.model.classes

    def __call__(self, x: Array) -> Array:
        return self.door(x)


@dataclass(frozen=True)
class Shade:
    """A distortion for tests: moves every value towards a random pattern."""

    name: str = "shade"
    needs: tuple[str, ...] = ()
    levels: tuple[float, ...] = (0.3, 0.8)
    unit: str = "share"
    varies: bool = True

    def __call__(self, x: Array, spec: InputSpec, level: float, rng: np.random.Generator) -> Array:
        pattern = rng.uniform(*spec.bounds, size=x.shape)
        return np.asarray(x + level * (pattern - x), np.float32)


class MemoryArchive:
    """Keeps what it is given, quantised like a file would."""

    def __init__(self, spec: InputSpec = SPEC) -> None:
        self.spec, self.files = spec, dict[str, Array]()

    def write(self, sample: str, name: str, x: Array) -> str:
        file = f"{sample}.{name}"
        self.files[file] = self.spec.decode(self.spec.encode(x))
        return file

    def read(self, file: str) -> Array:
        return self.files[file]


def tiny_sample(number: int, model: TinyModel | None = None, seed: int = 1) -> Sample:
    """A random sample; labelled as the model sees it where one is given."""
    rng = np.random.default_rng([seed, number])
    x = SPEC.decode(rng.integers(0, 256, SPEC.shape).astype(np.uint8))
    label = None if model is None else int(TinyModel(model.seed)(x[None])[0].argmax())
    return Sample(f"s{number}", x, label, SPEC)


def tiny_samples(count: int, model: TinyModel | None = None) -> Sequence[Sample]:
    """Several of them."""
    return [tiny_sample(i, model) for i in range(count)]


def tiny_canvas(sample: Sample, cell: tuple[int, ...] = (3, 2), draws: int = 2, seed: int = 0) -> Canvas:
    """The cells board of a sample."""
    return Canvas(sample, Grid(SPEC, cell), Palette((Shade(),), draws), seed)


def tiny_rules(search: SearchFactory, archive: MemoryArchive, **terms: object) -> Rules:  # type: ignore[type-arg]
    """Rules of a run on the cells board."""
    return Rules(search, tiny_canvas, Terms(**{"budget": 60, **terms}), archive)  # type: ignore[arg-type]
