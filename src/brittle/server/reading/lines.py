"""The lines of results.jsonl as a page lists them: a few numbers each, read once, damaged ones left out."""

import json
import os
from collections.abc import Mapping
from dataclasses import dataclass
from math import isfinite
from pathlib import Path
from typing import Any

from brittle.store.files import open_plain

FILE = "results.jsonl"
LONGEST_NAME = 2000
LONGEST_LINE = 64_000_000  # bytes
MOST_BYTES = 1_000_000_000


@dataclass(frozen=True)
class Line:
    """One finished sample. start, stop: where its line is in the file; l2, at: of the closest flip.

    explained, probability, suffices, flips, insertion, deletion: of an explanation; the class, and its map's.
    """

    sample: str
    status: str
    queries: int
    label: int | None
    predicted: int | None
    first: int | None
    l2: float | None
    at: int | None
    message: str
    start: int
    stop: int
    explained: int | None = None
    probability: float | None = None
    suffices: float | None = None
    flips: float | None = None
    insertion: float | None = None
    deletion: float | None = None

    @property
    def drawn(self) -> bool:
        """Whether there is a picture of it: a flip, or a map."""
        return self.l2 is not None or self.status == "explained"


class Lines:
    """The finished samples of a run, up to date: only what is new is read, all if the file is another."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._file: tuple[int, int] | None = None
        self._read = 0
        self.by_sample: dict[str, Line] = {}
        self.damaged = 0

    def update(self) -> "Lines":
        """Read what is new."""
        try:
            file = open_plain(self._folder, FILE)
        except OSError:
            self._forget(None)
            return self
        with file:
            about = os.fstat(file.fileno())
            key = (about.st_dev, about.st_ino)
            if key != self._file or about.st_size < self._read:
                self._forget(key)
            file.seek(self._read)
            while self._read <= MOST_BYTES and (text := file.readline(LONGEST_LINE)):
                if text.endswith(b"\n"):
                    self._take(text)
                    continue
                if len(text) == LONGEST_LINE:  # it is none of ours, and neither is what comes after it
                    self.damaged, self._read = self.damaged + 1, about.st_size
                break
        return self

    def text_of(self, sample: str) -> str | None:
        """The whole line of a sample."""
        line = self.by_sample.get(sample)
        try:
            with open_plain(self._folder, FILE) as file:
                if line is None:
                    return None
                file.seek(line.start)
                return file.read(line.stop - line.start).decode("utf-8")
        except (OSError, UnicodeDecodeError):
            return None

    def _forget(self, file: tuple[int, int] | None) -> None:
        self._file, self._read, self.by_sample, self.damaged = file, 0, {}, 0

    def _take(self, text: bytes) -> None:
        start, self._read = self._read, self._read + len(text)
        try:
            line = _line_of(json.loads(text), start, self._read)
        except (ValueError, RecursionError):
            self.damaged += 1
            return
        self.by_sample[line.sample] = line


def _line_of(data: Any, start: int, stop: int) -> Line:
    """What is listed of a sample. Raises ValueError."""
    if not isinstance(data, dict):
        raise ValueError("expected a record")
    sample, status = data.get("sample"), data.get("status")
    if not isinstance(sample, str) or not isinstance(status, str) or len(sample) > LONGEST_NAME:
        raise ValueError("expected a sample and its status")
    sample.encode("utf-8", "surrogateescape")  # what is no text has no address; it raises ValueError
    status.encode("utf-8")
    closest = _record(data, "closest")
    return Line(
        sample=sample,
        status=status[:40],
        queries=_whole(data, "queries") or 0,
        label=_whole(data, "label"),
        predicted=_whole(closest, "predicted") if closest else _whole(data, "predicted"),
        first=_whole(_record(data, "first"), "query"),
        l2=_number(closest, "l2"),
        at=_whole(closest, "query"),
        message=str(data.get("message") or "")[:500],
        start=start,
        stop=stop,
        explained=_whole(data, "explained"),
        probability=_number(data, "probability"),
        suffices=_number(_record(data, "suffices"), "share"),
        flips=_number(_record(data, "flips"), "share"),
        insertion=_number(data, "insertion"),
        deletion=_number(data, "deletion"),
    )


def _record(data: Mapping[str, Any], key: str) -> Mapping[str, Any]:
    found = data.get(key)
    return found if isinstance(found, dict) else {}


def _number(data: Mapping[str, Any], key: str) -> float | None:
    found = data.get(key)
    if isinstance(found, bool) or not isinstance(found, int | float):
        return None
    try:
        return float(found) if isfinite(found) else None
    except OverflowError:
        return None


def _whole(data: Mapping[str, Any], key: str) -> int | None:
    found = _number(data, key)
    return None if found is None else int(found)
