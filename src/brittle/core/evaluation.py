"""What a map is worth: longer curves, a fill that the explainer never saw, and maps that cost nothing."""

from collections.abc import Callable, Generator
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from brittle.core.curves import curve_areas, curve_masks, ranks, top_masks
from brittle.core.explain_run import Fill, Found, attribute
from brittle.core.explainer import ExplainerFactory, Scene
from brittle.core.explanation import Areas, Evaluation, Truth
from brittle.core.request import Request, asked
from brittle.core.sample import Array
from brittle.core.search import InputBoard
from brittle.core.seeds import generator
from brittle.core.shares import digits
from brittle.core.veil import KEPT, Masks, Veil

SHARES = tuple(k / 16 for k in range(1, 16))
"""At which the longer curves are taken."""
ACCOUNT = "evaluation_rows"


@dataclass(frozen=True)
class Evaluator:
    """Measures the map of a sample, with rows of an account of their own.

    other_fill: which fill, beside the one that was used. explainer: plays once more, with another seed.
    floors: whether maps that ask nothing are measured too; again: whether the explainer plays once more.
    """

    explainer: ExplainerFactory
    other_fill: Callable[[str], Fill]
    seed: int
    floors: bool = True
    again: bool = True

    def __call__(self, found: Found) -> Generator[Request, Array, dict[str, Any]]:
        """The evaluation, for the sample's line."""
        scene, known = found.scene, found.known
        other = self.other_fill(found.fill.name)
        veils = {found.fill.name: Veil(scene.sample, scene.fill)}
        veils[other.name] = Veil(scene.sample, other(scene.sample))
        maps = {"map": found.attribution.map, **(controls(scene, self.seed) if self.floors else {})}
        areas: dict[str, dict[str, Areas]] = {name: {} for name in maps}
        for fill, veil in veils.items():
            empty = yield from asked(Request(InputBoard(scene.sample), veil.fill[None]), known, ACCOUNT)
            for name, values in maps.items():
                areas[name][fill] = yield from _areas(scene, veil, values, empty[0], known)
        drop = yield from _drop(scene, veils[found.fill.name], found.attribution.map, known)
        stability = (yield from self._stability(found)) if self.again else None
        return {
            "evaluation": Evaluation(
                rows=known[ACCOUNT],
                other_fill=other.name,
                areas=areas,
                drop=digits(max(0.0, drop)),
                increase=drop < 0,
                stability=stability,
            )
        }

    def _stability(self, found: Found) -> Generator[Request, Array, float | None]:
        """Rank correlation with the map that another seed gives; None where that one is flat."""
        scene = found.scene
        rng = generator(self.seed, scene.sample.id, self.explainer.name, "again")
        again = replace(scene, rng=rng, notes={})
        veil = Veil(scene.sample, scene.fill)
        other = yield from attribute(self.explainer, again, veil, found.known, ACCOUNT)
        return (
            None if not np.ptp(other.map) > 0 else digits(rank_correlation(found.attribution.map, other.map))
        )


def controls(scene: Scene, seed: int) -> dict[str, Array]:
    """Maps that cost no row: nearer to the centre is more; what the fill changes more is; and chance."""
    lines = (np.linspace(-1, 1, side) if side > 1 else np.zeros(1) for side in scene.sides)
    centre = -sum(np.square(place) for place in np.meshgrid(*lines, indexing="ij"))
    random = generator(seed, scene.sample.id, "random map").random(scene.sides)
    channels = tuple(i for i in range(scene.sample.x.ndim) if i not in scene.sample.spec.spatial)
    contrast = np.abs(scene.sample.x - scene.fill).mean(axis=channels)
    return {
        "centre": np.asarray(centre, np.float32),
        "contrast": contrast,
        "random": random.astype(np.float32),
    }


def _areas(
    scene: Scene, veil: Veil, values: Array, empty: Array, known: dict[str, Any]
) -> Generator[Request, Array, Areas]:
    masks = curve_masks(values, SHARES)
    answers = yield from asked(Request(veil, masks), known, ACCOUNT)
    before, after = float(scene.clean[scene.explained]), float(empty[scene.explained])
    return Areas(*map(digits, curve_areas(SHARES, scene.scores(answers), after, before)))


def _drop(scene: Scene, veil: Veil, values: Array, known: dict[str, Any]) -> Generator[Request, Array, float]:
    """Share of the probability that is lost where the map itself is the mask; below 0 where it rose.

    Average Drop and Increase of Chattopadhyay et al., Grad-CAM++ (WACV 2018), section 4.1.
    """
    low, high = float(values.min()), float(values.max())
    mask: Masks = np.rint(KEPT * (values - low) / (high - low)).astype(np.uint8)
    answer = yield from asked(Request(veil, mask[None]), known, ACCOUNT)
    before = float(scene.clean[scene.explained])
    return (before - float(scene.scores(answer)[0])) / before


def rank_correlation(one: Array, other: Array) -> float:
    """Spearman's, of two maps of one shape; equal values in the order of their places."""
    first, second = ranks(one).reshape(-1), ranks(other).reshape(-1)
    return float(np.corrcoef(first, second)[0, 1]) if first.size > 1 else 1.0


def against_truth(values: Array, truth: Array) -> Truth:
    """A map against a mask (*sides) of what should matter, not 0 inside."""
    inside = truth != 0
    found = top_masks(values, [float(inside.mean())])[0] > 0
    above = np.maximum(values - np.median(values), 0)
    mass = float(above[inside].sum() / above.sum()) if above.sum() > 0 else 0.0
    overlap = np.count_nonzero(found & inside) / max(1, int(np.count_nonzero(found | inside)))
    pointing = bool(inside.reshape(-1)[int(np.argmax(values))])
    return Truth(iou=digits(overlap), pointing=pointing, mass=digits(mass))
