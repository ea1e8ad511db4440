"""Learn tiles: small textures that mislead local models wherever they are repeated over an input.

A universal perturbation (Moosavi-Dezfooli et al., CVPR 2017) made periodic, which lets a few images teach it
and any size of input wear it. Several tiles share the work: each input trains the one that hurts it most.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from brittle.core.field import Field, unit, usual_l2
from brittle.core.sample import Array, InputSpec, Sample
from brittle.core.seeds import generator
from brittle.gradients.local_models import LocalModel

ENOUGH = -3.0  # nats beyond the flip; more of a margin teaches nothing
GRAIN = 0.01  # of white noise in a new tile, beside a wave of norm 1
CALM = 0.9  # of the stride is gone by the last step
OFTEN = 2.0  # nats held against a tile for winning twice as often as its share


@dataclass(frozen=True)
class TileSettings:
    """How tiles are learned.

    tiles: how many. side: elements along each spatial axis. steps: of ascent; batch: inputs a step, shared
    among the models.
    max_l2: length of the change; None is 5 for a photo, and as much per element elsewhere.
    stride, momentum: of the ascent; the stride falls to a tenth.
    seed: the same gives the same tiles on the same machine.
    """

    tiles: int = 4
    side: int = 56
    steps: int = 120
    batch: int = 12
    max_l2: float | None = None
    stride: float = 0.12
    momentum: float = 0.9
    seed: int = 0


@dataclass(frozen=True)
class TileStep:
    """One step of `of`: mean margin (nats) and share flipped, each input by its best tile; rows so far."""

    step: int
    of: int
    margin: float
    flipped: float
    rows: int


@dataclass(frozen=True)
class Learning:
    """Where learning stands. tiles: (tiles, channels, *sides), each of norm 1; speed: of the ascent, alike.

    wins: how often each tile was the most harmful, 1 is its fair share. curve: one entry a step.
    """

    tiles: Array
    speed: Array
    wins: NDArray[np.float64]
    curve: tuple[TileStep, ...] = ()


def begin(spec: InputSpec, settings: TileSettings) -> Learning:
    """Before the first step."""
    tiles = first_tiles(spec, settings, generator(settings.seed, "tile", 0))
    return Learning(tiles, np.zeros_like(tiles), np.ones(len(tiles)))


def learn(
    state: Learning, models: Sequence[LocalModel], samples: Sequence[Sample], settings: TileSettings
) -> Learning:
    """One step: every model is shown its share of a batch. Samples are labelled and of one spec."""
    step = len(state.curve) + 1
    rng = generator(settings.seed, "tile", step)
    chosen = np.array_split(rng.permutation(len(samples))[: settings.batch], len(models))
    slope, wins, rows = np.zeros_like(state.tiles), state.wins, 0
    margins: list[float] = []
    for model, numbers in zip(models, chosen, strict=True):
        if not len(numbers):
            continue
        shift = [int(rng.integers(side)) for side in state.tiles.shape[2:]]
        length = length_of(samples[0].spec, settings)
        turn = _Turn(model, [samples[i] for i in numbers], state.tiles, shift, length)
        best = turn.most_harmful(wins)
        wins = 0.9 * wins + 0.1 * np.bincount(best, minlength=len(wins)) * len(wins) / len(best)
        gradient, found = turn.gradient(best)
        slope += _units(gradient)
        margins += found
        rows += turn.rows
    speed = settings.momentum * state.speed + (1 - settings.momentum) * _units(slope)
    flipped = float(np.mean(np.array(margins) < 0))
    rows += state.curve[-1].rows if state.curve else 0
    entry = TileStep(step, settings.steps, float(np.mean(margins)), flipped, rows)
    stride = settings.stride * (1 - CALM * step / settings.steps)
    return Learning(_units(state.tiles - stride * speed), speed, wins, (*state.curve, entry))


def best_first(
    tiles: Array, models: Sequence[LocalModel], samples: Sequence[Sample], settings: TileSettings
) -> tuple[Array, int]:
    """Tiles in the order a search should show them, each the most help after those before it; rows used."""
    margins, rows = [], 0
    for model in models:
        for i in range(0, len(samples), settings.batch):
            batch = samples[i : i + settings.batch]
            turn = _Turn(model, batch, tiles, [0] * (tiles.ndim - 2), length_of(batch[0].spec, settings))
            margins.append(np.maximum(turn.margins_of_all(), ENOUGH))
            rows += turn.rows
    left, order = np.concatenate(margins), list[int]()
    lowest = np.full(len(left), np.inf)
    while len(order) < len(tiles):
        helped = np.minimum(lowest[:, None], left).mean(axis=0)
        helped[order] = np.inf
        order.append(int(helped.argmin()))
        lowest = np.minimum(lowest, left[:, order[-1]])
    return tiles[order], rows


def first_tiles(spec: InputSpec, settings: TileSettings, rng: np.random.Generator) -> Array:
    """A random wave with a little white noise in each tile."""
    field = Field(spec)
    sides = tuple(min(settings.side, n) for n in field.sides)
    tiles = []
    for _ in range(settings.tiles):
        wave = field.wave(field.random_waves(1, rng))[(slice(None), *map(slice, sides))]
        tiles.append(unit(unit(wave) + GRAIN * rng.normal(size=wave.shape).astype(np.float32)))
    return np.stack(tiles)


class _Turn:
    """One model, one batch of inputs, one shift."""

    def __init__(
        self, model: LocalModel, samples: Sequence[Sample], tiles: Array, shift: Sequence[int], length: float
    ) -> None:
        import torch  # noqa: PLC0415

        self.model, self.tiles, self.shift, self.length = model, tiles, shift, length
        self.spec = samples[0].spec
        self.x = torch.from_numpy(np.stack([s.x for s in samples]))
        self.labels = torch.tensor([s.label for s in samples])
        self.rows = 0

    def most_harmful(self, wins: NDArray[np.float64]) -> NDArray[np.intp]:
        """Which tile brings each input nearest to a flip, (n,); frequent winners are held back."""
        if len(self.tiles) == 1:
            return np.zeros(len(self.x), np.intp)
        held = self.margins_of_all() + OFTEN * (wins - 1)
        return np.asarray(held.argmin(axis=1))

    def margins_of_all(self) -> NDArray[np.float32]:
        """What every tile leaves of every margin, (n, tiles)."""
        import torch  # noqa: PLC0415

        with torch.inference_mode():
            margins = [self._margins(self._worn(torch.from_numpy(tile))) for tile in self.tiles]
        return np.asarray(torch.stack(margins, dim=1).numpy())

    def gradient(self, best: NDArray[np.intp]) -> tuple[Array, list[float]]:
        """Slope of the summed margins in every tile, and the margins."""
        import torch  # noqa: PLC0415

        tiles = torch.from_numpy(self.tiles.copy()).requires_grad_(True)
        worn = torch.stack([self._worn(tiles[k], i)[0] for i, k in enumerate(best)])
        margins = self._margins(worn)
        margins.clamp(min=ENOUGH).sum().backward()
        return tiles.grad.numpy(), margins.detach().tolist()

    def _worn(self, tile: Any, one: int | None = None) -> Any:
        """Inputs under a repeated tile of the wanted length, clipped."""
        import torch  # noqa: PLC0415

        x = self.x if one is None else self.x[one : one + 1]
        axes = tuple(range(1, tile.ndim))
        sides = x.shape[2:]
        times = [1, *(-(-n // side) for n, side in zip(sides, tile.shape[1:], strict=True))]
        whole = torch.roll(tile, [-s for s in self.shift], axes).tile(times)
        whole = whole[(slice(None), *map(slice, sides))]
        return (x + whole * (self.length / whole.norm())).clamp(*self.spec.bounds)

    def _margins(self, x: Any) -> Any:
        self.rows += len(x)
        logits = self.model.logits(x)
        own = logits.gather(1, self.labels[:, None])[:, 0]
        others = logits.scatter(1, self.labels[:, None], -float("inf")).amax(dim=1)
        return own - others


def length_of(spec: InputSpec, settings: TileSettings) -> float:
    """L2 of the change that tiles are learned at."""
    return settings.max_l2 or usual_l2(spec)


def _units(rows: NDArray[Any]) -> Array:
    return np.stack([unit(row) for row in rows]).astype(np.float32)
