"""RISE and sliding windows as xaitk-saliency explains images with them: its masks, our rows, its scoring.

The library keeps the two apart. Its perturbers make masks, 1 where an image stays as it is, which are our
keep-masks; its scorers take the masks and a class's confidences, and give the map. What stands behind a mask
is the run's fill, where the library would put black.
"""

from importlib import import_module
from typing import Any, ClassVar, Self

import numpy as np
from pydantic import model_validator

from brittle.core.errors import DataError, MissingExtraError
from brittle.core.explainer import Attribution, Explainer, Scene
from brittle.core.veil import KEPT
from brittle.explainers.masks import as_masks, batches, grid_counts
from brittle.settings import Settings, setting

IMAGE = ("channel", "height", "width")


class _XaitkPeer(Settings):
    """What the members share; made only where xaitk-saliency is installed."""

    name: ClassVar[str] = ""

    @model_validator(mode="after")
    def _is_installed(self) -> Self:
        self._scorer()
        return self

    def __call__(self, scene: Scene) -> Explainer:
        """Explains one image, in at most scene.rows rows. Raises DataError for what is no image."""
        axes = scene.sample.spec.axes
        if axes != IMAGE:
            needed, had = ", ".join(IMAGE), ", ".join(axes)
            raise DataError(f"{self.name} needs inputs of {needed}; this input has {had}")
        drawn = self._perturber(scene).perturb(np.moveaxis(scene.sample.x, 0, -1))
        masks = np.concatenate([as_masks(drawn[batch]) for batch in batches(len(drawn))])
        del drawn  # four times as large, and other samples are under way
        scores = np.empty((len(masks), 1), np.float32)
        for batch in batches(len(masks)):
            scores[batch, 0] = scene.scores((yield masks[batch]))
        before = scene.clean[[scene.explained]]
        found = self._scorer().generate(before, scores, masks / np.float32(KEPT))
        return Attribution(np.asarray(found[0], np.float32))

    def _perturber(self, scene: Scene) -> Any:
        raise NotImplementedError

    def _scorer(self) -> Any:
        raise NotImplementedError

    def _member(self, module: str, name: str) -> Any:
        """A class of the library. Raises MissingExtraError."""
        try:
            return getattr(import_module(f"xaitk_saliency.impls.{module}"), name)
        except ModuleNotFoundError as error:
            raise MissingExtraError(f"the explainer {self.name}", "peers") from error


class XaitkRise(_XaitkPeer):
    """RISE from xaitk-saliency: RISEGrid's random soft masks, RISEScoring's sum of confidence times mask.

    As its RISEStack puts them together, debiased by default; as many masks as there are rows. Sources:
    Petsiuk et al., BMVC 2018; Hatakeyama et al., ACCV 2020 (debiased).
    """

    name: ClassVar[str] = "xaitk-rise"
    cells: int = setting(7, "cells of a mask along each side", ge=1)
    keep: float = setting(0.5, "probability that a cell is kept", gt=0, lt=1)
    debiased: bool = setting(True, "whether `keep` is taken off the masks before they are summed")

    def _perturber(self, scene: Scene) -> Any:
        grid = self._member("perturb_image.rise", "RISEGrid")
        seed = int(scene.rng.integers(2**32))
        return grid(n=scene.rows, s=self.cells, p1=self.keep, seed=seed, threads=0)

    def _scorer(self) -> Any:
        scoring = self._member("gen_classifier_conf_sal.rise_scoring", "RISEScoring")
        return scoring(p1=self.keep if self.debiased else 0.0)


class XaitkSlidingWindow(_XaitkPeer):
    """A sliding window from xaitk-saliency: hard windows taken away, weighed by how far the confidence falls.

    SlidingWindow and OcclusionScoring, as its SlidingWindowStack puts them together, but with the least
    stride that the rows allow. Source: Zeiler and Fergus, ECCV 2014.
    """

    name: ClassVar[str] = "xaitk-sliding-window"
    width: float = setting(50 / 224, "width of the window, as a share of each side", gt=0, le=1)

    def _perturber(self, scene: Scene) -> Any:
        sliding = self._member("perturb_image.sliding_window", "SlidingWindow")
        counts = grid_counts(scene.sides, scene.rows)
        stride = tuple(-(-side // count) for side, count in zip(scene.sides, counts, strict=True))
        width = [max(round(self.width * side), step) for side, step in zip(scene.sides, stride, strict=True)]
        return sliding(window_size=tuple(width), stride=stride)

    def _scorer(self) -> Any:
        return self._member("gen_classifier_conf_sal.occlusion_scoring", "OcclusionScoring")()
