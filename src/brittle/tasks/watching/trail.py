"""Keep how each sample of an audit was played: its clean answer and every improvement, to be replayed later.

It is kept beside the results and changes nothing of them. What goes wrong while it is told costs the trail of
that sample, never the audit.
"""

import json
import logging
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray

from brittle.core.account import Account
from brittle.core.request import SampleRun
from brittle.core.result import SearchResult, Status
from brittle.core.sample import Array
from brittle.store.kept import Kept
from brittle.store.records import FORMAT
from brittle.store.trails import MOST_BYTES, MOST_STEPS, trail_file
from brittle.tasks.watching.previews import Look
from brittle.tasks.watching.told import attempt, beginning, ending

LOG = logging.getLogger("brittle")
LEAST_STEPS = 3
LOOK = Look(224, 70)


@dataclass
class _Trail:
    """What is known of a sample under way. seen: its last query that was looked at."""

    clean: Array
    start: dict[str, Any]
    steps: dict[int, dict[str, Any]] = field(default_factory=dict)
    seen: int = 0


class Trails:
    """The trails of samples under way; `onlook` is a core.sample_run.Onlooker."""

    def __init__(self, files: Kept, classes: Sequence[str]) -> None:
        self.files, self.classes = files, classes
        self._open: dict[str, _Trail] = {}

    def onlook(self, account: Account, moves: NDArray[Any], answers: Array) -> None:
        """What a search has shown, and what was answered; before its first move the clean answer."""
        name = account.sample.id
        try:
            if not len(moves):
                start = beginning(account, self.classes, answers[0], LOOK)
                self._open[name] = _Trail(answers[0].copy(), start)
            elif name in self._open:
                self._look(self._open[name], account, moves, answers)
        except Exception as error:
            LOG.warning(f"{name}: its trail is not kept: {type(error).__name__}: {error}")
            self._open.pop(name, None)

    def kept(self, run: SampleRun[SearchResult]) -> SampleRun[SearchResult]:
        """The same run of a sample, whose trail is there once it ends. Raises DiskError."""
        result = yield from run
        trail = self._open.pop(result.sample, None)
        if trail is not None and result.status in (Status.FLIPPED, Status.SURVIVED):
            self.files.write(trail_file(result.sample), _text(trail, result))
        return result

    def _look(self, trail: _Trail, account: Account, moves: NDArray[Any], answers: Array) -> None:
        """Keep the moves of a request that improved something: those that are points of the curve."""
        before = account.queries - len(moves)
        for point in account.curve:
            if point.query > trail.seen:
                place = point.query - before - 1
                told = attempt(
                    account, self.classes, trail.clean, moves[place], answers[place], point.query, LOOK
                )
                trail.steps[point.query] = {**told, "points": [point]}
        trail.seen = account.queries
        if len(trail.steps) > 2 * MOST_STEPS:
            queries = _evenly(trail.steps, MOST_STEPS)
            trail.steps = {query: trail.steps[query] for query in queries}


def _text(trail: _Trail, result: SearchResult) -> str:
    """The lines of a file: the beginning, steps that are still in the curve of the result, the end."""
    held = {point.query for point in result.curve}
    steps = {query: step for query, step in trail.steps.items() if query in held}
    lines = {query: _line("step", result, step) for query, step in steps.items()}
    first, last = _line("sample", result, trail.start), _line("end", result, ending(result))
    most, text = MOST_STEPS, first + "".join(lines[query] for query in _evenly(steps, MOST_STEPS)) + last
    while len(text) > MOST_BYTES and most > LEAST_STEPS:
        most = most * 3 // 4
        text = first + "".join(lines[query] for query in _evenly(steps, most)) + last
    return text if len(text) <= MOST_BYTES else first + last


def _evenly(steps: Mapping[int, dict[str, Any]], most: int) -> list[int]:
    """At most so many queries of these steps: the first, the last, the first flip, and some between."""
    queries = list(steps)
    if len(queries) <= most:
        return queries
    places = set(np.linspace(0, len(queries) - 1, most - 1).round().astype(int).tolist())
    flips = [place for place, query in enumerate(queries) if steps[query]["points"][0].l2 is not None]
    return [queries[place] for place in sorted(places | set(flips[:1]))]


def _line(event: str, result: SearchResult, what: dict[str, Any]) -> str:
    return (
        json.dumps({"event": event, "format": FORMAT, "sample": result.sample, **what}, separators=(",", ":"))
        + "\n"
    )
