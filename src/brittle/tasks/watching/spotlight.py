"""Tell who watches an audit what is tried on one sample, without changing anything of it."""

from collections.abc import Sequence
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from brittle.core import distance
from brittle.core.account import Account
from brittle.core.result import Point
from brittle.core.sample import Array
from brittle.report import wording
from brittle.tasks.watching.previews import preview
from brittle.tasks.watching.telling import Telling
from brittle.tasks.watching.told import attempt, beginning, ending


class Spotlight:
    """Follows one sample of an audit while it is watched; `onlook` is a core.sample_run.Onlooker."""

    def __init__(self, folder: Path, classes: Sequence[str]) -> None:
        self.classes = classes
        self._telling = Telling(folder)
        self._clean: dict[str, Array] = {}
        self._account: Account | None = None
        self._points = self._closest = 0

    def onlook(self, account: Account, moves: NDArray[Any], answers: Array) -> None:
        """What a search has shown, and what was answered; before its first move the clean answer."""
        with self._telling.guarded():
            self._look(account, moves, answers)

    def ended(self, result: Any) -> None:
        """A sample has its result."""
        self._clean.pop(result.sample, None)
        if self._account is None or self._telling.sample != result.sample:
            return
        with self._telling.guarded():
            self._telling.tell("end", **ending(result), **self._news(self._account))
        self._telling.leave()
        self._account = None

    def _look(self, account: Account, moves: NDArray[Any], answers: Array) -> None:
        if not len(moves):
            self._clean[account.sample.id] = answers[0]
        follows = self._telling.follows(account.sample.id, partial(self._begin, account))
        if not follows or not np.isfinite(answers).all():
            return
        flips = any(point.l2 is not None for point in account.curve[self._points :])
        if len(moves) and self._telling.pace.due:
            with self._telling.pace.kept():
                self._telling.tell("step", **self._step(account, moves, answers))
        elif flips:
            self._telling.tell("flip", points=self._new_points(account))

    def _begin(self, account: Account) -> None:
        """All that is known of the sample, for who comes now."""
        self._account, self._points, self._closest = account, 0, 0
        known = beginning(account, self.classes, self._clean[account.sample.id])
        self._telling.tell("sample", **known, **self._news(account))

    def _step(self, account: Account, moves: NDArray[Any], answers: Array) -> dict[str, Any]:
        """The move of a request that came nearest to a flip."""
        margins = account.goal.margin(answers)
        place = int(margins.argmin())
        query, clean = account.queries - len(moves) + 1 + place, self._clean[account.sample.id]
        tried = attempt(account, self.classes, clean, moves[place], answers[place], query)
        return {**tried, "shown": len(moves), **self._news(account)}

    def _news(self, account: Account) -> dict[str, Any]:
        """Improvements since the last time, and the closest flip if there is a closer one."""
        found: dict[str, Any] = {"points": self._new_points(account)}
        if account.closer and account.closer[-1].query != self._closest:
            flip, sample = account.closer[-1], account.sample
            self._closest = flip.query
            l2 = distance.l2(sample.x, flip.x)
            found["closest"] = {
                "query": flip.query,
                "l2": round(l2, 4),
                "rms": wording.as_rms(l2, sample.spec),
                "picture": preview(flip.x, sample.spec),
            }
        return found

    def _new_points(self, account: Account) -> list[Point]:
        found = account.curve[self._points :]
        self._points = len(account.curve)
        return found
