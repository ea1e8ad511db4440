"""Planted truths: models whose decision lies where a test put it, and the referee that asks them."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from brittle.core.curves import MEASURES
from brittle.core.explainer import Attribution, Explainer, Scene
from brittle.core.sample import Array, InputSpec, Sample
from brittle.core.veil import Masks, Veil

Model = Callable[[Array], float]
"""How much of each element is shown, (*sides) of 0 to 1 -> the probability of class 1."""


def spec_of(sides: tuple[int, ...], channels: int = 3) -> InputSpec:
    names = {1: ("time",), 2: ("height", "width"), 3: ("frame", "height", "width")}[len(sides)]
    return InputSpec((channels, *sides), ("channel", *names), bits=8)


@dataclass
class Stage:
    """One sample that is 200 everywhere, over a fill that is 0: what is shown of it is plain to see."""

    model: Model
    sides: tuple[int, ...]
    explained: int = 1
    channels: int = 3
    rows: int = 0
    shown: list[Masks] = field(default_factory=list)

    def scene(self, rows: int, seed: int = 0) -> Scene:
        spec = spec_of(self.sides, self.channels)
        sample = Sample("planted", np.full(spec.shape, 200 / 255, np.float32), 1, spec)
        self.veil = Veil(sample, np.zeros(spec.shape, np.float32))
        clean, filled = self.ask(
            np.stack([np.full(self.sides, 255, np.uint8), np.zeros(self.sides, np.uint8)])
        )
        rng = np.random.default_rng(seed)
        return Scene(sample, self.veil.fill, self.explained, clean, filled, rows, rng, MEASURES)

    def ask(self, masks: Masks) -> Array:
        """Answers to masks, (k, 2), through what the veil renders."""
        out = np.empty((len(masks), 2), np.float32)
        x = np.empty(self.veil.sample.x.shape, np.float32)
        for mask, answer in zip(masks, out, strict=True):
            self.veil.render(mask, x)
            p = self.model(x.mean(axis=0) * np.float32(255 / 200))
            answer[:] = 1 - p, p
        return out

    def explain(self, explainer: Callable[[Scene], Explainer], rows: int, seed: int = 0) -> Attribution:
        """What the explainer makes of the scene; fails where it shows more than it may."""
        run = explainer(self.scene(rows, seed))
        self.rows, self.shown = 0, []
        try:
            masks = next(run)
            while True:
                assert masks.dtype == np.uint8 and masks.shape[1:] == self.sides and len(masks)
                self.rows += len(masks)
                self.shown.append(masks)
                assert self.rows <= rows
                masks = run.send(self.ask(masks))
        except StopIteration as end:
            result: Attribution = end.value
        assert result.map.shape == self.sides and result.map.dtype == np.float32
        assert np.isfinite(result.map).all()
        if result.sd is not None:
            assert result.sd.shape == self.sides and (result.sd >= 0).all() and np.isfinite(result.sd).all()
        return result


def box(sides: tuple[int, ...], *cuts: tuple[int, int]) -> NDArray[np.bool_]:
    """A region between two elements along each axis."""
    out = np.zeros(sides, np.bool_)
    out[tuple(slice(*cut) for cut in cuts)] = True
    return out


def sure(share: float) -> float:
    """The probability of a region of which this share is kept."""
    return float(1 / (1 + np.exp(-12 * (share - 0.5))))


def one(region: NDArray[np.bool_]) -> Model:
    return lambda kept: sure(float(kept[region].mean()))


def both(*regions: NDArray[np.bool_]) -> Model:
    return lambda kept: float(np.prod([sure(float(kept[r].mean())) for r in regions]))


def either(*regions: NDArray[np.bool_]) -> Model:
    return lambda kept: 1 - float(np.prod([1 - sure(float(kept[r].mean())) for r in regions]))


def iou(values: Array, regions: Sequence[NDArray[np.bool_]]) -> float:
    """Intersection over union of the regions and as many of the greatest elements."""
    truth = np.any(regions, axis=0).reshape(-1)
    top = np.zeros(truth.size, np.bool_)
    top[np.argsort(-values.reshape(-1), kind="stable")[: truth.sum()]] = True
    return float((top & truth).sum() / (top | truth).sum())
