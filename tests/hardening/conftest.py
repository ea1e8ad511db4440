"""A small network that knows three noisy patterns, and what it is hardened on."""

from copy import deepcopy
from dataclasses import replace
from functools import cache
from typing import Any

import numpy as np
import pytest

from brittle.core.canvas import Palette
from brittle.core.grid import Grid
from brittle.core.sample import InputSpec
from brittle.hardening.records import HardeningTask, Labelled
from tiny import SPEC, Shade

torch: Any = pytest.importorskip("torch")

CLASSES = 3
SIGNAL = InputSpec((1, 60), ("channel", "time"), (-4.0, 4.0), rate=60.0, unit="mV")


def samples(spec: InputSpec, count: int, name: str, misleading: bool = False) -> Labelled:
    """Inputs that tell their class twice: by a plain pattern under noise, and by a faint one without.

    misleading: the plain pattern is of any class. The same name gives the same samples.
    """
    patterns = np.random.default_rng(7).normal(size=(CLASSES, *spec.shape))
    faint = np.arange(np.prod(spec.shape)).reshape(spec.shape) % 2 == 0
    rng = np.random.default_rng(list(name.encode()))
    y = rng.integers(CLASSES, size=count)
    plain = rng.integers(CLASSES, size=count) if misleading else y
    noisy = 0.1 * patterns[plain] + rng.normal(0, 0.1, (count, *spec.shape))
    x = 0.5 + np.where(faint, 0.015 * patterns[y], noisy)
    return Labelled(
        [f"{name}{i}" for i in range(count)],
        np.clip(spec.bounds[0] + spec.span * x, *spec.bounds).astype(np.float32),
        y,
    )


@cache
def network(spec: InputSpec) -> Any:
    """With batch norm and dropout, in evaluation mode; it was taught to look for what is faint."""
    torch.manual_seed(0)
    size = int(np.prod(spec.shape))
    net = torch.nn.Sequential(
        torch.nn.Flatten(),
        torch.nn.BatchNorm1d(size),
        torch.nn.Linear(size, 16),
        torch.nn.ReLU(),
        torch.nn.Dropout(0.3),
        torch.nn.Linear(16, CLASSES),
    )
    data, optimiser = samples(spec, 300, "before", True), torch.optim.Adam(net.parameters(), 1e-2)
    for _ in range(30):
        optimiser.zero_grad()
        answers = net(torch.from_numpy(data.x))
        torch.nn.functional.cross_entropy(answers, torch.from_numpy(data.y)).backward()
        optimiser.step()
    return net.eval()


def task_of(spec: InputSpec, cell: tuple[int, ...]) -> HardeningTask:
    net = deepcopy(network(spec))
    learn, choose = samples(spec, 120, "learn"), samples(spec, 400, "choose")
    palette = Palette((Shade(), Shade("haze", varies=False)), draws=2)
    return HardeningTask(net, net, spec, learn, choose, Grid(spec, cell), palette)


@pytest.fixture
def task() -> HardeningTask:
    """Of images of 12 x 10 pixels, in cells of 3 x 3."""
    return task_of(SPEC, (3, 3))


@pytest.fixture
def signals() -> HardeningTask:
    """Of signals of 60 values, in cells of 4, with flips of earlier audits."""
    task = task_of(SIGNAL, (4,))
    flips = Labelled(["flip"] * 4, task.learn.x[:4] * np.float32(0.5), task.learn.y[:4])
    return replace(task, flips=flips)
