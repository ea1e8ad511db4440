"""RL-CAM's two actions with a simple agent: regions join a localisation mask, and are taken back."""

from typing import ClassVar

import numpy as np

from brittle.core.explainer import Attribution, Explainer, Scene
from brittle.core.veil import Masks
from brittle.explainers.masks import Counts, Floats, as_masks, grid_counts, upsampled
from brittle.settings import Settings, setting

LEAST_KEPT = 0.1  # an episode ends when this share of the probability is left


class RlCam(Settings):
    """An agent adds the most sensitive region to a localisation mask, and takes regions back.

    Published: a black box's answers alone, a forward action that explores the input and adds the region of
    most effect to the mask, a reverse action that takes regions back (Sarkar et al., CVPRW 2023, pp.
    3861-3869). Ours, for the paper tells neither state nor reward in its abstract: an epsilon-greedy agent;
    the reward, how far the probability falls when a region joins the mask, whose elements show the fill;
    levels from coarse to fine for the Gaussian pyramid, each beginning at the values of the one before; and
    the map, the mean value of an element over the levels.
    """

    name: ClassVar[str] = "rl-cam"
    levels: tuple[int, ...] = setting((16, 49, 196), "most regions of each level", min_length=1)
    explore: float = setting(0.3, "share of the forward actions that try a region seldom tried", ge=0, le=1)
    reverse: float = setting(0.2, "share of the actions that try to take a region back", ge=0, lt=1)
    rate: float = setting(0.5, "weight of the newest reward in the value of a region", gt=0, le=1)

    def __call__(self, scene: Scene) -> Explainer:
        """Explains one sample, in scene.rows rows."""
        clean = float(scene.clean[scene.explained])
        total, value = np.zeros(scene.sides), np.zeros((1,) * len(scene.sides))
        left = scene.rows
        for level, most in enumerate(self.levels):
            rows = left // (len(self.levels) - level)
            left -= rows
            agent = _Agent(self, grid_counts(scene.sides, most), value, clean)
            for _ in range(rows):
                region = agent.act(scene.rng)
                p = scene.scores((yield agent.shown(region, scene.sides)))
                agent.learn(region, float(p[0]))
            value = agent.value
            total += upsampled(value, scene.sides)
        return Attribution((total / len(self.levels)).astype(np.float32))


class _Agent:
    """Values of the regions of one level, and the localisation mask of one episode.

    value: (counts), the probability's mean fall when a region joins the mask. located: (counts), the mask.
    """

    def __init__(self, settings: RlCam, counts: Counts, coarse: Floats, clean: float) -> None:
        self.settings, self.clean = settings, clean
        self.value = upsampled(coarse, counts)
        self.tries = np.zeros(counts, np.intp)
        self.located, self.p = np.zeros(counts, np.bool_), clean

    def act(self, rng: np.random.Generator) -> int:
        """The region whose place in the mask changes next, as a flat index."""
        located = self.located.reshape(-1)
        if self.p <= LEAST_KEPT * self.clean or located.all():
            located[:], self.p = False, self.clean
        if located.any() and rng.random() < self.settings.reverse:
            return int(np.argmin(np.where(located, self.value.reshape(-1), np.inf)))
        score = self.value.reshape(-1)
        if rng.random() < self.settings.explore:
            score = -self.tries.reshape(-1) + rng.random(located.size)
        return int(np.argmax(np.where(located, -np.inf, score)))

    def shown(self, region: int, sides: Counts) -> Masks:
        """What the input shows when the region has changed its place, (1, *sides)."""
        located = self.located.copy()
        located.reshape(-1)[region] ^= True
        return as_masks(1 - upsampled(located, sides))[None]

    def learn(self, region: int, p: float) -> None:
        """Learn the effect of the change, and keep it where it brings the decision down, or costs nothing."""
        joins = not self.located.reshape(-1)[region]
        effect = self.p - p if joins else p - self.p
        value, tries = self.value.reshape(-1), self.tries.reshape(-1)
        value[region] += (self.settings.rate if tries[region] else 1.0) * (effect - value[region])
        tries[region] += 1
        if joins == (effect > 0):
            self.located.reshape(-1)[region] = joins
            self.p = p
