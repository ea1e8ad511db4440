"""Learn tiles: small textures that mislead local models wherever they are repeated over an input.

A universal adversarial perturbation (Moosavi-Dezfooli et al., CVPR 2017) made periodic, so that a few images
teach it and it fits inputs of any size. Several tiles share the work: each input trains the one that lowers
its margin most. The ascent is steepest in L2, with momentum (Dong et al., CVPR 2018).
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from brittle.core.field import Field, unit, usual_l2
from brittle.core.sample import Array, InputSpec, Sample
from brittle.core.seeds import generator
from brittle.gradients.local import LocalModel
from brittle.learning.settings import TileSettings
from brittle.learning.tuning import TILE_TUNING


@dataclass(frozen=True)
class TileStep:
    """One step of `of`: mean margin (nats) and share flipped, each input by its best tile; rows so far."""

    step: int
    of: int
    margin: float
    flipped: float
    rows: int


@dataclass(frozen=True)
class TileTraining:
    """Where a training stands.

    tiles: (tiles, channels, *sides), each of norm 1. velocity: of the ascent, of the same shape.
    wins: running mean of how often each tile lowers a margin most, (tiles,), 1 is its fair share.
    curve: one entry a step.
    """

    tiles: Array
    velocity: Array
    wins: NDArray[np.float64]
    curve: tuple[TileStep, ...] = ()


def begin(spec: InputSpec, settings: TileSettings) -> TileTraining:
    """Before the first step."""
    tiles = initial_tiles(spec, settings, generator(settings.seed, "tile", 0))
    return TileTraining(tiles, np.zeros_like(tiles), np.ones(len(tiles)))


def learn(
    state: TileTraining, models: Sequence[LocalModel], samples: Sequence[Sample], settings: TileSettings
) -> TileTraining:
    """One step: every model is shown its share of a batch. Samples are labelled and of one spec."""
    step = len(state.curve) + 1
    rng = generator(settings.seed, "tile", step)
    chosen = np.array_split(rng.permutation(len(samples))[: settings.batch], len(models))
    total, wins, rows = np.zeros_like(state.tiles), state.wins, 0
    margins: list[float] = []
    for model, numbers in zip(models, chosen, strict=True):
        if not len(numbers):
            continue
        shift = [int(rng.integers(side)) for side in state.tiles.shape[2:]]
        l2 = l2_of(samples[0].spec, settings)
        batch = _TiledBatch(model, [samples[i] for i in numbers], state.tiles, shift, l2)
        best = batch.most_harmful(wins)
        wins = _updated_wins(wins, best)
        gradient, found = batch.gradient(best)
        total += _unit_each(gradient)
        margins += found
        rows += batch.rows
    velocity = settings.momentum * state.velocity + (1 - settings.momentum) * _unit_each(total)
    flipped = float(np.mean(np.array(margins) < 0))
    rows += state.curve[-1].rows if state.curve else 0
    entry = TileStep(step, settings.steps, float(np.mean(margins)), flipped, rows)
    stride = settings.stride * (1 - TILE_TUNING.stride_decay * step / settings.steps)
    tiles = _unit_each(state.tiles - stride * velocity)
    return TileTraining(tiles, velocity, wins, (*state.curve, entry))


def best_first(
    tiles: Array, models: Sequence[LocalModel], samples: Sequence[Sample], settings: TileSettings
) -> tuple[Array, int]:
    """Tiles in the order a search should show them, each the most help after those before it; rows used."""
    margins, rows = [], 0
    for model in models:
        for i in range(0, len(samples), settings.batch):
            some = samples[i : i + settings.batch]
            batch = _TiledBatch(model, some, tiles, [0] * (tiles.ndim - 2), l2_of(some[0].spec, settings))
            margins.append(np.maximum(batch.margins_of_all(), TILE_TUNING.margin_floor))
            rows += batch.rows
    left, order = np.concatenate(margins), list[int]()
    lowest = np.full(len(left), np.inf)
    while len(order) < len(tiles):
        means = np.minimum(lowest[:, None], left).mean(axis=0)
        means[order] = np.inf
        order.append(int(means.argmin()))
        lowest = np.minimum(lowest, left[:, order[-1]])
    return tiles[order], rows


def initial_tiles(spec: InputSpec, settings: TileSettings, rng: np.random.Generator) -> Array:
    """A random wave with a little white noise in each tile, (tiles, channels, *sides), each of norm 1."""
    field = Field(spec)
    sides = tuple(min(settings.side, n) for n in field.sides)
    tiles = []
    for _ in range(settings.tiles):
        wave = field.wave(field.random_waves(1, rng))[(slice(None), *map(slice, sides))]
        noise = rng.normal(size=wave.shape).astype(np.float32)
        tiles.append(unit(unit(wave) + TILE_TUNING.initial_noise * noise))
    return np.stack(tiles)


def l2_of(spec: InputSpec, settings: TileSettings) -> float:
    """L2 norm of the change that tiles are learned at."""
    return settings.max_l2 or usual_l2(spec)


class _TiledBatch:
    """A batch of n inputs under tiles at one shift, shown to one model. rows: shown so far.

    shift: elements that the repeated tile is moved by along each axis. l2: norm of the change.
    """

    def __init__(
        self, model: LocalModel, samples: Sequence[Sample], tiles: Array, shift: Sequence[int], l2: float
    ) -> None:
        import torch  # noqa: PLC0415

        self.model, self.tiles, self.shift, self.l2 = model, tiles, shift, l2
        self.spec = samples[0].spec
        self.x = torch.from_numpy(np.stack([s.x for s in samples]))
        self.labels = torch.tensor([s.label for s in samples])
        self.rows = 0

    def most_harmful(self, wins: NDArray[np.float64]) -> NDArray[np.intp]:
        """Which tile leaves each input the least margin, (n,); frequent winners are held back."""
        if len(self.tiles) == 1:
            return np.zeros(len(self.x), np.intp)
        penalised = self.margins_of_all() + TILE_TUNING.win_penalty * (wins - 1)
        return np.asarray(penalised.argmin(axis=1))

    def margins_of_all(self) -> NDArray[np.float32]:
        """The margin of every input under every tile, nats, (n, tiles)."""
        import torch  # noqa: PLC0415

        with torch.inference_mode():
            margins = [self._margins(self._tiled(torch.from_numpy(tile))) for tile in self.tiles]
        return np.asarray(torch.stack(margins, dim=1).numpy())

    def gradient(self, best: NDArray[np.intp]) -> tuple[Array, list[float]]:
        """Gradient of the summed margins in every tile, and the margins; best: tile of each input, (n,)."""
        import torch  # noqa: PLC0415

        tiles = torch.from_numpy(self.tiles.copy()).requires_grad_(True)
        x = torch.stack([self._tiled(tiles[k], i)[0] for i, k in enumerate(best)])
        margins = self._margins(x)
        margins.clamp(min=TILE_TUNING.margin_floor).sum().backward()
        return tiles.grad.numpy(), margins.detach().tolist()

    def _tiled(self, tile: Any, one: int | None = None) -> Any:
        """All inputs, or one, plus a repeated tile of norm l2, clipped to the bounds."""
        import torch  # noqa: PLC0415

        x = self.x if one is None else self.x[one : one + 1]
        axes = tuple(range(1, tile.ndim))
        sides = x.shape[2:]
        times = [1, *(-(-n // side) for n, side in zip(sides, tile.shape[1:], strict=True))]
        whole = torch.roll(tile, [-s for s in self.shift], axes).tile(times)
        whole = whole[(slice(None), *map(slice, sides))]
        return (x + whole * (self.l2 / whole.norm())).clamp(*self.spec.bounds)

    def _margins(self, x: Any) -> Any:
        """Logit of the label less the greatest other, (n,)."""
        self.rows += len(x)
        logits = self.model.logits(x)
        own = logits.gather(1, self.labels[:, None])[:, 0]
        others = logits.scatter(1, self.labels[:, None], -float("inf")).amax(dim=1)
        return own - others


def _updated_wins(wins: NDArray[np.float64], best: NDArray[np.intp]) -> NDArray[np.float64]:
    """The running mean of wins after a batch whose inputs were won by these tiles."""
    rate, count = TILE_TUNING.win_rate, len(wins)
    updated = (1 - rate) * wins + rate * np.bincount(best, minlength=count) * count / len(best)
    return np.asarray(updated)


def _unit_each(rows: NDArray[Any]) -> Array:
    """Each scaled to norm 1, float32."""
    return np.stack([unit(row) for row in rows]).astype(np.float32)
