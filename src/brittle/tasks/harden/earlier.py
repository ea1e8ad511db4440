"""What earlier audits found of samples that are learned from: their flips, and what those wear."""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np

from brittle.core.errors import UsageError
from brittle.core.sample import Array, InputSpec
from brittle.hardening.records import Labelled
from brittle.report.audit.breakdown import distortions_used
from brittle.tasks.explain.flips import AFTER, BEFORE, Flips
from brittle.tasks.harden.samples import digest_of


@dataclass(frozen=True)
class Earlier:
    """The closest flips of earlier audits. worn: how many of them wear a distortion, by its name."""

    flips: Labelled | None = None
    worn: Mapping[str, int] = field(default_factory=dict)


def earlier_of(runs: Sequence[str], learn: Labelled, spec: InputSpec) -> Earlier:
    """The flips of finished audits of samples that are learned from, known by their inputs.

    Raises UsageError for a run of other inputs, or where none of the flips is of such a sample.
    """
    if not runs:
        return Earlier()
    known = {digest_of(x) for x in learn.x}
    ids: list[str] = []
    x: list[Array] = []
    y: list[int] = []
    worn: Counter[str] = Counter()
    for run in runs:
        flips = Flips(run)
        if flips.spec.shape != spec.shape or flips.spec.bounds != spec.bounds:
            raise UsageError(f"{run} is of inputs of shape {flips.spec.shape}, these have {spec.shape}")
        before = (name for name in flips.ids if name.endswith(BEFORE))
        joined = [name.removesuffix(BEFORE) for name in before if digest_of(flips.open(name).x) in known]
        for name in joined:
            found = flips.open(name + AFTER)
            ids, x, y = [*ids, f"{run} {found.id}"], [*x, found.x], [*y, int(found.label or 0)]
        worn.update(_worn(flips, joined))
    if not ids:
        raise UsageError(
            f"none of the flips of {', '.join(runs)} is of a sample that is learned from; "
            "audit samples of DATA that are not kept for the report"
        )
    return Earlier(Labelled(ids, np.stack(x), np.array(y, np.int64)), worn)


def _worn(flips: Flips, samples: Sequence[str]) -> dict[str, int]:
    """How many flips of these samples wear each distortion; none where the search played on no cells."""
    kept = set(samples)
    results = (result for result in flips.run.results() if result.sample in kept)
    return {row.name: row.flips for row in distortions_used(results, flips.run.manifest.palette)}
