"""One figure for an audit: the share of its decisions that stand, against nature and against a search.

Every sample has two parts from 0 to 1, and counts their mean; the figure is the mean over samples, so it has
an interval, and 0 is a model that is always wrong.

    under distortion  the share of levels at which the whole input, distorted, is still answered right; all
                      curves of the audit's distortions count alike
    under attack      how far the closest flip is, from 0 (nobody notices it) to 1 (as plain as the input
                      itself), on a scale of decibels; 0 for a sample that is wrong untouched, 1 for one of
                      which no flip was found

How it is defined, and what it goes with: docs/robustness.md.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from math import log10, prod
from typing import Any

import numpy as np
from numpy.typing import NDArray

from brittle.core import distance
from brittle.core.curve_run import CurveStatus
from brittle.core.result import Flip, SearchResult, Status
from brittle.core.sample import InputSpec
from brittle.core.seeds import generator
from brittle.report.classes import own_class
from brittle.report.intervals import Interval, mean_interval
from brittle.report.severity import curves_beside, own_places, whole_results
from brittle.store.run import Run

FAINT, PLAIN = 50.0, 10.0
"""Signal-to-noise ratios, dB, at which a flip counts 0 and 1."""
CONTRAST = 0.25
"""Usual standard deviation of pixels, as a share of the range: it stands for their signal."""


@dataclass(frozen=True)
class Robustness:
    """The figure and its parts, means over samples. interval: 95 %, None for fewer than 8 samples."""

    samples: int
    value: float
    interval: Interval | None
    under_distortion: float
    under_attack: float

    def to_dict(self) -> dict[str, Any]:
        """Keys of summary.json."""
        parts = {"samples": self.samples, "under_distortion": self.under_distortion}
        return {
            "robustness": self.value,
            "robustness_interval": self.interval and self.interval.to_list(),
            "robustness_parts": {**parts, "under_attack": self.under_attack},
        }


def robustness_of(run: Run) -> Robustness | None:
    """The figure of an audit; None without severity curves, or where the closest flips were not looked for.

    Raises RunError.
    """
    curves = curves_beside(run)
    if curves is None or not _looked_for_closest(run.manifest.settings):
        return None
    if not own_places(curves.manifest.palette):
        return None  # curves of ImageNet-C alone, which no audit draws
    stood, spec = dict(_stood(curves)), run.manifest.spec
    pairs = [
        (stood[result.sample], held(result, spec))
        for result in run.results()
        if result.status is not Status.FAILED and result.sample in stood
    ]
    if not pairs:
        return None
    parts = np.array(pairs)
    rng = generator(int(run.manifest.settings.get("seed") or 0), "bootstrap", "robustness")
    under_distortion, under_attack = parts.mean(axis=0).tolist()
    each = parts.mean(axis=1)
    sure = sure_of(each, rng)
    return Robustness(len(pairs), float(each.mean()), sure, under_distortion, under_attack)


def sure_of(each: NDArray[np.float64], rng: np.random.Generator) -> Interval | None:
    """The interval of the mean of values from 0 to 1, which ends there too."""
    found = mean_interval(each, rng)
    return found and Interval(max(found.low, 0.0), min(found.high, 1.0))


def held(result: SearchResult, spec: InputSpec) -> float:
    """How far the closest flip of a sample is, 0 to 1; 0 if it was wrong untouched, 1 if none was found."""
    if result.status is Status.MISCLASSIFIED:
        return 0.0
    if result.closest is None:
        return 1.0
    return float(np.clip((FAINT - noise_ratio(result.closest, spec)) / (FAINT - PLAIN), 0, 1))


def noise_ratio(flip: Flip, spec: InputSpec) -> float:
    """Signal-to-noise ratio of a flip, dB: a signal's own; of pixels, to their usual contrast."""
    if flip.snr is not None:
        return flip.snr
    return distance.psnr(flip.l2, prod(spec.shape), spec.span) + 20 * log10(CONTRAST)


def _looked_for_closest(settings: Mapping[str, Any]) -> bool:
    free = settings.get("max_l2") is None and settings.get("target") is None
    return free and settings.get("goal") == "closest"


def _stood(curves: Run) -> Iterator[tuple[str, float]]:
    """Samples that were answered, and at what share of levels right, every curve alike. Raises RunError."""
    places = own_places(curves.manifest.palette)
    for result in whole_results(curves):
        if result.status is not CurveStatus.FAILED:
            right = np.array(result.answers) == own_class(result)
            yield result.sample, float(np.mean([right[list(of_curve)].mean() for of_curve in places]))
