"""A run against an earlier one of the same question: whether the model got worse, sample by sample."""

from collections.abc import Mapping
from statistics import fmean
from typing import Any

import numpy as np

from brittle.core.errors import RunError
from brittle.core.result import SearchResult, Status
from brittle.core.seeds import generator
from brittle.report.curves import PLAYED
from brittle.report.gates.gate import Verdict
from brittle.report.intervals import mcnemar, ratio_interval
from brittle.store.manifest import Manifest, differences
from brittle.store.run import Run

OF_THE_MODEL = ("model", "model_options", "data")
"""Settings that may differ: another model is the point, and data are known by their contents."""
CHANCE = 0.05
RIGHT = "{} are right that were not, {} no longer are"
FLIP = "{} flip that did not, {} no longer do"

Results = Mapping[str, SearchResult]


def refuse_other_question(run: Run, baseline: Run) -> None:
    """Raise RunError where the baseline is not of the same data, search, budget and seed."""
    if run.path.resolve() == baseline.path.resolve():
        raise RunError(f"expected --against another run, got {baseline.path} itself")
    found = differences(_question(baseline.manifest), _question(run.manifest))
    if found:
        raise RunError(
            f"expected --against a run of the same data, search, budget and seed, but of {baseline.path} "
            f"{'; '.join(found)}"
        )


def _question(manifest: Manifest) -> Manifest:
    """What must be the same, all but the model."""
    settings = {name: value for name, value in manifest.settings.items() if name not in OF_THE_MODEL}
    data: dict[str, Any] = {**manifest.data, "name": ""}
    return manifest.model_copy(update={"settings": settings, "model": {}, "data": data})


def verdicts_against(run: Run, baseline: Run, *, sure: bool = False) -> tuple[Verdict, ...]:
    """Accuracy, ASR and L2 against the baseline's; red where one is worse by more than chance.

    sure: also where one is worse on these samples at all. Raises RunError for another question.
    """
    refuse_other_question(run, baseline)
    now, before = ({result.sample: result for result in one.results()} for one in (run, baseline))
    both = [sample for sample in now if sample in before]
    where = f"brittle compare {baseline.path} {run.path}"
    right = [(now[s].status in PLAYED, before[s].status in PLAYED) for s in both]
    flipped = [
        (now[s].status is Status.FLIPPED, before[s].status is Status.FLIPPED)
        for s in both
        if now[s].status in PLAYED and before[s].status in PLAYED
    ]
    return (
        _of_shares("accuracy", right, RIGHT, sure=sure, where=where, more_is_worse=False),
        _of_shares("ASR", flipped, FLIP, sure=sure, where=where, more_is_worse=True),
        _of_distances(now, before, run, sure=sure, where=where),
    )


def _of_shares(
    name: str, pairs: list[tuple[bool, bool]], words: str, *, sure: bool, where: str, more_is_worse: bool
) -> Verdict:
    """By McNemar's exact test on the samples that changed; pairs: now and before."""
    gate = f"{name} not worse than before"
    if not pairs:
        return Verdict(gate, False, f"no sample was played in both runs, so {name} cannot be compared", where)
    more, fewer = pairs.count((True, False)), pairs.count((False, True))
    worse = more > fewer if more_is_worse else fewer > more
    p = mcnemar(more, fewer)
    share, was = (fmean(side) for side in zip(*pairs, strict=True))
    changed = words.format(more, fewer)
    found = f"{name} is {share:.3g}, was {was:.3g}: of {len(pairs)} samples {changed} (p {p:.2g})"
    return Verdict(gate, not (worse and (sure or p < CHANCE)), found, where)


def _of_distances(now: Results, before: Results, run: Run, *, sure: bool, where: str) -> Verdict:
    """By the ratio of mean L2 of the closest flips, over samples that flipped in both runs."""
    gate = "L2 not worse than before"
    pairs = [
        (flip.l2, was.l2)
        for sample, result in now.items()
        if (flip := result.closest) and sample in before and (was := before[sample].closest)
    ]
    if not pairs:
        return Verdict(gate, True, "L2 cannot be compared, as no sample flipped in both runs", where)
    ours, theirs = np.array(pairs, np.float64).T
    ratio = float(ours.mean() / theirs.mean())
    seed = int(run.manifest.settings.get("seed") or 0)
    ends = ratio_interval(ours, theirs, generator(seed, "against", "l2"))
    worse = ratio < 1 and (sure or (ends is not None and ends.high < 1))
    span = f" [{ends.low:.3g}, {ends.high:.3g}]" if ends else ""
    found = f"L2 is {ratio:.3g}{span} times what it was, over {len(pairs)} samples that flipped in both runs"
    return Verdict(gate, not worse, found, where)
