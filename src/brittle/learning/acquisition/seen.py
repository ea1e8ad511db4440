"""What the posterior says of a point, in torch, with gradients in the point."""

from dataclasses import dataclass
from math import pi, sqrt
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray

from brittle.learning.prior.network import JITTER, covariance, queries
from brittle.optimise.learned_acquisition import LIMIT, LOG_EI_UNIT
from brittle.optimise.transformer import TransformerPrior

LEAST_EI = 1e-12
LEAST_VARIANCE = 1e-8


@dataclass(frozen=True)
class Histories:
    """Of b runs, n points each: x (b, n, d) and y (b, n) in standard units."""

    x: Any
    y: Any


class Seen:
    """The posterior of a frozen prior, for batches of runs of the same length."""

    def __init__(self, prior: TransformerPrior) -> None:
        self.prior = prior
        self._weights = {n: torch.tensor(w, dtype=torch.float32) for n, w in prior.weights.items()}

    def history(self, x: NDArray[np.float32], y: NDArray[np.float32]) -> Histories:
        """Histories as the prior standardises them."""
        of = np.array([self.prior.usual.of(values.astype(np.float64)) for values in y])
        standard = (y - of[:, :1]) / of[:, 1:]
        return Histories(torch.from_numpy(x), torch.tensor(standard, dtype=torch.float32))

    def known(self, history: Histories, x: Any) -> Any:
        """Of one point of each run (b, d): mean, ln of the deviation, log EI, (b, 3), as critics see them."""
        w, n = self._weights, history.x.shape[1]
        points = torch.cat([history.x, x[:, None]], dim=1)
        q = queries(w, self.prior.shape, history.x, history.y, points)
        k, mean = covariance(w, q, points), q @ w["mean"] + w["mean_bias"]
        noise = (torch.exp(w["log_noise"]) + JITTER) * torch.eye(n)
        root = torch.linalg.cholesky(k[:, :n, :n] + noise)
        right = torch.stack([k[:, :n, n], history.y - mean[:, :n]], dim=2)
        cross, residual = torch.linalg.solve_triangular(root, right, upper=False).unbind(dim=2)
        expected = mean[:, n] + (cross * residual).sum(dim=1)
        deviation = torch.sqrt((k[:, n, n] - (cross**2).sum(dim=1)).clamp(min=LEAST_VARIANCE))
        z = (history.y.amin(dim=1) - expected) / deviation
        density = torch.exp(-(z**2) / 2) / sqrt(2 * pi)
        improvement = deviation * (z * torch.special.ndtr(z) + density)
        log_ei = torch.log(improvement.clamp(min=LEAST_EI)) / LOG_EI_UNIT
        return torch.stack([expected, torch.log(deviation), log_ei], dim=1).clamp(-LIMIT, LIMIT)
