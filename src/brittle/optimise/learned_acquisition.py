"""Acquisitions that brittle train --kind acquisition made, in NumPy.

ppo: after Volpp et al., "Meta-Learning Acquisition Functions for Transfer Learning in Bayesian Optimization",
ICLR 2020, as a correction: weight * log EI + mlp(what is known of a candidate), whose last layer begins at
zero, which is EI query for query.
sac: the policy and the critics of Soft Actor-Critic (Haarnoja et al., ICML 2018), as RTDK-BO has it (Shmakov
et al., IEEE CASE 2023); its state and reward are a reconstruction (docs/optimise.md).

Arrays of a file are layers, NAME0, NAME0_bias, NAME1 and so on, with tanh between them.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from brittle.core.errors import UsageError
from brittle.optimise.acquisition import Acquisition, log_expected_improvement
from brittle.optimise.gp import Posterior
from brittle.optimise.prior import Features
from brittle.store.learned import read_learned

Values = NDArray[np.float64]
Weights = Mapping[str, NDArray[Any]]

FORMAT = "brittle-acquisition-1"
AGAIN = "make it anew with brittle train --kind acquisition"
LIMIT = 5.0  # of what a network is shown, either way
LOG_EI_UNIT = 4.0  # nats of log EI that are shown to a network as 1
SAMPLES = 64  # points that the policy names for the critics to choose from
LOG_DEVIATIONS = (-5.0, 1.0)  # limits of the policy's, before the tanh
CANDIDATE_FEATURES = 7


@dataclass(frozen=True, eq=False)
class Correction:
    """Log EI, corrected by PPO. weights: layers `correction`; `weight`: (1,), of log EI."""

    weights: Weights
    refined = True

    def scores(self, posterior: Posterior, candidates: Features, left: int) -> Values:
        """weight * log EI + correction, (n,)."""
        shown, log_ei = candidate_features(posterior, candidates, left)
        return np.asarray(self.weights["weight"][0] * log_ei + mlp(self.weights, "correction", shown)[:, 0])


@dataclass(frozen=True, eq=False)
class Critic:
    """The lesser of two critics' values. weights: layers `critic_a`, `critic_b` and `policy`."""

    weights: Weights
    refined = False

    def scores(self, posterior: Posterior, candidates: Features, left: int) -> Values:
        """Expected sum of rewards after each candidate, (n,)."""
        shown = critic_features(posterior, candidates, left)
        values = [mlp(self.weights, name, shown)[:, 0] for name in ("critic_a", "critic_b")]
        return np.minimum(values[0], values[1])

    def proposals(self, posterior: Posterior, left: int, rng: np.random.Generator) -> Features:
        """Points that the policy would choose, (SAMPLES, f)."""
        return policy_samples(self.weights, state_features(posterior, left), SAMPLES, rng)


@dataclass(frozen=True, eq=False)
class Policy:
    """One draw of the policy itself, whatever the candidates are. weights: layers `policy`."""

    weights: Weights
    refined = False

    def scores(self, posterior: Posterior, candidates: Features, left: int) -> Values:
        """Greatest for the last candidate, which is the proposal, (n,)."""
        return np.arange(len(candidates), dtype=np.float64)

    def proposals(self, posterior: Posterior, left: int, rng: np.random.Generator) -> Features:
        """The point that it chooses, (1, f)."""
        return policy_samples(self.weights, state_features(posterior, left), 1, rng)


def open_acquisition(path: str | Path, features: int, policy: bool = False) -> Acquisition:
    """The acquisition of a file, for points of so many features. Raises UsageError with one line.

    policy: of SAC, the policy alone instead of the critics' choice.
    """
    learned = read_learned(Path(path), "acquisition", AGAIN)
    if learned.about.get("format") != FORMAT:
        raise UsageError(f"expected a file of an acquisition, got '{path}'; {AGAIN}")
    kind, trained_on = learned.about.get("kind"), learned.about.get("features")
    if kind == "sac" and trained_on != features:
        raise UsageError(
            f"'{path}' was trained on points of {trained_on} features, this space has {features}"
        )
    names = {"ppo": ("correction",), "sac": ("policy", "critic_a", "critic_b")}
    try:
        for name in names[str(kind)]:
            _check(learned.arrays, name)
        if kind == "ppo" and (learned.arrays["weight"].shape != (1,) or "correction0" not in learned.arrays):
            raise ValueError("weight")
    except (KeyError, ValueError, IndexError) as error:
        raise UsageError(f"'{path}' holds no acquisition that can be used ({error}); {AGAIN}") from error
    arrays = {name: array.astype(np.float64) for name, array in learned.arrays.items()}
    if kind == "ppo":
        return Correction(arrays)
    return Policy(arrays) if policy else Critic(arrays)


