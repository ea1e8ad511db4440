"""Layers of a network that attends to a history, in NumPy; a block's weights by their names in it."""

from collections.abc import Mapping

import numpy as np
from numpy.typing import NDArray

Values = NDArray[np.float64]
NORM_EPSILON = 1e-5


def attention(q: Values, seen: Values, block: Mapping[str, Values], heads: int) -> Values:
    """What points take from a history that is normed already, (n, width)."""
    width = q.shape[1]
    ask, key, value, out = np.split(block["attend"], 4, axis=1)
    parts = [
        (rows @ matrix).reshape(len(rows), heads, width // heads).transpose(1, 0, 2)
        for rows, matrix in ((normed(q, block, 1), ask), (seen, key), (seen, value))
    ]
    scores = parts[0] @ parts[1].transpose(0, 2, 1) / np.sqrt(width // heads)
    scores = np.exp(scores - scores.max(axis=2, keepdims=True))
    taken = (scores / scores.sum(axis=2, keepdims=True)) @ parts[2]
    return np.asarray(taken.transpose(1, 0, 2).reshape(len(q), width) @ out)


def fed(x: Values, block: Mapping[str, Values]) -> Values:
    """After a block's feed-forward layer."""
    hidden = silu(normed(x, block, 2) @ block["feed_in"] + block["feed_bias"])
    return np.asarray(x + hidden @ block["feed_out"])


def normed(x: Values, block: Mapping[str, Values], number: int) -> Values:
    """Each row with mean 0 and variance 1, then scaled and shifted by the block's norm of this number."""
    centred = x - x.mean(axis=1, keepdims=True)
    scaled = centred / np.sqrt(np.square(centred).mean(axis=1, keepdims=True) + NORM_EPSILON)
    return np.asarray(scaled * block[f"norm{number}"] + block[f"norm{number}_bias"])


def block_of(weights: Mapping[str, Values], number: int) -> dict[str, Values]:
    """The weights of one block, by their names in it."""
    prefix = f"block{number}_"
    return {name.removeprefix(prefix): w for name, w in weights.items() if name.startswith(prefix)}


def silu(x: Values) -> Values:
    """x times the logistic function of x; no large x overflows."""
    return np.asarray(x * 0.5 * (1 + np.tanh(x / 2)))
