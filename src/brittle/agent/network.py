"""The network of an agent in NumPy: it corrects the odds of moves, and an audit needs no torch for it.

Its weights are shared by all places and all operators, so that one agent plays any grid, palette and size of
input. With places p, operators o and sizes s:

    e_p     = mlp(features of the place, world)
    context = mlp(mean of e, greatest of e, world)
    u_o     = mlp(features of the operator, what its kind is like, log of its hand-made share, context)
    c_ops   = u_o . a + u_o W e_p / sqrt(hidden) + e_p . b + (u_o S)_s

The correction is 4 tanh(c / 4), and odds are multiplied by its exponential. All of a, W, b and S are zero in
a new network, which is the hand-made player exactly.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

import numpy as np
from numpy.typing import NDArray

from brittle.core.play import Odds, Play, View
from brittle.core.sample import Array
from brittle.core.seeds import generator
from brittle.explainers.player import ExplainerPlay

LARGEST_CORRECTION = 4.0  # nats, of the log odds of a move, either way
FEATURE_LIMIT = 5.0  # features are clipped to this, either way
HEADS = ("head_operator", "head_pair", "head_place", "head_size")


@dataclass(frozen=True)
class Shape:
    """Sizes of a network.

    world, operators, places: features of each; sizes: of moves. kinds: of operators that it learned apart.
    hidden: width of its layers; traits: numbers that it learns about a kind.
    """

    world: int
    operators: int
    places: int
    sizes: int
    kinds: tuple[str, ...]
    hidden: int = 32
    traits: int = 8

    def weights(self) -> dict[str, tuple[int, ...]]:
        """The name and shape of every array of weights."""
        h = self.hidden
        return {
            "place_in": (self.places, h),
            "place_world": (self.world, h),
            "place_bias": (h,),
            "place_out": (h, h),
            "place_out_bias": (h,),
            "context_in": (2 * h + self.world, h),
            "context_bias": (h,),
            "context_out": (h, h),
            "context_out_bias": (h,),
            "kinds": (len(self.kinds), self.traits),
            "operator_in": (self.operators + self.traits + 1, h),
            "operator_context": (h, h),
            "operator_bias": (h,),
            "operator_out": (h, h),
            "operator_out_bias": (h,),
            "head_operator": (h,),
            "head_pair": (h, h),
            "head_place": (h,),
            "head_size": (h, self.sizes),
            "value_in": (h, h),
            "value_bias": (h,),
            "value_out": (h,),
            "value_out_bias": (1,),
        }


@dataclass(frozen=True, eq=False)
class Network:
    """A policy of core.play. weights: float32, by the names of Shape.weights; `value_*` are for training."""

    shape: Shape
    weights: Mapping[str, Array]

    def __call__(self, operators: tuple[str, ...], view: View, odds: Odds) -> Odds:
        """Odds times the exponential of the correction; where that is zero, the same odds bit by bit."""
        return np.asarray(odds * np.exp(self.correction(operators, view, odds)))

    def correction(self, operators: tuple[str, ...], view: View, odds: Odds) -> Array:
        """What is added to the log odds of each move, float32 of the shape of odds."""
        w, world = self.weights, clipped(view.world)
        e = np.tanh(clipped(view.places) @ w["place_in"] + (world @ w["place_world"] + w["place_bias"]))
        e = np.tanh(e @ w["place_out"] + w["place_out_bias"])
        context = np.concatenate([e.mean(axis=0), e.max(axis=0), world])
        context = np.tanh(context @ w["context_in"] + w["context_bias"])
        context = np.tanh(context @ w["context_out"] + w["context_out_bias"])
        features = [clipped(view.operators), _traits(self, operators), _log_share(odds)[:, None]]
        u = np.concatenate(features, axis=1) @ w["operator_in"]
        u = np.tanh(u + (context @ w["operator_context"] + w["operator_bias"]))
        u = np.tanh(u @ w["operator_out"] + w["operator_out_bias"])
        pairs = (u @ w["head_pair"]) @ e.T / np.float32(np.sqrt(self.shape.hidden))
        pairs = pairs + (u @ w["head_operator"])[:, None] + e @ w["head_place"]
        sizes, c = u @ w["head_size"], np.empty(odds.shape, np.float32)
        for s in range(self.shape.sizes):  # broadcasting along so short an axis takes five times as long
            np.add(pairs, sizes[:, s, None], out=c[:, :, s])
        c *= np.float32(1 / LARGEST_CORRECTION)
        np.tanh(c, out=c)
        c *= np.float32(LARGEST_CORRECTION)
        return c


def shape_of(play: Play[Any, Any] | ExplainerPlay[Any, Any], hidden: int = 32) -> Shape:
    """The shape of a network for what this play shows."""
    view = play.observe(play.start)
    kinds = tuple(dict.fromkeys(play.operators))
    features = len(view.world), view.operators.shape[1], view.places.shape[1]
    return Shape(*features, play.sizes, kinds, hidden)


def fresh(shape: Shape, seed: int) -> Network:
    """A network that corrects nothing yet."""
    weights = {}
    for name, sides in shape.weights().items():
        if name in HEADS or name.endswith("bias") or name == "value_out":
            weights[name] = np.zeros(sides, np.float32)
        else:
            rng = generator(seed, "network", name)
            scale = 0.5 if name == "kinds" else np.sqrt(1 / sides[0])
            weights[name] = (scale * rng.normal(size=sides)).astype(np.float32)
    return Network(shape, weights)


def kind_numbers(kinds: tuple[str, ...], operators: tuple[str, ...]) -> NDArray[np.intp]:
    """Which of the known kinds each operator is; as many as there are kinds where it is none of them."""
    known = {kind: i for i, kind in enumerate(kinds)}
    return np.array([known.get(operator, len(kinds)) for operator in operators], np.intp)


def clipped(features: NDArray[Any]) -> Array:
    """Features within what a network takes."""
    return np.asarray(np.minimum(np.maximum(features, np.float32(-FEATURE_LIMIT)), np.float32(FEATURE_LIMIT)))


def _log_share(odds: Odds) -> Array:
    """Log of each operator's share of the hand-made odds, against an equal share."""
    shares = odds.sum(axis=(1, 2))
    equal = max(float(shares.sum()) / len(shares), 1e-30)
    return clipped(np.log(np.maximum(shares / equal, 1e-9))).astype(np.float32)


@lru_cache(maxsize=16)
def _traits(network: Network, operators: tuple[str, ...]) -> Array:
    """What is known about the kind of each operator, zeros where it is unknown."""
    table = np.concatenate([network.weights["kinds"], np.zeros((1, network.shape.traits), np.float32)])
    return np.asarray(table[kind_numbers(network.shape.kinds, operators)])