def mlp(weights: Weights, name: str, x: Values) -> Values:
    """The layers of this name, one after another, (n, in) -> (n, out)."""
    layer = 0
    while f"{name}{layer}" in weights:
        x = x if layer == 0 else np.tanh(x)
        x = x @ weights[f"{name}{layer}"] + weights[f"{name}{layer}_bias"]
        layer += 1
    return x


def candidate_features(posterior: Posterior, candidates: Features, left: int) -> tuple[Values, Values]:
    """What a correction is shown of candidates, (n, CANDIDATE_FEATURES), and their log EI, (n,).

    Mean, ln of the deviation, log EI, best value, share of the budget that is spent, and the distances to the
    best point and to the nearest one. Standard units.
    """
    history = posterior.history
    mean, deviation = posterior(candidates)
    log_ei = log_expected_improvement(mean, deviation, posterior.best)
    far = np.zeros((len(candidates), 2))
    if len(history):
        apart = np.sqrt(np.square(candidates[:, None] - history.x).sum(axis=2))
        far = np.stack([apart[:, history.best(1)[0]], apart.min(axis=1)], axis=1)
    same = np.full((len(candidates), 2), [posterior.best, len(history) / (len(history) + left)])
    shown = np.column_stack([mean, np.log(deviation), log_ei / LOG_EI_UNIT, same, far])
    return np.clip(shown, -LIMIT, LIMIT), log_ei


def state_features(posterior: Posterior, left: int) -> Values:
    """What SAC is shown of a run, (s,).

    The prior's context, if it has one, the best point, the best and the worst value, and the share of the
    budget that is spent.
    """
    history = posterior.history
    context = np.asarray(getattr(posterior.given, "context", np.empty(0)))
    best = history.x[history.best(1)[0]] if len(history) else np.full(history.x.shape[1], 0.5)
    worst = float(posterior.standard.max()) if len(history) else 0.0
    plain = np.array([posterior.best, worst, len(history) / (len(history) + left)])
    return np.asarray(np.clip(np.concatenate([context, best, plain]), -LIMIT, LIMIT))


def critic_features(posterior: Posterior, candidates: Features, left: int) -> Values:
    """What critics are shown of candidates, (n, s + f + 3): state, point, mean, ln deviation, log EI."""
    state = state_features(posterior, left)
    mean, deviation = posterior(candidates)
    log_ei = log_expected_improvement(mean, deviation, posterior.best) / LOG_EI_UNIT
    known = np.clip(np.column_stack([mean, np.log(deviation), log_ei]), -LIMIT, LIMIT)
    return np.concatenate([np.tile(state, (len(candidates), 1)), candidates, known], axis=1)


def policy_samples(weights: Weights, state: Values, count: int, rng: np.random.Generator) -> Features:
    """Draws of the policy, a normal distribution pressed into the unit cube by tanh, (count, f)."""
    mean, log_deviation = np.split(mlp(weights, "policy", state[None])[0], 2)
    deviation = np.exp(np.clip(log_deviation, *LOG_DEVIATIONS))
    drawn = mean + deviation * rng.normal(size=(count, len(mean)))
    return np.asarray((np.tanh(drawn) + 1) / 2)


def _check(arrays: Weights, name: str) -> None:
    """Raises ValueError or KeyError where layers are missing, do not follow each other or are not finite."""
    width, layer = None, 0
    while f"{name}{layer}" in arrays or layer == 0:
        matrix, bias = arrays[f"{name}{layer}"], arrays[f"{name}{layer}_bias"]
        fits = matrix.ndim == 2 and bias.shape == matrix.shape[1:] and width in (None, matrix.shape[0])
        if not fits or not (np.isfinite(matrix).all() and np.isfinite(bias).all()):
            raise ValueError(f"{name}{layer}")
        width, layer = matrix.shape[1], layer + 1
