"""Optimisers of BoTorch, as its tutorials have them, for benchmarks/optimisers.py; they need the extra
`bench`.

log EI: SingleTaskGP with its present priors (squared exponential kernel, dimension-scaled lengthscales;
Hvarfner et al., ICML 2024) and LogExpectedImprovement (Ament et al., NeurIPS 2023) by optimize_acqf.
TuRBO-1: Eriksson et al., NeurIPS 2019, one point at a time, after BoTorch's tutorial.
"""

import warnings
from collections.abc import Callable

import numpy as np
import torch
from botorch.acquisition import LogExpectedImprovement
from botorch.exceptions.warnings import BotorchWarning
from botorch.fit import fit_gpytorch_mll
from botorch.generation import MaxPosteriorSampling
from botorch.models import SingleTaskGP
from botorch.optim import optimize_acqf
from gpytorch.constraints import Interval
from gpytorch.kernels import MaternKernel, ScaleKernel
from gpytorch.likelihoods import GaussianLikelihood
from gpytorch.mlls import ExactMarginalLogLikelihood
from numpy.typing import NDArray
from torch import Tensor
from torch.quasirandom import SobolEngine

Points = NDArray[np.float64]  # (n, d), in the unit cube
Function = Callable[[Points], NDArray[np.float64]]  # to be minimised


def log_ei(f: Function, starts: Points, budget: int, seed: int) -> NDArray[np.float64]:
    """Values in the order of evaluation, (budget,), the given starting points first."""
    _begin(seed)
    x, y = torch.tensor(starts), -torch.tensor(f(starts))  # botorch maximises
    bounds = torch.tensor([[0.0], [1.0]], dtype=torch.double).repeat(1, x.shape[1])
    while len(y) < budget:
        model = SingleTaskGP(x, y[:, None])
        fit_gpytorch_mll(ExactMarginalLogLikelihood(model.likelihood, model))
        acquisition = LogExpectedImprovement(model, best_f=y.max())
        new, _ = optimize_acqf(acquisition, bounds, q=1, num_restarts=5, raw_samples=256)
        x, y = torch.cat([x, new]), torch.cat([y, -torch.tensor(f(new.numpy()))])
    return np.asarray(-y.numpy())


def turbo(f: Function, starts: Points, budget: int, seed: int) -> NDArray[np.float64]:
    """As log_ei. A region that has collapsed is left, and another begins with 2 d points of its own."""
    _begin(seed)
    x, y = torch.tensor(starts), -torch.tensor(f(starts))
    d, values = x.shape[1], [y]
    length, successes, failures = 0.8, 0, 0
    while sum(map(len, values)) < budget:
        if length < 0.5**7:
            x = SobolEngine(d, scramble=True, seed=seed + len(values)).draw(2 * d).double()
            y = -torch.tensor(f(x.numpy()))
            values.append(y)
            length, successes, failures = 0.8, 0, 0
            continue
        new = _in_region(x, y, length)
        value = -torch.tensor(f(new.numpy()))
        improved = float(value) > float(y.max()) + 1e-3 * abs(float(y.max()))
        successes, failures = (successes + 1, 0) if improved else (0, failures + 1)
        if successes == 10:
            length, successes = min(2 * length, 1.6), 0
        elif failures == max(4, d):
            length, failures = length / 2, 0
        x, y = torch.cat([x, new]), torch.cat([y, value])
        values.append(value)
    return np.asarray(-torch.cat(values)[:budget].numpy())


def _in_region(x: Tensor, y: Tensor, length: float) -> Tensor:
    """The next point of TuRBO, (1, d): the best of one posterior draw over points of the region."""
    d, standard = x.shape[1], (y - y.mean()) / y.std().clamp_min(1e-9)
    kernel = ScaleKernel(MaternKernel(nu=2.5, ard_num_dims=d, lengthscale_constraint=Interval(0.005, 4.0)))
    likelihood = GaussianLikelihood(noise_constraint=Interval(1e-8, 1e-3))
    model = SingleTaskGP(
        x, standard[:, None], covar_module=kernel, likelihood=likelihood, outcome_transform=None
    )
    fit_gpytorch_mll(ExactMarginalLogLikelihood(model.likelihood, model))
    scales = model.covar_module.base_kernel.lengthscale.squeeze(0).detach()
    weights = scales / scales.mean()
    weights = weights / torch.prod(weights.pow(1 / d))
    centre = x[int(y.argmax())]
    low = (centre - weights * length / 2).clamp(0, 1)
    high = (centre + weights * length / 2).clamp(0, 1)
    count = min(2000, max(1000, 200 * d))
    drawn = low + (high - low) * torch.rand(count, d, dtype=torch.double)
    mask = torch.rand(count, d) <= min(20 / d, 1.0)
    none = mask.sum(dim=1) == 0
    mask[none, torch.randint(0, d, (int(none.sum()),))] = True
    candidates = torch.where(mask, drawn, centre.expand(count, d))
    with torch.no_grad():
        return MaxPosteriorSampling(model=model, replacement=False)(candidates, num_samples=1)


def _begin(seed: int) -> None:
    torch.manual_seed(seed)
    torch.set_num_threads(1)
    for kind in (BotorchWarning, UserWarning, RuntimeWarning):
        warnings.filterwarnings("ignore", category=kind)
