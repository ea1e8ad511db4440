"""The weights of a module: out as arrays by name, in from arrays."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import torch

from brittle.hardening.records import Weights


def parameters(module: Any) -> dict[str, Any]:
    """What is learned in a module: its parameters of floating point, by name."""
    return {name: p for name, p in module.named_parameters() if p.is_floating_point()}


def weights_of(module: Any) -> Weights:
    """A copy of its parameters."""
    return {name: p.detach().cpu().numpy().copy() for name, p in parameters(module).items()}


def load_weights(module: Any, weights: Weights) -> None:
    """Put weights, by the names of `weights_of`, in place of a module's own."""
    with torch.no_grad():
        for name, p in parameters(module).items():
            p.copy_(torch.from_numpy(weights[name]))


def between(control: Weights, hardened: Weights, share: float) -> Weights:
    """Weights a share of the way from one end to the other (Wortsman et al., WiSE-FT, CVPR 2022)."""
    return {name: w + w.dtype.type(share) * (hardened[name] - w) for name, w in control.items()}


@contextmanager
def learnable(module: Any) -> Iterator[None]:
    """All parameters give gradients meanwhile; the module is in evaluation mode, so that batch norms keep
    their statistics. Afterwards its weights are its own again."""
    original = weights_of(module)
    flags = {name: p.requires_grad for name, p in parameters(module).items()}
    module.eval()
    for p in parameters(module).values():
        p.requires_grad_(True)
    try:
        yield
    finally:
        load_weights(module, original)
        for name, p in parameters(module).items():
            p.requires_grad_(flags[name])
            p.grad = None
