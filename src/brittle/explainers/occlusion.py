"""Occlusion: a soft-edged window takes one place after another away."""

from typing import ClassVar

import numpy as np

from brittle.core.explainer import Attribution, Explainer, Scene
from brittle.explainers.masks import as_masks, batches, grid_centres, grid_counts, windows
from brittle.settings import Settings, setting


class Occlusion(Settings):
    """How much the probability falls when a window about an element is taken away, on average.

    One row for each centre of a regular grid, as fine as the rows allow. It is blind to a class that any one
    of two regions is enough for. Source: Zeiler and Fergus, ECCV 2014, with soft edges.
    """

    name: ClassVar[str] = "occlusion"
    width: float = setting(0.25, "width of the window, as a share of each side", gt=0, le=1)
    edge: float = setting(0.5, "share of the width over which the window fades", ge=0, le=1)

    def __call__(self, scene: Scene) -> Explainer:
        """Explains one sample, in at most scene.rows rows."""
        sides, clean = scene.sides, float(scene.clean[scene.explained])
        centres = grid_centres(sides, scene.rows)[: scene.rows]
        counts = grid_counts(sides, scene.rows)
        width = [max(self.width * side, side / n, 1.0) for side, n in zip(sides, counts, strict=True)]
        fallen, covered = np.zeros(sides), np.zeros(sides)
        for batch in batches(len(centres)):
            away = windows(sides, centres[batch], width, self.edge)
            drops = clean - scene.scores((yield as_masks(1 - away)))
            fallen += np.tensordot(drops, away, 1)
            covered += away.sum(axis=0)
        return Attribution((fallen / np.maximum(covered, 1e-9)).astype(np.float32))
