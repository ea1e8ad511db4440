"""Randomness that depends on names, never on order: one generator per (seed, sample, purpose)."""

from hashlib import sha256

import numpy as np


def generator(seed: int, *names: str | int) -> np.random.Generator:
    """A generator of its own for this seed and these names; global random state is never touched."""
    digest = sha256("\x1f".join(map(str, names)).encode(errors="surrogateescape")).digest()
    return np.random.default_rng([seed, *np.frombuffer(digest, np.uint32).tolist()])
