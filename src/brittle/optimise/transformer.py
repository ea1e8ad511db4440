"""A learned prior in NumPy: a deep kernel whose features attend to the history of the run.

After Shmakov et al., "High Dimensional Bayesian Optimization with Reinforced Transformer Deep Kernels",
IEEE CASE 2023 (arXiv 2310.03912), of which no code was published: that features attend to the history and
that kernels are combined is theirs; sizes, tokens, the learned mean and how values are standardised are
ours (docs/optimise.md).

    token(x, y) = mlp(x, y);   query(x) = mlp(x);   one learned null token, so that an empty history works
    H <- H + attention(H, H),  Q <- Q + attention(Q, H),  then both <- + feed-forward;  pre-norm, `blocks`
    times phi(x) = Q W + b;          mean(x) = Q m + c k(x, x') = a0 RBF(x, x'; a lengthscale for each
    feature) + a1 RBF(phi, phi') + a2 Matern52(phi, phi')

Points are queries alone, so they do not see each other; a history is a set. Without blocks it is a plain deep
kernel (Wilson et al., AISTATS 2016), whose features come from x alone.
"""

from collections import deque
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
from numpy.typing import NDArray

from brittle.optimise.attention import attention, block_of, fed, normed, silu
from brittle.optimise.history import History
from brittle.optimise.kernels import squared_distances
from brittle.optimise.prior import Features

Values = NDArray[np.float64]
LARGEST_TOKEN = 8.0  # standard values are clipped to this, either way, before the network sees them
REMEMBERED = 3  # arrays of points that a history keeps the features of: itself, and candidates


@dataclass(frozen=True)
class Shape:
    """Sizes of a network.

    features: of a point. width: of its layers. blocks: of attention, none is a plain deep kernel. heads: of
    each; they share the width. deep: features of a point that the kernel sees.
    """

    features: int
    width: int = 32
    blocks: int = 2
    heads: int = 4
    deep: int = 8

    def weights(self) -> dict[str, tuple[int, ...]]:
        """The name and shape of every array of weights."""
        f, w = self.features, self.width
        sides: dict[str, tuple[int, ...]] = {
            "query_in": (f, w),
            "query_bias": (w,),
            "query_out": (w, w),
            "query_out_bias": (w,),
            "deep": (w, self.deep),
            "deep_bias": (self.deep,),
            "mean": (w,),
            "mean_bias": (1,),
            "log_amplitudes": (3,),
            "log_lengthscales": (f,),
            "log_noise": (1,),
        }
        if self.blocks:
            sides |= {"null": (w,), "token_in": (f + 1, w), "token_bias": (w,)}
            sides |= {"token_out": (w, w), "token_out_bias": (w,)}
        for block in range(self.blocks):
            own = {"attend": (w, 4 * w), "feed_in": (w, 2 * w), "feed_bias": (2 * w,), "feed_out": (2 * w, w)}
            norms = {f"norm{i}{part}": (w,) for i in (1, 2) for part in ("", "_bias")}
            sides |= {f"block{block}_{name}": shape for name, shape in {**own, **norms}.items()}
        return sides


@dataclass(frozen=True)
class Usual:
    """How values are standardised.

    shift, scale: of a typical run, in y's units. weight: how many values of the run's own weigh as much.
    """

    shift: float = 0.0
    scale: float = 1.0
    weight: float = 3.0

    def of(self, y: Values) -> tuple[float, float]:
        """Shift and scale of a run with these values so far, in y's units."""
        n, k = len(y), self.weight
        shift = (k * self.shift + float(y.sum())) / (k + n)
        spread = float(np.square(y - shift).sum())
        return shift, float(np.sqrt((k * self.scale**2 + spread) / (k + n)))


@dataclass(frozen=True, eq=False)
class TransformerPrior:
    """Implements optimise.prior.Prior. weights: float64, by the names of Shape.weights."""

    shape: Shape
    weights: Mapping[str, Values]
    usual: Usual = Usual()

    def given(self, history: History) -> "TransformerGiven":
        """What it says of functions after this history."""
        shift, scale = self.usual.of(history.y)
        standard = np.clip((history.y - shift) / scale, -LARGEST_TOKEN, LARGEST_TOKEN)
        return TransformerGiven(self, history.x, standard, shift, scale)


