"""What a hardening is asked and what it ends with; reading this needs no torch."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray

from brittle.core.canvas import Palette
from brittle.core.grid import Grid
from brittle.core.sample import Array, InputSpec

Weights = Mapping[str, NDArray[Any]]
"""Arrays by the name of the parameter."""


@dataclass(frozen=True)
class Labelled:
    """Samples in memory: inputs (n, *spec.shape) in the data's own units, labels (n,), ids (n,)."""

    ids: Sequence[str]
    x: Array
    y: NDArray[np.int64]


@dataclass(frozen=True)
class HardeningTask:
    """What is learned on.

    module: a torch.nn.Module in evaluation mode, whose parameters are learned. logits: a batch -> logits,
    with gradients. learn: samples of batches; choose: those that choose among weights, never in a batch.
    grid, palette: of the cells board. flips: inputs of earlier audits, of samples of `learn` only; worn: how
    many of them wear a distortion, by its name.
    """

    module: Any
    logits: Any
    spec: InputSpec
    learn: Labelled
    choose: Labelled
    grid: Grid
    palette: Palette
    flips: Labelled | None = None
    worn: Mapping[str, int] = field(default_factory=dict)


@dataclass(frozen=True)
class Step:
    """An entry of the curve: arm ("control" or "hardened"), step, mean loss since the last entry, epsilon."""

    arm: str
    step: int
    loss: float
    epsilon: float


@dataclass(frozen=True)
class Point:
    """A place on the line of weights from control (share 0) to hardened (share 1), measured on `choose`.

    clean: accuracy. lost: points of it below the better of original and control; lost_at_most: the upper end
    of the paired 95 % interval of that. distance: median first-order L2 to the decision boundary, a wrong
    answer counting as 0. changed: samples that one of the two is right on, and the other wrong.
    """

    share: float
    clean: float
    lost: float
    lost_at_most: float
    distance: float
    changed: int = 0


@dataclass(frozen=True)
class Hardened:
    """How it ended.

    weights: at the chosen share; None where no share keeps enough. control, hardened: both ends of the line.
    original: clean accuracy and distance before, as a Point with share nan. epsilon: L2 of near rows, after
    the guard. alarms: what a reader must know, a line each. seconds: of training, this time.
    """

    weights: Weights | None
    share: float | None
    control: Weights
    hardened: Weights
    original: Point
    line: Sequence[Point]
    curve: Sequence[Step]
    steps: int
    epsilon: float
    alarms: Sequence[str] = ()
    seconds: float = 0.0
    about: Mapping[str, Any] = field(default_factory=dict)
