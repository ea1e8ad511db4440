"""RISE: random soft masks, each element the mean probability of the masks that keep it."""

from typing import ClassVar

import numpy as np

from brittle.core.explainer import Attribution, Explainer, Scene
from brittle.core.veil import KEPT
from brittle.explainers.masks import batches, soft_masks
from brittle.settings import Settings, setting


class Rise(Settings):
    """As published: coarse Bernoulli masks, and sum p m / sum m for every element.

    The fill, which the run chooses, is all that may differ from the paper. sd: of that mean, from the spread
    of p among the masks that keep an element. Source: Petsiuk, Das and Saenko, BMVC 2018.
    """

    name: ClassVar[str] = "rise"
    cells: int = setting(7, "cells of a mask along each axis", ge=1)
    keep: float = setting(0.5, "probability that a cell is kept", gt=0, lt=1)

    def __call__(self, scene: Scene) -> Explainer:
        """Explains one sample, in scene.rows rows."""
        sides = scene.sides
        weights, squares, first, second, third = np.zeros((5, *sides))
        for batch in batches(scene.rows):
            masks = soft_masks(scene.rng, batch.stop - batch.start, sides, self.cells, self.keep)
            p, m = scene.scores((yield masks)), masks / KEPT
            weights += m.sum(axis=0)
            squares += (m**2).sum(axis=0)
            first += np.tensordot(p, m, 1)
            second += np.tensordot(p, m**2, 1)
            third += np.tensordot(p**2, m**2, 1)
        total = np.maximum(weights, 1e-9)
        mean = first / total
        variance = np.maximum(third - 2 * mean * second + mean**2 * squares, 0) / total**2
        return Attribution(mean.astype(np.float32), np.sqrt(variance).astype(np.float32))
