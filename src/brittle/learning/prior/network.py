"""The network of optimise.transformer in torch, over batches of tasks, and the loss that it learns by.

Loss: the joint predictive negative log-likelihood of targets given a context, whose values alone the
features have seen (conditional marginal likelihood; Lotfi et al., "Bayesian Model Selection, the Marginal
Likelihood, and Generalization", ICML 2022). Never the marginal likelihood of points whose own values are in
their features: that leaks.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from math import log, pi
from typing import Any

import numpy as np
import torch

from brittle.core.sample import Array
from brittle.core.seeds import generator
from brittle.optimise.attention import NORM_EPSILON
from brittle.optimise.transformer import LARGEST_TOKEN, Shape

Tensors = Mapping[str, Any]
JITTER = 1e-5  # added to the noise, in standard units


@dataclass(frozen=True)
class Batch:
    """t tasks, values in standard units.

    context_x, context_y: (t, n, f), (t, n), n may be 0. x, y: targets, (t, m, f), (t, m).
    """

    context_x: Array
    context_y: Array
    x: Array
    y: Array


def fresh_weights(shape: Shape, seed: int) -> dict[str, Any]:
    """Weights to begin with; the deep kernels weigh as much as the plain one, and the mean is 0."""
    weights = {}
    for name, sides in shape.weights().items():
        rng = generator(seed, "prior", name)
        if name in ("mean", "mean_bias", "log_lengthscales") or name.endswith("_bias"):
            values = np.zeros(sides)
        elif name in ("log_amplitudes", "log_noise"):
            values = np.full(sides, log(1 / 3) if name == "log_amplitudes" else log(0.1))
        elif name[-5:-1] == "norm":
            values = np.ones(sides)
        else:
            values = rng.normal(size=sides) / np.sqrt(sides[0])
        weights[name] = torch.tensor(values, dtype=torch.float32, requires_grad=True)
    return weights


def loss_of(w: Tensors, shape: Shape, batch: Batch) -> Any:
    """Mean over tasks of the joint negative log-likelihood of the targets, nats a target."""
    context_x, context_y, x, y = (
        torch.from_numpy(part) for part in (batch.context_x, batch.context_y, batch.x, batch.y)
    )
    n, m = context_x.shape[1], x.shape[1]
    points = torch.cat([context_x, x], dim=1)
    q = queries(w, shape, context_x, context_y, points)
    noise = torch.exp(w["log_noise"]) + JITTER
    k = covariance(w, q, points) + noise * torch.eye(n + m)
    residual = torch.cat([context_y, y], dim=1) - (q @ w["mean"] + w["mean_bias"])
    root = torch.linalg.cholesky(k)  # its last rows are the Cholesky factor of the targets given the context
    z = torch.linalg.solve_triangular(root, residual[..., None], upper=False)[:, n:, 0]
    logs = torch.log(torch.diagonal(root, dim1=1, dim2=2)[:, n:])
    return (0.5 * z**2 + logs).sum(dim=1).mean() / m + 0.5 * log(2 * pi)


def queries(w: Tensors, shape: Shape, context_x: Any, context_y: Any, x: Any) -> Any:
    """Points after all blocks, (t, m, width)."""
    q = _silu(x @ w["query_in"] + w["query_bias"]) @ w["query_out"] + w["query_out_bias"]
    if not shape.blocks:
        return q
    pairs = torch.cat([context_x, context_y.clamp(-LARGEST_TOKEN, LARGEST_TOKEN)[..., None]], dim=2)
    tokens = _silu(pairs @ w["token_in"] + w["token_bias"]) @ w["token_out"] + w["token_out_bias"]
    h = torch.cat([w["null"].expand(len(tokens), 1, -1), tokens], dim=1)
    for number in range(shape.blocks):
        prefix = f"block{number}_"
        block = {name.removeprefix(prefix): value for name, value in w.items() if name.startswith(prefix)}
        seen = _norm(h, block, 1)
        both = torch.cat([h, q], dim=1)
        both = both + _attention(torch.cat([seen, _norm(q, block, 1)], dim=1), seen, block, shape.heads)
        hidden = _silu(_norm(both, block, 2) @ block["feed_in"] + block["feed_bias"])
        h, q = (both + hidden @ block["feed_out"]).split([h.shape[1], q.shape[1]], dim=1)
    return q


def covariance(w: Tensors, q: Any, x: Any) -> Any:
    """Covariance of the function among points, (t, m, m); q: them after all blocks."""
    amplitudes = torch.exp(w["log_amplitudes"])
    near = _squared_distances(x * torch.exp(-w["log_lengthscales"]))
    deep = _squared_distances(q @ w["deep"] + w["deep_bias"])
    root = torch.sqrt(5 * deep + 1e-12)  # its gradient is infinite at 0
    matern = (1 + root + root**2 / 3) * torch.exp(-root)
    return (
        amplitudes[0] * torch.exp(-near / 2) + amplitudes[1] * torch.exp(-deep / 2) + amplitudes[2] * matern
    )


def _attention(rows: Any, seen: Any, block: Tensors, heads: int) -> Any:
    ask, key, value, out = block["attend"].chunk(4, dim=1)
    parts = [
        (inputs @ matrix).unflatten(2, (heads, -1)).transpose(1, 2)
        for inputs, matrix in ((rows, ask), (seen, key), (seen, value))
    ]
    taken = torch.nn.functional.scaled_dot_product_attention(*parts)
    return taken.transpose(1, 2).flatten(2) @ out


def _norm(x: Any, block: Tensors, number: int) -> Any:
    scale, shift = block[f"norm{number}"], block[f"norm{number}_bias"]
    return torch.nn.functional.layer_norm(x, x.shape[-1:], scale, shift, NORM_EPSILON)


def _silu(x: Any) -> Any:
    return torch.nn.functional.silu(x)


def _squared_distances(x: Any) -> Any:
    squares = (x**2).sum(dim=2)
    return (squares[:, :, None] + squares[:, None] - 2 * x @ x.transpose(1, 2)).clamp(min=0)
