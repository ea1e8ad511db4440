"""Priors that brittle train --kind prior made: from files to what a Gaussian process takes, and back."""

from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass
from math import isfinite
from pathlib import Path
from typing import Any

import numpy as np

from brittle.core.errors import UsageError
from brittle.optimise.empirical import EmpiricalPrior
from brittle.optimise.kernels import KERNELS
from brittle.optimise.prior import Prior
from brittle.optimise.transformer import Shape, TransformerPrior, Usual, misfit
from brittle.store.learned import Arrays
from brittle.store.priors import AGAIN, StoredPrior, read_prior

NETWORKS = ("transformer", "mlp")
COUNTED = ("anchors", "expected", "factors", "lengthscales")
LARGEST = 4096  # of any size of a network that is read


@dataclass(frozen=True, eq=False)
class LearnedPrior:
    """A prior and what it is one of.

    features: of a point. of: {"family": its name} or {"waves": axes and channels}. name: of its file.
    """

    prior: Prior
    features: int
    of: Mapping[str, Any]
    name: str


def open_prior(path: str | Path) -> LearnedPrior:
    """The prior of a file. Raises UsageError with one line if it is missing, damaged or something else."""
    stored = read_prior(path)
    try:
        features = int(stored.about["features"])
        made = _FORMS[stored.form](stored)
    except (KeyError, TypeError, ValueError, OverflowError) as error:
        raise UsageError(f"'{path}' holds no prior that can be used ({error}); {AGAIN}") from error
    return LearnedPrior(made, features, stored.of, stored.name)


def stored_network(prior: TransformerPrior, of: Mapping[str, Any]) -> StoredPrior:
    """A transformer deep kernel, or a plain one, as a file holds it; float32."""
    arrays = {name: values.astype(np.float32) for name, values in prior.weights.items()}
    form = NETWORKS[0] if prior.shape.blocks else NETWORKS[1]
    return StoredPrior(arrays, form, {**asdict(prior.shape), "usual": asdict(prior.usual)}, of)


def _network(stored: StoredPrior) -> TransformerPrior:
    """Raises ValueError, KeyError or TypeError where arrays and sizes do not fit."""
    sizes = {name: int(size) for name, size in stored.about.items() if name != "usual"}
    shape = Shape(**sizes)
    if not all(0 <= size <= LARGEST for size in sizes.values()) or shape.width % max(shape.heads, 1):
        raise ValueError("its sizes are none")
    arrays: Arrays = {name: values.astype(np.float64) for name, values in stored.arrays.items()}
    if wrong := misfit(shape, arrays):
        raise ValueError(wrong)
    return TransformerPrior(shape, arrays, _usual(stored))


def stored_empirical(prior: EmpiricalPrior, of: Mapping[str, Any]) -> StoredPrior:
    """A counted mean and covariance, as a file holds it; float32."""
    arrays = {name: getattr(prior, name).astype(np.float32) for name in COUNTED}
    numbers = {name: float(getattr(prior, name)) for name in ("amplitude", "own", "noise")}
    about = {
        "features": prior.anchors.shape[1],
        **numbers,
        "kernel": prior.kernel,
        "usual": asdict(prior.usual),
    }
    return StoredPrior(arrays, "empirical", about, of)


def _empirical(stored: StoredPrior) -> EmpiricalPrior:
    """Raises ValueError, KeyError or TypeError where arrays do not fit."""
    arrays = {name: stored.arrays[name].astype(np.float64) for name in COUNTED}
    count, features = arrays["anchors"].shape
    shapes = {"anchors": (count, features), "expected": (count,), "lengthscales": (features,)}
    shapes["factors"] = (count, arrays["factors"].shape[-1])
    if any(
        arrays[name].shape != shape or not np.isfinite(arrays[name]).all() for name, shape in shapes.items()
    ):
        raise ValueError("its arrays do not fit each other, or are not finite")
    numbers = {name: float(stored.about[name]) for name in ("amplitude", "own", "noise")}
    positive = np.array([*numbers.values(), *arrays["lengthscales"]])
    if not (np.isfinite(positive).all() and (positive > 0).all()) or stored.about["features"] != features:
        raise ValueError("its sizes are none")
    kernel = str(stored.about["kernel"])
    if kernel not in KERNELS:
        raise ValueError(f"there is no kernel '{kernel}'")
    known: dict[str, Any] = {**arrays, **numbers}
    return EmpiricalPrior(**known, kernel=kernel, usual=_usual(stored))


def _usual(stored: StoredPrior) -> Usual:
    """Raises ValueError, KeyError or TypeError where there are none."""
    usual = Usual(**{name: float(value) for name, value in stored.about["usual"].items()})
    if not (all(map(isfinite, asdict(usual).values())) and usual.scale > 0 and usual.weight > 0):
        raise ValueError("its units are none")
    return usual


_FORMS: Mapping[str, Callable[[StoredPrior], Prior]] = {
    **dict.fromkeys(NETWORKS, _network),
    "empirical": _empirical,
}
