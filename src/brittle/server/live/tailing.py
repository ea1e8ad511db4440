"""The events that a watched run tells, read from its folder as they come."""

import json
import os
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path
from typing import Any

from brittle.server.live.told import checked
from brittle.store.live import event_files, open_events

MOST_FILES = 8  # that are read: one process tells at a time, and what was told last is in the last ones
MOST_READ = 20_000_000  # bytes of one file
LONGEST_LINE = 4_000_000  # bytes


class Tail:
    """What is told of one run. Files stay open, so that the last of it is read after the run has ended."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._files: dict[str, _File] = {}
        self._late = True

    def news(self) -> list[dict[str, Any]]:
        """What was told since the last time; the first time where the followed sample stands now."""
        names = event_files(self._folder)[-MOST_FILES:]
        for name in names:
            if name not in self._files:
                with suppress(OSError):
                    self._files[name] = _File(open_events(self._folder, name))
        found = [event for file in self._files.values() for event in file.read()]
        for name in [name for name in self._files if name not in names]:
            self._files.pop(name).close()
        found.sort(key=_time)
        if not self._late or not found:
            return found
        self._late = False
        return caught_up(found)

    def close(self) -> None:
        """Let the files go."""
        for file in self._files.values():
            file.close()
        self._files.clear()


def caught_up(events: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """The sample that was begun last, with its curve so far, and its last step, for who comes late."""
    starts = [place for place, event in enumerate(events) if event["event"] == "sample"]
    if not starts:
        return []
    start = events[starts[-1]]
    later = [event for event in events[starts[-1] + 1 :] if event.get("sample") == start.get("sample")]
    points, closest, found = list(_points(start)), start.get("closest"), []
    for event in later:
        points += _points(event)
        closest = event.get("closest", closest)
    found.append({**start, "points": points, "closest": closest})
    steps = [event for event in later if event["event"] == "step"]
    ends = [event for event in later if event["event"] == "end"]
    found += [{**event, "points": []} for event in (*steps[-1:], *ends[-1:])]
    return found


class _File:
    """One open file of events, read line by line."""

    def __init__(self, number: int) -> None:
        self._number, self._rest, self._seen = number, b"", 0

    def read(self) -> Iterator[dict[str, Any]]:
        """The whole lines that came since the last time; what makes no sense is left out."""
        while self._seen < MOST_READ:
            try:
                data = os.read(self._number, 1 << 20)
            except OSError:
                return
            if not data:
                return
            self._seen += len(data)
            *lines, self._rest = (self._rest + data).split(b"\n")
            for line in lines:
                event = _event(line)
                if event is not None:
                    yield event
            if len(self._rest) > LONGEST_LINE:
                self._seen = MOST_READ

    def close(self) -> None:
        os.close(self._number)


def _event(line: bytes) -> dict[str, Any] | None:
    try:
        return checked(json.loads(line))
    except (ValueError, RecursionError):
        return None


def _time(event: dict[str, Any]) -> float:
    return float(event.get("time", 0.0))


def _points(event: dict[str, Any]) -> list[Any]:
    return list(event.get("points", ()))
