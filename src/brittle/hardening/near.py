"""Inputs moved along the gradient, and how far the decision boundary is to first order; all distances L2."""

from collections.abc import Callable
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray

from brittle.core.sample import Array
from brittle.hardening.tuning import CHOICE_TUNING, ROW_TUNING

Logits = Callable[[Any], Any]
Labels = NDArray[np.int64]
Bounds = tuple[float, float]


def loss_gradient(logits: Logits, x: Array, y: Labels) -> Array:
    """Of the cross-entropy of each input, by the input; (n, *shape)."""
    inputs = torch.from_numpy(x).requires_grad_(True)
    loss = torch.nn.functional.cross_entropy(logits(inputs).float(), torch.from_numpy(y), reduction="sum")
    gradient: Array = torch.autograd.grad(loss, inputs)[0].numpy()
    return gradient


def one_step(logits: Logits, x: Array, y: Labels, radii: Array, directions: Array, bounds: Bounds) -> Array:
    """Inputs after one gradient step from a random start, no farther than their radii, within the bounds.

    radii: (n,); directions: of the starts, (n, *shape). The start and the step longer than the radius keep
    the attack diverse (Wong, Rice and Kolter, "Fast is better than free", ICLR 2020).
    """
    start = random_start(x, radii, directions)
    step = _scaled(loss_gradient(logits, start, y), ROW_TUNING.stride * radii)
    return _within(x, start - x + step, radii, bounds)


def pgd(
    logits: Logits,
    x: Array,
    y: Labels,
    radii: Array,
    directions: Array,
    bounds: Bounds,
    steps: int = ROW_TUNING.pgd_steps,
) -> Array:
    """Inputs after several such steps, shorter ones (projected gradient descent; Madry et al., ICLR 2018)."""
    moved = random_start(x, radii, directions)
    stride = ROW_TUNING.pgd_stride / steps * radii
    for _ in range(steps):
        gradient = loss_gradient(logits, moved, y)
        moved = _within(x, moved - x + _scaled(gradient, stride), radii, bounds)
    return moved


def random_start(x: Array, radii: Array, directions: Array) -> Array:
    """Inputs moved half of their radii; where a gradient is taken, so that it is not the samples' own."""
    moved: Array = x + _scaled(directions, ROW_TUNING.start * radii)
    return moved


def margins_and_distances(logits: Logits, x: Array, y: Labels) -> tuple[Array, Array]:
    """Logit of the label less the greatest other, and that over the norm of its gradient: the first-order
    distance to the decision boundary, 0 for a wrong answer; both (n,)."""
    margins, distances = [], []
    for begin in range(0, len(x), CHOICE_TUNING.rows_at_once):
        some = slice(begin, begin + CHOICE_TUNING.rows_at_once)
        inputs = torch.tensor(x[some], requires_grad=True)
        margin = _margins(logits(inputs).float(), torch.tensor(y[some]))
        gradient = torch.autograd.grad(margin.sum(), inputs)[0].numpy()
        margins.append(margin.detach().numpy())
        distances.append(np.maximum(margins[-1], 0) / np.maximum(_norms(gradient), 1e-12))
    return np.concatenate(margins), np.concatenate(distances)


def _margins(logits: Any, y: Any) -> Any:
    own = logits.gather(1, y[:, None])[:, 0]
    return own - logits.scatter(1, y[:, None], -float("inf")).amax(dim=1)


def _within(x: Array, change: Array, radii: Array, bounds: Bounds) -> Array:
    """x and a change of it that is cut to its radius."""
    longest = np.minimum(_norms(change), radii)
    moved: Array = np.clip(x + _scaled(change, longest), *bounds).astype(np.float32, copy=False)
    return moved


def _scaled(rows: Array, lengths: Array) -> Array:
    """Rows of these lengths; one that is all zero stays so."""
    factors = (lengths / np.maximum(_norms(rows), 1e-12)).astype(np.float32)
    scaled: Array = rows * factors.reshape(-1, *[1] * (rows.ndim - 1))
    return scaled


def _norms(rows: Array) -> Array:
    norms: Array = np.linalg.norm(rows.reshape(len(rows), -1), axis=1)
    return norms
