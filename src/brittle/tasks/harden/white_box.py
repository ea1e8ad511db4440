"""How many samples of the report stay right under PGD: white box, beside the audits, which see no weights."""

from collections.abc import Mapping
from typing import Any

from brittle.core.sample import InputSpec
from brittle.hardening.records import Labelled, Weights
from brittle.hardening.tuning import WHITE_BOX_TUNING
from brittle.tasks.harden.clean import AGAINST, difference
from brittle.tasks.harden.trainable import Trainable
from brittle.tasks.harden.watching import Measuring, Standing, Watch


def under_pgd(
    trainable: Trainable,
    weights: Mapping[str, Weights],
    samples: Labelled,
    spec: InputSpec,
    limit: float | None,
    seed: int,
    watch: Watch,
) -> dict[str, Any] | None:
    """For the card: share right by model within the limit, the samples that the hardened one holds, and the
    share right within several radii, from untouched samples on.

    None without a limit. The weights of one of the models are left in place.
    """
    from brittle.hardening.white_box import holds_within  # noqa: PLC0415

    if limit is None:
        return None
    radii = [0.0, *(limit * share for share in WHITE_BOX_TUNING.radii)]
    within = {}
    for arm, found in weights.items():
        trainable.put(found)

        def told(done: int, what: str = f"{arm}, PGD") -> None:
            watch(Standing(what, Measuring(done, len(radii) * len(samples.y))))

        within[arm] = holds_within(trainable.logits, samples, spec, radii, seed, told)
    right = {arm: rows[-1] for arm, rows in within.items()}
    return {
        "limit": limit,
        "samples": len(samples.y),
        "starts": WHITE_BOX_TUNING.starts,
        "steps": WHITE_BOX_TUNING.steps,
        **{arm: float(row.mean()) for arm, row in right.items()},
        "against": {arm: difference(right["after"], right[arm]) for arm in AGAINST},
        "curve": [
            {"l2": radius, **{arm: float(rows[k].mean()) for arm, rows in within.items()}}
            for k, radius in enumerate(radii)
        ],
        "held": [name for name, held in zip(samples.ids, right["after"], strict=True) if held],
    }
