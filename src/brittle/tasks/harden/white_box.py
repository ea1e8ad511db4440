"""How many samples of the report stay right under PGD: white box, beside the audits, which see no weights."""

from collections.abc import Mapping
from typing import Any

from brittle.core.sample import InputSpec
from brittle.hardening.records import Labelled, Weights
from brittle.hardening.tuning import WHITE_BOX_TUNING
from brittle.tasks.harden.clean import AGAINST, difference
from brittle.tasks.harden.trainable import Trainable


def under_pgd(
    trainable: Trainable,
    weights: Mapping[str, Weights],
    samples: Labelled,
    spec: InputSpec,
    limit: float | None,
    seed: int,
) -> dict[str, Any] | None:
    """For the card: share right by model within the limit, and the samples that the hardened one holds.

    None without a limit. The weights of one of the models are left in place.
    """
    from brittle.hardening.white_box import holds  # noqa: PLC0415

    if limit is None:
        return None
    right = {}
    for arm, found in weights.items():
        trainable.put(found)
        right[arm] = holds(trainable.logits, samples, spec, limit, seed)
    return {
        "limit": limit,
        "samples": len(samples.y),
        "starts": WHITE_BOX_TUNING.starts,
        "steps": WHITE_BOX_TUNING.steps,
        **{arm: float(row.mean()) for arm, row in right.items()},
        "against": {arm: difference(right["after"], right[arm]) for arm in AGAINST},
        "held": [name for name, held in zip(samples.ids, right["after"], strict=True) if held],
    }
