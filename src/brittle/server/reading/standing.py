"""Where runs stand, from their folders alone."""

import json
from collections import Counter, OrderedDict
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from statistics import median
from threading import Lock
from typing import Any

from brittle.core.errors import BrittleError
from brittle.report import wording
from brittle.report.intervals import wilson
from brittle.server.reading.folders import Folders, Found, read_inside
from brittle.server.reading.lines import Line, Lines
from brittle.store.files import open_plain
from brittle.store.live import is_in_use
from brittle.store.manifest import Manifest
from brittle.tasks.playing.settings import shard_of

NO_FIGURES = dict.fromkeys(("asr", "sure", "l2", "queries", "suffices", "flips", "insertion"), "")
MOST_OF_A_SESSION = 100_000  # bytes of its line
MOST_KEPT = 200  # runs whose lines are kept in memory
MOST = 10**12
"""Samples, and queries of one, that are shown: a run may be a stranger's, and say any number."""


@dataclass(frozen=True)
class Standing:
    """One run as pages list it; texts are ready to be shown."""

    found: Found
    manifest: Manifest | None
    state: str
    done: int
    total: int
    counts: Mapping[str, int]
    damaged: int
    lines: Mapping[str, Line]
    trouble: str = ""

    @property
    def verb(self) -> str:
        """What was asked for."""
        return self.manifest.verb if self.manifest else ""

    @property
    def model(self) -> str:
        """The model's name, of a path its last part."""
        return wording.short_name(str(self.manifest.model.get("name", ""))) if self.manifest else ""

    @property
    def data(self) -> str:
        """The name of the data."""
        return wording.short_name(str(self.manifest.data.get("name", ""))) if self.manifest else ""

    @property
    def search(self) -> str:
        """What plays."""
        settings = self.manifest.settings if self.manifest else {}
        player = self.manifest.player if self.manifest else ""
        return player or wording.text_setting(settings, "explainer")

    @property
    def budget(self) -> int | None:
        """Queries that a sample may take."""
        found = self.manifest.settings.get("budget") if self.manifest else None
        return _bounded(found) if isinstance(found, int) else None

    @property
    def classes(self) -> list[str]:
        """Names of classes."""
        return [str(name) for name in self.manifest.model.get("classes", ())] if self.manifest else []

    @property
    def begun(self) -> str:
        """When it was begun."""
        return begun(self.found.path)

    @property
    def unread(self) -> bool:
        """Never: a standing is what was read."""
        return False

    def figures(self) -> dict[str, str]:
        """The main numbers of an audit or an explanation in words; of other verbs, and the other's, empty."""
        if self.verb == "explain":
            return {**NO_FIGURES, **self._maps()}
        if self.verb != "audit":
            return NO_FIGURES
        flipped = self.counts.get("flipped", 0)
        played = flipped + self.counts.get("survived", 0)
        l2 = [line.l2 for line in self.lines.values() if line.l2 is not None]
        first = [line.first for line in self.lines.values() if line.first is not None]
        return {
            **NO_FIGURES,
            "asr": wording.percent(flipped / played if played else None),
            "sure": wording.percent_interval(wilson(flipped, played)) if played else "",
            "l2": wording.number(median(l2) if l2 else None),
            "queries": wording.number(median(first) if first else None),
        }

    def _maps(self) -> dict[str, str]:
        """Medians over the samples that have them."""
        lines = self.lines.values()
        suffices = [line.suffices for line in lines if line.suffices is not None]
        flips = [line.flips for line in lines if line.flips is not None]
        insertion = [line.insertion for line in lines if line.insertion is not None]
        return {
            "suffices": wording.percent(median(suffices) if suffices else None),
            "flips": wording.percent(median(flips) if flips else None),
            "insertion": wording.number(median(insertion) if insertion else None),
        }

    def to_dict(self) -> dict[str, Any]:
        """Plain data, for the pages that keep themselves up to date."""
        return {
            "id": self.found.id,
            "state": self.state,
            "done": self.done,
            "total": self.total,
            "counts": dict(self.counts),
            "page": self.found.page,
            **self.figures(),
        }


class Standings:
    """The standing of every run below a root; lines that were read once are not read again."""

    def __init__(self, folders: Folders) -> None:
        self.folders = folders
        self._lines: OrderedDict[Path, Lines] = OrderedDict()
        self._lock = Lock()

    def all(self) -> list[Standing]:
        """Everything below the root that is a run."""
        return [self.of(found) for found in self.folders.runs()]

    def of(self, found: Found) -> Standing:
        """One run; one that cannot be read has its trouble in words."""
        try:
            text = read_inside(found.path, "run.json")
            manifest = Manifest.from_json((text or b"").decode("utf-8"))
        except (BrittleError, UnicodeDecodeError) as error:
            trouble = " ".join(str(error).split())
            state = "damaged" if (found.path / "run.json").exists() else "gone"
            return Standing(found, None, state, 0, 0, {}, 0, {}, trouble)
        with self._lock:
            lines = self._lines_of(found.path)
            by_sample, damaged = dict(lines.by_sample), lines.damaged
        done, total = len(by_sample), _total(manifest)
        counts = Counter(line.status for line in by_sample.values())
        running = is_in_use(found.path)
        state = "running" if running else "done" if done and done >= total else "interrupted"
        return Standing(found, manifest, state, done, total, counts, damaged, by_sample)

    def text_of(self, found: Found, sample: str) -> str | None:
        """The whole line of a finished sample."""
        with self._lock:
            return self._lines_of(found.path).text_of(sample)

    def _lines_of(self, folder: Path) -> Lines:
        """The finished samples of a run, up to date."""
        lines = self._lines.setdefault(folder, Lines(folder))
        self._lines.move_to_end(folder)
        while len(self._lines) > MOST_KEPT:
            self._lines.popitem(last=False)
        return lines.update()


def begun(path: Path) -> str:
    """When a run was begun, in UTC to the minute, as its first session has it; empty where none has."""
    try:
        with open_plain(path, "sessions.jsonl") as file:
            time = datetime.fromisoformat(json.loads(file.readline(MOST_OF_A_SESSION))["started"])
            return f"{time.astimezone(UTC):%Y-%m-%d %H:%M}"
    except (OSError, ValueError, TypeError, KeyError, OverflowError, RecursionError):
        return ""


def _bounded(number: int) -> int:
    return max(0, min(number, MOST))


def _total(manifest: Manifest) -> int:
    """Samples that a run plays: all, or those of its shard."""
    samples, shard = _bounded(int(manifest.data["samples"])), manifest.settings.get("shard")
    try:
        number, of = shard_of(shard) if isinstance(shard, str) else (1, 1)
        return len(range(number - 1, samples, of))
    except ValueError:
        return samples
