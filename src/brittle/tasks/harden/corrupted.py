"""Right answers on common corruptions of the report's images: original, control and hardened model, paired.

The 15 of ImageNet-C at 5 severities (Hendrycks and Dietterich, 2019), one draw of each.
"""

from collections.abc import Iterator, Mapping
from dataclasses import replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from brittle.core.classifier import Classifier
from brittle.core.sample import Sample
from brittle.core.seeds import generator
from brittle.data.dataset import evenly
from brittle.report.intervals import mean_interval
from brittle.searches.peers.imagenet_c import CORRUPTIONS, SEVERITIES, as_image, as_photo, corrupt
from brittle.searches.peers.mosaic import IMAGE
from brittle.tasks.harden.clean import AGAINST, are_right
from brittle.tasks.harden.samples import Kept
from brittle.tasks.harden.watching import Measuring, Standing, Watch

MOST = 60
"""Images of the report, each of which costs 75 rows of every model."""

Right = NDArray[np.bool_]


def on_corruptions(
    report: Kept, models: Mapping[str, Classifier], most: int, seed: int, watch: Watch
) -> dict[str, Any] | None:
    """For the card: share right by model and by corruption; None of inputs that are no images.

    The hardened model's differences have intervals over images. most: images that are asked about.
    """
    if report.dataset.spec.axes != IMAGE:
        return None
    chosen = Kept(report.dataset, evenly(report.ids, min(most, MOST)))
    found: dict[str, list[list[bool]]] = {arm: [] for arm in models}
    for done, sample in enumerate(sample for batch in chosen.batches() for sample in batch):
        watch(Standing("corruptions", Measuring(done, len(chosen.ids))))
        copies = list(_copies(sample, seed))
        for arm, model in models.items():
            found[arm].append(are_right(model, copies))
    right = {arm: np.reshape(rows, (-1, len(CORRUPTIONS), SEVERITIES)) for arm, rows in found.items()}
    return {
        "samples": len(right["after"]),
        "rows": sum(row.size for row in right.values()),
        **{arm: float(row.mean()) for arm, row in right.items()},
        "against": {arm: _difference(right["after"], right[arm], seed) for arm in AGAINST},
        "by_corruption": [
            {"name": name, **{arm: float(row[:, kind].mean()) for arm, row in right.items()}}
            for kind, name in enumerate(CORRUPTIONS)
        ],
    }


def _copies(sample: Sample, seed: int) -> Iterator[Sample]:
    """Every corruption at every severity, as quantised as the sample is."""
    spec = sample.spec
    photo = as_photo(sample.x, spec)
    for name in CORRUPTIONS:
        for severity in range(1, SEVERITIES + 1):
            rng = generator(seed, "corrupted", sample.id, name, severity)
            x = as_image(corrupt(photo, name, severity, rng), spec)
            yield replace(sample, x=spec.decode(spec.encode(x)))


def _difference(ours: Right, theirs: Right, seed: int) -> dict[str, Any]:
    """Points of share right more than another model has, and their 95 % interval over images."""
    points = 100 * (ours.mean(axis=(1, 2)) - theirs.mean(axis=(1, 2)))
    sure = mean_interval(points, generator(seed, "corrupted"))
    return {"points": float(points.mean()), "interval": sure.to_list() if sure else None}
