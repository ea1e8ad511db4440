"""A correction of log EI, learned by PPO; it begins as log EI exactly.

After Volpp et al., ICLR 2020 (a network scores candidates, learned by PPO over related functions), with log
EI as the policy to begin with. The baseline of a return is the mean over the runs of a round at the same
step.
"""

from dataclasses import dataclass
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray

from brittle.core.seeds import generator
from brittle.learning.acquisition.layers import arrays_of, fresh_layers, kept_of, restore, tensor, through
from brittle.learning.acquisition.runs import begun
from brittle.optimise.candidates import candidates
from brittle.optimise.families import Family
from brittle.optimise.gp import posterior
from brittle.optimise.kinds import Line
from brittle.optimise.learned_acquisition import CANDIDATE_FEATURES, candidate_features, mlp
from brittle.optimise.prior import Prior
from brittle.optimise.space import Space
from brittle.store.learned import Arrays

HIDDEN, CANDIDATES = 32, 128
SHARPNESS = 3.0  # factor on log EI that the policy begins with
EPOCHS, CLIP, RATE, GAMMA = 4, 0.2, 1e-3, 0.98


@dataclass(frozen=True, eq=False)
class Decision:
    """One choice among m candidates: what was shown of them (m, f), their log EI, which, ln of its odds."""

    shown: NDArray[np.float64]
    log_ei: NDArray[np.float64]
    chosen: int
    log_odds: float


class PPOTraining:
    """A training under way. kept: weights and moments to go on from."""

    kind = "ppo"

    def __init__(self, family: Family, prior: Prior, seed: int, kept: Arrays | None = None) -> None:
        self.family, self.prior, self.seed = family, prior, seed
        self.space = Space({f"x{i}": Line(0, 1) for i in range(family.dimensions)})
        sizes = (CANDIDATE_FEATURES, HIDDEN, HIDDEN, 1)
        self.weights = {"weight": tensor([SHARPNESS]), **fresh_layers("correction", sizes, seed, last=0.0)}
        self.optimiser = torch.optim.Adam(self.weights.values(), lr=RATE)
        if kept is not None:
            restore(self.weights, self.optimiser, kept)

    @property
    def kept(self) -> dict[str, Any]:
        """What another training begins with to go on."""
        return kept_of(self.weights, self.optimiser)

    @property
    def arrays(self) -> dict[str, Any]:
        """What a file holds."""
        return arrays_of(self.weights)

    def round(self, number: int, runs: int, steps: int) -> float:
        """Play a round, then learn from it; the mean fall of log10 regret of its runs."""
        decisions, rewards = [], np.zeros((runs, steps))
        for index in range(runs):
            rng = generator(self.seed, "ppo", number, index)
            run = begun(self.family, steps, rng)
            for step in range(steps):
                points = candidates(self.space, run.history.x[run.history.best(3)], CANDIDATES, rng)
                found = posterior(self.prior, run.history)
                shown, log_ei = candidate_features(found, points, run.left)
                decision = self._decide(shown, log_ei, rng)
                decisions.append(decision)
                run, rewards[index, step] = run.after(points[decision.chosen])
        self._learn(decisions, rewards)
        return float(rewards.sum(axis=1).mean())

    def _decide(
        self, shown: NDArray[np.float64], log_ei: NDArray[np.float64], rng: np.random.Generator
    ) -> Decision:
        weights = {name: values.astype(np.float64) for name, values in self.arrays.items()}
        scores = weights["weight"][0] * log_ei + mlp(weights, "correction", shown)[:, 0]
        log_odds = scores - scores.max()
        log_odds -= np.log(np.exp(log_odds).sum())
        chosen = int(rng.choice(len(scores), p=np.exp(log_odds) / np.exp(log_odds).sum()))
        return Decision(shown, log_ei, chosen, float(log_odds[chosen]))

    def _learn(self, decisions: list[Decision], rewards: NDArray[np.float64]) -> None:
        returns = rewards.copy()
        for step in range(rewards.shape[1] - 2, -1, -1):
            returns[:, step] += GAMMA * returns[:, step + 1]
        advantages = returns - returns.mean(axis=0)
        advantages /= advantages.std() + 1e-8
        shown, log_ei, before, gain = (
            torch.tensor(np.array(values), dtype=torch.float32)
            for values in (
                [d.shown for d in decisions],
                [d.log_ei for d in decisions],
                [d.log_odds for d in decisions],
                advantages.reshape(-1),
            )
        )
        chosen = torch.tensor([d.chosen for d in decisions])
        for _ in range(EPOCHS):
            scores = self.weights["weight"] * log_ei + through(self.weights, "correction", shown)[..., 0]
            now = torch.log_softmax(scores, dim=1).gather(1, chosen[:, None])[:, 0]
            ratio = torch.exp(now - before)
            loss = -torch.minimum(ratio * gain, ratio.clamp(1 - CLIP, 1 + CLIP) * gain).mean()
            self.optimiser.zero_grad()
            loss.backward()
            self.optimiser.step()
