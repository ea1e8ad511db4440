"""Which prior and which acquisition are meant: by a name, a file, or an object."""

from pathlib import Path

from brittle.core.errors import UsageError, did_you_mean
from brittle.core.paths import is_file
from brittle.optimise.acquisition import HAND_MADE, Acquisition, hand_made
from brittle.optimise.hand import HandPrior
from brittle.optimise.learned import open_prior
from brittle.optimise.learned_acquisition import open_acquisition
from brittle.optimise.prior import Prior
from brittle.optimise.space import Space


def prior_of(prior: str | Path | Prior, space: Space) -> Prior:
    """The prior for points of this space. Raises UsageError for a file that is none, or of another space."""
    if not isinstance(prior, str | Path):
        if not hasattr(prior, "given"):
            raise UsageError(f"expected 'hand', a file of brittle train, or a prior, got {prior!r}")
        return prior
    if prior == "hand":
        return HandPrior(space.groups)
    if not is_file(prior):
        raise UsageError(
            f"there is no prior '{prior}'; say hand, or name a file of brittle train --kind prior"
        )
    learned = open_prior(prior)
    if learned.features != space.size:
        raise UsageError(
            f"'{prior}' is a prior of points with {learned.features} features, those of this space have "
            f"{space.size}; train one for it, or say hand"
        )
    return learned.prior


def acquisition_of(acquisition: str | Path | Acquisition, space: Space, seed: int) -> Acquisition:
    """The acquisition of a run with this seed. Raises UsageError if a file is none, or of another space."""
    if not isinstance(acquisition, str | Path):
        if not hasattr(acquisition, "scores"):
            raise UsageError(f"expected a name, a file, or an acquisition, got {acquisition!r}")
        return acquisition
    if is_file(acquisition):
        return open_acquisition(acquisition, space.size)
    if str(acquisition) not in HAND_MADE:
        hint = did_you_mean(str(acquisition), HAND_MADE)
        raise UsageError(f"there is no acquisition '{acquisition}', and no such file; {hint}")
    return hand_made(str(acquisition), seed)
