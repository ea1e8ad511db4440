"""The model as a peer sees it."""

from collections.abc import Callable
from dataclasses import replace
from itertools import islice
from math import prod, sqrt

import numpy as np
from numpy.typing import NDArray

from brittle.core.errors import UsageError
from brittle.core.sample import Array, InputSpec
from brittle.core.search import Game, InputBoard, Search
from brittle.searches.peers.mosaic import CLIP, IMAGE, Mosaic
from brittle.searches.peers.thread import Ask, in_thread

REMEMBERED = 4  # rows
PATIENCE = 16  # repetitions in a row that are answered for free; a peer that only repeats itself must end


class Oracle:
    """Rows in, probabilities out, for the goal of one game.

    A peer knows one goal, to leave the label's class. Where that is the game's, it sees the model's classes;
    for any other goal (a target, the top k) it sees two: 0 holds, 1 is a flip.

    Libraries ask for the untouched input and for their best row again and again. A single row that is among
    the last few is answered from memory, as a careful user would, and is no query.
    """

    def __init__(self, game: Game[InputBoard], ask: Ask) -> None:
        self.game, self._ask = game, ask
        self.spec, self.x = game.sample.spec, game.sample.x
        self.plain = game.goal.target is None and game.goal.k == 1
        self.label = game.goal.label if self.plain else 0
        self.classes = len(game.clean) if self.plain else 2
        self._memory = [(self.x, game.clean[None])]
        self._repeats = 0

    def __call__(self, x: NDArray[np.floating]) -> Array:
        """(n, *shape) -> probabilities (n, classes), each row summing to 1."""
        return np.asarray(self._seen(x), np.float32)

    def logs(self, x: NDArray[np.floating]) -> Array:
        """Log-probabilities: logits but for a constant, for peers that compare those."""
        return np.asarray(np.log(np.maximum(self._seen(x), 1e-30)), np.float32)

    def flipped(self, x: NDArray[np.floating]) -> bool:
        """Whether one input, without its batch axis, is a flip."""
        return bool(self._seen(x[None])[0].argmax() != self.label)

    def _seen(self, x: NDArray[np.floating]) -> NDArray[np.float64]:
        # Where a library divides by nothing, what it could not compute stays untouched.
        answers = self._answers(np.where(np.isfinite(x), x, self.x).astype(np.float32, copy=False))
        if self.plain:
            return whole(answers)
        holds = 1 / (1 + np.exp(-np.clip(self.game.goal.margin(answers), -60, 60)))
        return np.stack([holds, 1 - holds], axis=1)

    def _answers(self, x: Array) -> Array:
        if len(x) != 1:
            return self._ask(x)
        for place, (row, answers) in enumerate(self._memory):
            if self._repeats < PATIENCE and np.array_equal(row, x[0]):
                self._repeats += 1
                self._memory.insert(0, self._memory.pop(place))
                return answers
        self._repeats = 0
        answers = self._ask(x).copy()
        self._memory = [(x[0].copy(), answers), *islice(self._memory, REMEMBERED - 1)]
        return answers


def whole(answers: Array) -> NDArray[np.float64]:
    """Rounded probabilities (n, classes) made to sum to 1 again, in the same order.

    A probability above one half becomes what the others leave: they tell 0.99999 from 0.99998, it does not.
    """
    p: NDArray[np.float64] = answers / answers.sum(axis=1, keepdims=True, dtype=np.float64)
    rows = np.flatnonzero(p.max(axis=1) > 0.5)
    tops = p[rows].argmax(axis=1)
    p[rows, tops] = 0
    p[rows, tops] = np.maximum(1 - p[rows].sum(axis=1), 0.5)
    return p


def within(limit: float, spec: InputSpec) -> float:
    """The L2 radius that a change may have so that it is within `limit` still when it is quantised."""
    if spec.bits is None:
        return limit
    spacing = spec.span / (2**spec.bits - 1)
    rounding = prod(spec.shape) * spacing**2 / 12
    return 0.99 * sqrt(max(limit**2 - rounding, limit**2 / 4))


def play_peer(
    game: Game[InputBoard], name: str, attack: Callable[[Oracle], None], *, images_only: bool = True
) -> Search:
    """A search that lets a peer play one sample; one that takes images sees a clip as a mosaic of its frames.

    Raises UsageError if it takes images and gets neither.
    """
    spec, axes = game.sample.spec, game.sample.spec.axes
    if images_only and axes == CLIP:
        mosaic = Mosaic(spec)
        pictured = replace(game, sample=mosaic.picture_of(game.sample))
        return in_thread(lambda ask: attack(Oracle(pictured, _of_pictures(mosaic, ask))), game.rng)
    if images_only and axes != IMAGE:
        raise UsageError(f"{name} needs inputs of {', '.join(IMAGE)}; this input has {', '.join(axes)}")
    return in_thread(lambda ask: attack(Oracle(game, ask)), game.rng)


def _of_pictures(mosaic: Mosaic, ask: Ask) -> Ask:
    """Pictures to a model that is asked for clips."""
    return lambda pictures: ask(np.asarray(mosaic.clips(pictures), np.float32))
