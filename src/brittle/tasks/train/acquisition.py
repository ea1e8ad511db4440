"""Learn an acquisition function on a generated family, with a prior that was learned before."""

from collections.abc import Callable
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path
from typing import Any

from brittle.core.errors import MissingExtraError, UsageError
from brittle.learning.settings import AcquisitionSettings
from brittle.optimise.families import family as family_of
from brittle.optimise.learned import open_prior
from brittle.optimise.learned_acquisition import FORMAT
from brittle.optimise.transformer import TransformerPrior
from brittle.store.learned import Checkpoint, Kept, write_curve, write_learned
from brittle.store.versions import versions_of
from brittle.tasks.train.card import command_of, out_file


@dataclass(frozen=True)
class AcquisitionRound:
    """One round of `of`: the mean fall of log10 regret of its runs; functions evaluated so far."""

    step: int
    of: int
    gain: float
    evaluations: int


def train_acquisition(
    family: str,
    prior: str | Path,
    out: str | Path,
    *,
    watch: Callable[[AcquisitionRound], None] = lambda _: None,
    **settings: Any,
) -> Path:
    """Learn an acquisition; returns its file, which has a card and a curve beside it.

    The same call again continues from the last round.

    family:   of brittle.optimise.families. prior: a file of brittle train --kind prior, of the same family.
    settings: fields of AcquisitionSettings. Raises BrittleError with one line.
    """
    out, found = out_file(out), family_of(family)
    chosen = AcquisitionSettings.build(settings, "acquisitions")
    if find_spec("torch") is None:
        raise MissingExtraError("learning an acquisition", "train")
    from brittle.learning.acquisition.ppo import PPOTraining  # noqa: PLC0415
    from brittle.learning.acquisition.sac import SACTraining  # noqa: PLC0415
    from brittle.learning.threads import one_thread  # noqa: PLC0415

    learned = open_prior(prior)
    if learned.features != found.dimensions:
        raise UsageError(
            f"'{prior}' is a prior of {learned.features} features, {family} has {found.dimensions} axes"
        )
    question = {
        "kind": "acquisition",
        "family": family,
        "prior": learned.name,
        "settings": chosen.model_dump(),
    }
    checkpoint = Checkpoint(out.with_suffix(".part.safetensors"), {**question, "form": 1}, AcquisitionRound)
    kept = checkpoint.read() or Kept[AcquisitionRound]({}, ())
    curve = list(kept.curve)
    if chosen.method == "ppo":
        training: Any = PPOTraining(found, learned.prior, chosen.seed, kept.arrays or None)
    elif isinstance(learned.prior, TransformerPrior):
        training = SACTraining(found, learned.prior, chosen.seed, kept.arrays or None)
    else:
        raise UsageError(f"expected a prior with a network for sac, got '{prior}'; train one, or choose ppo")
    while (step := len(curve) + 1) <= chosen.rounds:
        with one_thread():
            gain = training.round(step, chosen.runs, chosen.evaluations)
        evaluations = step * chosen.runs * (chosen.evaluations + 3)
        curve.append(AcquisitionRound(step, chosen.rounds, gain, evaluations))
        watch(curve[-1])
        checkpoint.write(Kept(training.kept, tuple(curve)))
    given = {"family": family, "prior": Path(prior).name}
    card = {
        **question,
        "evaluations": curve[-1].evaluations,
        "gain": round(sum(one.gain for one in curve[-3:]) / len(curve[-3:]), 4),
        "command": command_of("brittle train --kind acquisition", given, chosen, out),
        "versions": versions_of("brittle", "numpy", "torch"),
    }
    about = {"format": FORMAT, "kind": chosen.method, "features": found.dimensions}
    write_learned(out, training.arrays, about, card)
    write_curve(out.with_suffix(".csv"), curve)
    checkpoint.delete()
    return out
