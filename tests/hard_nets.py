"""Small models of one task, each with an input size and weights of its own, and inputs for them."""

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
FORMS = {"image": (3, SIDE, SIDE), "signal": (2, 60), "record": (1, 60), "clip": (3, 4, SIDE, SIDE)}
"""Shapes of inputs. A signal is of floats, a record of 16 bits, the others are of 8."""
COARSE = {2: (1, 12), 3: (3, 4, 4), 4: (3, 2, 4, 4)}
"""What models look at, by the axes of an input: means over blocks."""
RATE = 100.0
"""Samples of a signal, and frames of a clip, a second."""

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
    """A linear model whose answers do not depend on the batch.

    shape: of its inputs, of an image its side. log: notes its seed and rows at every call.
    """

    classes = CLASSES
    output = "logits"

    def __init__(
        self,
        seed: int,
        shape: int | tuple[int, ...],
        log: list[tuple[int, int]] | None = None,
        **said: Any,
    ) -> None:
        self.seed, self.log = seed, log
        self.input_shape = (3, shape, shape) if isinstance(shape, int) else shape
        coarse = COARSE[len(self.input_shape)]
        common = np.random.default_rng(0).normal(size=(len(CLASSES), *coarse))
        own = common + 0.5 * np.random.default_rng(seed).normal(size=common.shape)
        block = np.ones([side // few for side, few in zip(self.input_shape, coarse, strict=True)])
        self.weights = (np.kron(own, block) / block.size).astype(np.float32)
        self.__qualname__ = f"net{seed}"
        self.__dict__.update(said)

    def __call__(self, x: Array) -> NDArray[Any]:
        if self.log is not None:
            self.log.append((self.seed, len(x)))
        axes = tuple(range(1, self.weights.ndim))
        answers = [4 * ((row - 0.5) * self.weights).sum(axis=axes, dtype=np.float64) for row in x]
        return np.array(answers)


def pictures(count: int = 30) -> tuple[NDArray[np.uint8], NDArray[np.intp]]:
    """Coarse noise, labelled as the task has it."""
    small = np.random.default_rng(5).integers(0, 256, (count, 3, 4, 4), np.uint8)
    x = np.kron(small, np.ones((SIDE // 4, SIDE // 4), np.uint8))
    noise = np.random.default_rng(6).integers(-9, 10, x.shape)
    x = np.clip(x.astype(int) + noise, 0, 255).astype(np.uint8)
    return x, Net(0, SIDE)((x / 255).astype(np.float32)).argmax(axis=1)


def inputs(form: str, count: int = 24) -> tuple[NDArray[Any], NDArray[np.intp]]:
    """Coarse noise of one of FORMS, labelled as the task has it."""
    if form == "image":
        return pictures(count)
    shape, rng = FORMS[form], np.random.default_rng(7)
    coarse = COARSE[len(shape)]
    block = np.ones([side // few for side, few in zip(shape, coarse, strict=True)])
    x = np.kron(rng.uniform(0.1, 0.9, (count, *coarse)), block) + rng.uniform(-0.03, 0.03, (count, *shape))
    if form == "record":
        x = (x + 1) / 4  # WFDB has no code for the lower bound
    labels = Net(0, shape)(x.astype(np.float32)).argmax(axis=1)
    if form == "signal":
        return x.astype(np.float32), labels
    kind = np.uint16 if form == "record" else np.uint8
    return np.rint(x * np.iinfo(kind).max).astype(kind), labels


def made_of(form: str, out: Path, **settings: Any) -> brittle.MadeSet:
    """A set of inputs of one of FORMS by two surrogates, a third held out."""
    nets = [Net(seed, FORMS[form]) for seed in (1, 2, 3)]
    usual = {"models": nets[:2], "hold_out": nets[2:], "kinds": "wave", "batch": 16}
    if form != "image":
        usual |= {"data_options": {"sampling_rate": RATE}}
    data = settings.pop("data", None) or inputs(form)
    return brittle.benchmark(data, **{**usual, "out": str(out), **settings})


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
