"""Tell who watches a run what is tried on one sample, without changing anything of it.

While nobody watches it costs one stat a second. What goes wrong here ends the telling, never the audit.
"""

import logging
from collections import Counter
from collections.abc import Sequence
from pathlib import Path
from time import monotonic, thread_time, time
from typing import Any

import numpy as np
from numpy.typing import NDArray

from brittle.core import distance
from brittle.core.account import Account, top
from brittle.core.canvas import Canvas
from brittle.core.result import Point, SearchResult
from brittle.core.sample import Array, InputSpec
from brittle.domains.tints import tints
from brittle.report import wording
from brittle.report.classes import class_name
from brittle.store.live import EventLog, Interest
from brittle.tasks.watching.previews import change, kind_of, preview

LOG = logging.getLogger("brittle")
APART = 1 / 8  # seconds between two events that have pictures, at least
SHARE = 0.03  # of one CPU that they may take; where pictures cost more, they come farther apart
BARS = 10
MOST_CELLS = 4096  # that are told one by one


class Spotlight:
    """Follows one sample of a run while it is watched; `onlook` is a core.sample_run.Onlooker."""

    def __init__(self, folder: Path, classes: Sequence[str]) -> None:
        self.classes = classes
        self._log, self._interest = EventLog(folder), Interest(folder)
        self._clean: dict[str, Array] = {}
        self._account: Account | None = None
        self._dark = False
        self._number = self._points = self._closest = 0
        self._next = float("-inf")

    def onlook(self, account: Account, moves: NDArray[Any], answers: Array) -> None:
        """What a search has shown, and what was answered; before its first move the clean answer."""
        if self._dark:
            return
        try:
            self._look(account, moves, answers)
        except Exception as error:
            self._give_up(error)

    def ended(self, result: Any) -> None:
        """A sample has its result."""
        self._clean.pop(result.sample, None)
        account = self._account
        if self._dark or account is None or account.sample.id != result.sample:
            return
        try:
            self._tell("end", account, **_ending(result), **self._news(account))
        except Exception as error:
            self._give_up(error)
        self._leave()

    def _look(self, account: Account, moves: NDArray[Any], answers: Array) -> None:
        if not len(moves):
            self._clean[account.sample.id] = answers[0]
        if not self._follows(account) or not np.isfinite(answers).all():
            return
        if self._log.full:
            self._log.next_file()
            self._begin(account)
        flips = any(point.l2 is not None for point in account.curve[self._points :])
        if len(moves) and monotonic() >= self._next:
            spent = thread_time()
            self._tell("step", account, **self._step(account, moves, answers))
            self._next = monotonic() + max(APART, (thread_time() - spent) / SHARE)
        elif flips:
            self._tell("flip", account, points=self._new_points(account))

    def _follows(self, account: Account) -> bool:
        """Whether this sample is told of: the one that is wished for, or else whichever comes first."""
        name, followed = account.sample.id, self._account
        watched, wish = self._interest.watched(), self._interest.sample
        if followed is not None and (not watched or wish not in (None, followed.sample.id)):
            self._leave()
        if not watched or wish not in (None, name):
            return False
        if self._account is None and self._log.take_light():
            self._account = account
            self._begin(account)
        return self._account is account

    def _leave(self) -> None:
        self._account = None
        self._log.leave_light()

    def _give_up(self, error: Exception) -> None:
        LOG.warning(f"what is watched of this run ends here: {type(error).__name__}: {error}")
        self._dark = True
        self._leave()

    def _begin(self, account: Account) -> None:
        """All that is known of the sample, for who comes now."""
        self._points = self._closest = 0
        sample, clean = account.sample, self._clean[account.sample.id]
        spec = sample.spec
        self._tell(
            "sample",
            account,
            label=class_name(self.classes, account.goal.label),
            target=None if account.goal.target is None else class_name(self.classes, account.goal.target),
            budget=account.terms.budget,
            query=account.queries,
            margin=round(float(account.goal.margin(clean[None])[0]), 4),
            bars=self._bars(account, clean),
            original=preview(sample.x, spec),
            **kind_of(spec),
            **_cut(account),
            **self._news(account),
        )

    def _step(self, account: Account, moves: NDArray[Any], answers: Array) -> dict[str, Any]:
        """The move of a request that came nearest to a flip."""
        margins = account.goal.margin(answers)
        place = int(margins.argmin())
        sample, x = account.sample, np.empty(account.sample.spec.shape, np.float32)
        account.board.render(moves[place], x)
        l2 = distance.l2(sample.x, x)
        return {
            "query": account.queries - len(moves) + 1 + place,
            "shown": len(moves),
            "margin": round(float(margins[place]), 4),
            "l2": round(l2, 4),
            "rms": wording.as_rms(l2, sample.spec),
            "bars": self._bars(account, answers[place]),
            "modified": preview(x, sample.spec),
            "distortion": change(sample.x, x, sample.spec),
            **_worn(account, moves[place]),
            **self._news(account),
        }

    def _bars(self, account: Account, now: Array) -> list[dict[str, Any]]:
        """The classes that are most likely now, and the label; each with its share before and now."""
        clean, own = self._clean[account.sample.id], account.goal.label
        classes = [k for k, _ in top(now, BARS)]
        if own not in classes:
            classes[-1] = own
        return [
            {
                "name": class_name(self.classes, k),
                "own": k == own,
                "before": round(float(clean[k]), 6),
                "now": round(float(now[k]), 6),
            }
            for k in classes
        ]

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

    def _tell(self, event: str, account: Account, **what: Any) -> None:
        self._number += 1
        about = {"event": event, "number": self._number, "time": time(), "sample": account.sample.id}
        self._log.append({**about, **what})


def _cut(account: Account) -> dict[str, Any]:
    """How the sample is cut into cells, and in which colours distortions are painted; nothing elsewhere."""
    board = account.board
    if not isinstance(board, Canvas):
        return {}
    spec: InputSpec = account.sample.spec
    return {
        "cell": list(board.grid.cell),
        "counts": list(board.grid.counts),
        "sizes": [spec.shape[i] for i in spec.spatial],
        "tints": tints(board.layers),
    }


def _worn(account: Account, move: NDArray[Any]) -> dict[str, Any]:
    """Which distortion each cell has, as its place among the tints from 1, and how many cells each has."""
    board = account.board
    if not isinstance(board, Canvas):
        return {}
    names = list(tints(board.layers))
    place = [0, *(names.index(layer.distortion) + 1 for layer in board.layers)]
    cells = [place[int(layer)] for layer in move]
    used = Counter(names[k - 1] for k in cells if k)
    return {
        "touched": sum(used.values()),
        "used": used.most_common(),
        "cells": cells if len(cells) <= MOST_CELLS else None,
    }


def _ending(result: Any) -> dict[str, Any]:
    """How a sample ended, as its result has it."""
    if not isinstance(result, SearchResult):
        return {}
    return {
        "status": result.status.value,
        "query": result.queries,
        "l2": result.closest.l2 if result.closest else None,
    }
