"""What flipped one model, shown to the others: the matrix of the slides, where nothing is attacked anew."""

from collections.abc import Mapping, Sequence

from brittle.core.classifier import Classifier
from brittle.core.result import Status
from brittle.core.sample import Sample
from brittle.store.run import Run
from brittle.tasks.explain.flips import AFTER, Flips
from brittle.tasks.harden.clean import are_right

AT_ONCE = 256


def transferred(
    runs: Mapping[str, Mapping[str, Run]], models: Mapping[str, Classifier]
) -> dict[str, dict[str, dict[str, int]]]:
    """For the card, by attack and attacked model: how many flips there are, and how many each model errs on.

    runs: by model and attack. Only closest flips, each as its file has it.
    """
    attacks = list(next(iter(runs.values())))
    return {name: {arm: _shown(runs[arm][name], models) for arm in runs} for name in attacks}


def _shown(run: Run, models: Mapping[str, Classifier]) -> dict[str, int]:
    found = {"flips": 0, **dict.fromkeys(models, 0)}
    if not any(result.status is Status.FLIPPED for result in run.results()):
        return found
    flips = Flips(run.path)
    names = [name for name in flips.ids if name.endswith(AFTER)]
    for begin in range(0, len(names), AT_ONCE):
        samples: Sequence[Sample] = [flips.open(name) for name in names[begin : begin + AT_ONCE]]
        found["flips"] += len(samples)
        for arm, model in models.items():
            found[arm] += are_right(model, samples).count(False)
    return found
