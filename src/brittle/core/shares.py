"""What suffices and what flips: the smallest shares of an input, by the order of its map, that do."""

from collections.abc import Callable, Generator
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from brittle.core.curves import MEASURES, rest_masks, top_masks
from brittle.core.explainer import Scene
from brittle.core.explanation import Share
from brittle.core.request import Request, asked
from brittle.core.sample import Array
from brittle.core.sample_run import Archive
from brittle.core.search import InputBoard
from brittle.core.veil import Masks, Veil

KEPT_PROBABILITY = 0.9
"""Of the untouched sample's, that a share must keep to suffice."""
HALVINGS = 4
SHARE_ROWS = 2 * HALVINGS + 2
"""Rows that both shares take at most: bisection, and verification of each."""

Ends = tuple[float, float]


def suffice(scene: Scene, answers: Array) -> NDArray[np.bool_]:
    """Which answers keep enough of the probability, (n, classes) -> (n,)."""
    least = KEPT_PROBABILITY * float(scene.clean[scene.explained])
    return np.asarray(scene.scores(answers) >= least)


def flip(scene: Scene, answers: Array) -> NDArray[np.bool_]:
    """Which answers are another decision, (n, classes) -> (n,)."""
    return np.asarray(answers.argmax(axis=1) != scene.explained)


@dataclass(frozen=True)
class _Kind:
    """One of the two: its masks of a map at some shares, and which answers to them do."""

    name: str
    masks: Callable[[Array, list[float]], Masks]
    does: Callable[[Scene, Array], NDArray[np.bool_]]


SUFFICES = _Kind("suffices", top_masks, suffice)
FLIPS = _Kind("flips", rest_masks, flip)


@dataclass(frozen=True)
class Shares:
    """The search for both shares of one map. known: the sample's line, to which they are added."""

    scene: Scene
    veil: Veil
    values: Array
    archive: Archive
    known: dict[str, Any]

    def find(self, kept: Array, taken: Array) -> Generator[Request, Array, None]:
        """Bisect both from the answers to the curves, and verify them. Bisection is one request a halving."""
        ends = {SUFFICES.name: _between(suffice(self.scene, kept))}
        decided = int(self.scene.clean.argmax()) == self.scene.explained
        flips = flip(self.scene, np.concatenate([taken, self.scene.filled[None]]))
        if decided and flips.any():
            ends[FLIPS.name] = _between(flips[:-1])
        kinds = [kind for kind in (SUFFICES, FLIPS) if kind.name in ends]
        for _ in range(HALVINGS):
            middles = {kind.name: sum(ends[kind.name]) / 2 for kind in kinds}
            masks = [kind.masks(self.values, [middles[kind.name]]) for kind in kinds]
            answers = yield from asked(Request(self.veil, np.concatenate(masks)), self.known)
            for kind, answer in zip(kinds, answers, strict=True):
                low, high = ends[kind.name]
                middle = middles[kind.name]
                ends[kind.name] = (low, middle) if kind.does(self.scene, answer[None])[0] else (middle, high)
        self.known.update({SUFFICES.name: None, FLIPS.name: None})
        for kind in kinds:
            self.known[kind.name] = yield from self._verify(kind, digits(ends[kind.name][1]))

    def _verify(self, kind: _Kind, share: float) -> Generator[Request, Array, Share | None]:
        """A share read back from its file and asked alone, one counted row; None if it does not hold then."""
        scene = self.scene
        x = np.empty(scene.sample.spec.shape, np.float32)
        self.veil.render(kind.masks(self.values, [share])[0], x)
        file = self.archive.write(scene.sample.id, kind.name, x)
        request = Request(InputBoard(scene.sample), self.archive.read(file)[None], alone=True)
        answer = yield from asked(request, self.known)
        if not kind.does(scene, answer)[0]:
            return None
        probability, predicted = digits(scene.scores(answer)[0]), int(answer[0].argmax())
        return Share(share, self.known["queries"], probability, predicted, file)


def _between(does: NDArray[np.bool_]) -> Ends:
    """Along a curve, the last share that did not and the first that did; 0 does nothing and 1 does it."""
    shares = (0.0, *MEASURES, 1.0)
    first = int(np.argmax(does)) if does.any() else len(does)
    return shares[first], shares[first + 1]


def digits(value: float) -> float:
    """A number as lines have it."""
    return round(float(value), 6)
