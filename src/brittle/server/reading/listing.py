"""The list of runs: each is read once, and again when a file of it has changed."""

from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from threading import Lock
from time import thread_time
from typing import Any

from brittle.server.reading.folders import Found
from brittle.server.reading.standing import Standing, Standings
from brittle.store.live import is_in_use

PATIENCE = 0.1
"""Seconds of CPU that the first sight of a list may take to read what it does not know yet."""
READ = ("run.json", "results.jsonl", "sessions.jsonl")
Stamp = tuple[tuple[int, int, int], ...]


@dataclass(frozen=True)
class Listed:
    """One run as the list shows it; texts are ready to be shown. plain: as Standing.to_dict has it.

    unread: nothing is known of it yet but its name.
    """

    found: Found
    plain: Mapping[str, Any]
    verb: str = ""
    model: str = ""
    data: str = ""
    search: str = ""
    begun: str = ""
    trouble: str = ""
    unread: bool = False

    @classmethod
    def of(cls, standing: Standing) -> "Listed":
        """What of a run is listed."""
        return cls(
            found=standing.found,
            plain=standing.to_dict(),
            verb=standing.verb,
            model=standing.model,
            data=standing.data,
            search=standing.search,
            begun=standing.begun,
            trouble=standing.trouble,
        )

    @property
    def state(self) -> str:
        """As the standing has it."""
        return str(self.plain.get("state", ""))

    @property
    def done(self) -> int:
        """Samples that are done."""
        return int(self.plain.get("done", 0))

    @property
    def total(self) -> int:
        """Samples that are played."""
        return int(self.plain.get("total", 0))

    def figures(self) -> Mapping[str, str]:
        """The main numbers in words."""
        return self.plain

    def to_dict(self) -> dict[str, Any]:
        """Plain data, for the page that keeps itself up to date."""
        return dict(self.plain)


class Listing:
    """All runs below a root, as they are listed."""

    def __init__(self, standings: Standings) -> None:
        self._standings = standings
        self._known: dict[Path, tuple[Stamp, bool, Listed]] = {}
        self._lock = Lock()

    def of(self, found: list[Found], patience: float = float("inf")) -> list[Listed]:
        """Runs in their order.

        patience: seconds of CPU that reading those may take that are new or have changed; later ones
        stay unread, or as they were.
        """
        begun, listed = thread_time(), []
        for one in found:
            stamp, running = _stamp(one.path), is_in_use(one.path)
            known = self._known.get(one.path)
            if known is not None and known[:2] == (stamp, running) and known[2].found == one:
                listed.append(known[2])
            elif thread_time() - begun < patience:
                listed.append(self._read(one, stamp, running))
            else:
                listed.append(known[2] if known else Listed(one, {"id": one.id}, unread=True))
        self._forget({one.path for one in found})
        return listed

    def _read(self, found: Found, stamp: Stamp, running: bool) -> Listed:
        listed = Listed.of(self._standings.of(found))
        with self._lock:
            self._known[found.path] = (stamp, running, listed)
        return listed

    def _forget(self, there: set[Path]) -> None:
        with self._lock:
            for gone in self._known.keys() - there:
                del self._known[gone]


def _stamp(folder: Path) -> Stamp:
    """What changes with the files that are read of a run."""
    return tuple(_of(folder / name) for name in READ)


def _of(path: Path) -> tuple[int, int, int]:
    with suppress(OSError):
        about = path.lstat()
        return about.st_ino, about.st_mtime_ns, about.st_size
    return 0, 0, 0
