"""Small models of one task, each with an input size and weights of its own, and pictures for them."""

from collections.abc import Callable
from hashlib import sha256
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

import brittle
from brittle.core.sample import Array

CLASSES = ("circle", "square", "star")
SIDE = 16
LEVELS = (0.4, 0.8, 1.6)

MODULE = '''
"""Models for tests, by name."""
import time
import numpy as np
from hard_nets import Net

one, two, three = Net(1, 16), Net(2, 8), Net(3, 16)


def slow(x):
    time.sleep(0.005)
    return one(x)


def dark(x, spec, level, rng):
    return x * (1 - level)


def bright(x, spec, level, rng):
    return x + 2


slow.input_shape = (3, 16, 16)
'''


class Net:
    """A linear model whose answers do not depend on the batch. log: notes its seed and rows at every call."""

    classes = CLASSES
    output = "logits"

    def __init__(self, seed: int, side: int, log: list[tuple[int, int]] | None = None, **said: Any) -> None:
        self.seed, self.log = seed, log
        self.input_shape = (3, side, side)
        common = np.random.default_rng(0).normal(size=(len(CLASSES), 3, 4, 4))
        own = common + 0.5 * np.random.default_rng(seed).normal(size=common.shape)
        times = side // 4
        self.weights = (np.kron(own, np.ones((times, times))) / times**2).astype(np.float32)
        self.__qualname__ = f"net{seed}"
        self.__dict__.update(said)

    def __call__(self, x: Array) -> NDArray[Any]:
        if self.log is not None:
            self.log.append((self.seed, len(x)))
        answers = [4 * ((row - 0.5) * self.weights).sum(axis=(1, 2, 3), dtype=np.float64) for row in x]
        return np.array(answers)


def pictures(count: int = 30) -> tuple[NDArray[np.uint8], NDArray[np.intp]]:
    """Coarse noise, labelled as the task has it."""
    small = np.random.default_rng(5).integers(0, 256, (count, 3, 4, 4), np.uint8)
    x = np.kron(small, np.ones((SIDE // 4, SIDE // 4), np.uint8))
    noise = np.random.default_rng(6).integers(-9, 10, x.shape)
    x = np.clip(x.astype(int) + noise, 0, 255).astype(np.uint8)
    return x, Net(0, SIDE)((x / 255).astype(np.float32)).argmax(axis=1)


def made(out: Path, **settings: Any) -> brittle.MadeSet:
    """A set of these pictures by two surrogates, a third held out."""
    usual = {"models": [Net(1, SIDE), Net(2, 8)], "hold_out": [Net(3, SIDE)], "levels": LEVELS, "batch": 16}
    data = settings.pop("data", None) or pictures()
    return brittle.benchmark(data, **{**usual, "out": str(out), **settings})


def bytes_of(folder: Path, keep: Callable[[Path], bool] = lambda _: True) -> dict[str, str]:
    """SHA-256 of every file of a set; its working folder is left out."""
    files = (path for path in sorted(folder.rglob("*")) if path.is_file())
    own = ((path.relative_to(folder), path) for path in files)
    return {
        str(name): sha256(path.read_bytes()).hexdigest()
        for name, path in own
        if name.parts[0] != "work" and keep(name)
    }