@dataclass(frozen=True, eq=False)
class TransformerGiven:
    """Implements optimise.prior.Given. x, standard: the history, (n, f) and (n,) in standard units."""

    prior: TransformerPrior
    x: Features
    standard: Values
    shift: float
    scale: float

    @property
    def noise(self) -> float:
        """Variance of what an evaluation adds."""
        return float(np.exp(self.prior.weights["log_noise"][0]))

    @property
    def context(self) -> Values:
        """The history as a whole, (width,): its tokens' mean before the last block; empty without blocks."""
        return np.asarray(self._seen[-1].mean(axis=0)) if self._seen else np.empty(0)

    def mean(self, x: Features) -> Values:
        """What is expected at these points, (n,)."""
        w = self.prior.weights
        return np.asarray(self._queries(x) @ w["mean"] + w["mean_bias"])

    def variance(self, x: Features) -> Values:
        """Variance of the function at these points, (n,): the same everywhere."""
        return np.full(len(x), float(np.exp(self.prior.weights["log_amplitudes"]).sum()))

    def covariance(self, a: Features, b: Features) -> Values:
        """Covariance of the function between points, (len(a), len(b))."""
        w = self.prior.weights
        amplitudes, scales = np.exp(w["log_amplitudes"]), np.exp(-w["log_lengthscales"])
        near = squared_distances(a * scales, b * scales)
        deep_a = self._deep(a)
        deep = squared_distances(deep_a, deep_a if b is a else self._deep(b))
        root = np.sqrt(5 * deep)
        matern = (1 + root + root**2 / 3) * np.exp(-root)
        return np.asarray(
            amplitudes[0] * np.exp(-near / 2) + amplitudes[1] * np.exp(-deep / 2) + amplitudes[2] * matern
        )

    def _deep(self, x: Features) -> Values:
        """The features that the kernel sees, (n, deep)."""
        return np.asarray(self._queries(x) @ self.prior.weights["deep"] + self.prior.weights["deep_bias"])

    def _queries(self, x: Features) -> Values:
        """Points after all blocks, (n, width). Of the last few arrays it is remembered."""
        remembered = self._remembered
        for points, q in remembered:
            if np.array_equal(points, x):
                return q
        remembered.append((x.copy(), self._after_blocks(x)))
        return remembered[-1][1]

    @cached_property
    def _remembered(self) -> deque[tuple[Features, Values]]:
        return deque(maxlen=REMEMBERED)

    def _after_blocks(self, x: Features) -> Values:
        w, shape = self.prior.weights, self.prior.shape
        q = silu(x @ w["query_in"] + w["query_bias"]) @ w["query_out"] + w["query_out_bias"]
        for number, seen in enumerate(self._seen):
            q = fed(q + attention(q, seen, block_of(w, number), shape.heads), block_of(w, number))
        return np.asarray(q)

    @cached_property
    def _seen(self) -> tuple[Values, ...]:
        """The history, with its null token, as each block sees it: (1 + n, width) after the first norm."""
        w, shape, seen = self.prior.weights, self.prior.shape, []
        if not shape.blocks:
            return ()
        pairs = np.concatenate([self.x, self.standard[:, None]], axis=1)
        tokens = silu(pairs @ w["token_in"] + w["token_bias"]) @ w["token_out"] + w["token_out_bias"]
        h = np.concatenate([w["null"][None], tokens])
        for number in range(shape.blocks):
            block = block_of(w, number)
            seen.append(normed(h, block, 1))
            h = fed(h + attention(h, seen[-1], block, shape.heads), block)
        return tuple(seen)


def misfit(shape: Shape, arrays: Mapping[str, Any]) -> str | None:
    """What is wrong with these arrays as the weights of a network of this shape; None if nothing is."""
    for name, sides in shape.weights().items():
        if name not in arrays:
            return f"{name} is missing"
        if arrays[name].shape != sides or not np.isfinite(arrays[name]).all():
            return f"{name} is not {sides}, or not finite"
    return None
