"""The folder live/ of a run that somebody watches: who watches says so there, and the run answers there.

watched         touched every 2 s by who watches; holds the sample to follow, or nothing
light           locked by the process that tells: one sample of a run is followed at a time
events-PID-N.jsonl   what is told, whole lines, a file a process; a full one is followed by the next

It is there while a run is watched, and gone when the run ends. Nothing in it, or about it, is a result. A run
folder may be a stranger's: the folder and its files are never opened through a symbolic link.
"""

import fcntl
import json
import os
import re
import stat
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from time import monotonic
from typing import Any

FOLDER, WATCHED, LIGHT = "live", "watched", "light"
EVENTS = re.compile(r"events-(\d{1,10})-(\d{1,6})\.jsonl")
LOOKS_EVERY = 1.0  # seconds between two looks of a run at `watched`
STALE = 10.0  # seconds without a touch after which nobody watches
MOST_BYTES = 8_000_000  # of one file of events
KEPT_FILES = 2  # of a process
MOST_WISH = 4096  # bytes of `watched`


class Interest:
    """Whether somebody watches a run, and which sample; costs one stat a second."""

    def __init__(self, folder: Path) -> None:
        self._path = folder / FOLDER / WATCHED
        self._folder = folder
        self._looked = self._seen = float("-inf")
        self._stamp: int | None = None
        self.sample: str | None = None

    def watched(self) -> bool:
        """Whether `watched` was touched in the last seconds; clocks of other machines do not matter."""
        now = monotonic()
        if now - self._looked >= LOOKS_EVERY:
            first, self._looked = self._looked == float("-inf"), now
            stamp = self._modified()
            if stamp is not None and stamp != self._stamp:
                if not first:  # what lies there at the beginning may be old
                    self._seen = now
                self.sample = _wish(self._folder)
            self._stamp = stamp
        return now - self._seen < STALE

    def _modified(self) -> int | None:
        try:
            return os.stat(self._path, follow_symlinks=False).st_mtime_ns  # noqa: PTH116
        except OSError:
            return None


class EventLog:
    """The events that this process tells of a run."""

    def __init__(self, folder: Path) -> None:
        self._folder, self._number, self._size = folder, 1, 0
        self._light: int | None = None

    @property
    def full(self) -> bool:
        """Whether what comes next belongs into the next file."""
        return self._size >= MOST_BYTES

    def take_light(self) -> bool:
        """Be the one process that tells, if no other is. Raises OSError."""
        with _opened(self._folder) as live:
            light = os.open(LIGHT, os.O_RDWR | os.O_CREAT | os.O_NOFOLLOW, 0o666, dir_fd=live)
        try:
            fcntl.flock(light, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:
            os.close(light)
            return False
        self._light = light
        return True

    def leave_light(self) -> None:
        """Let another process tell."""
        if self._light is not None:
            os.close(self._light)
            self._light = None

    def next_file(self) -> None:
        """Begin the next file; of those before it only the last is kept. Raises OSError."""
        self._number, self._size = self._number + 1, 0
        with _opened(self._folder) as live, suppress(FileNotFoundError):
            os.unlink(self._name(self._number - KEPT_FILES), dir_fd=live)

    def append(self, event: dict[str, Any]) -> None:
        """Add one whole line. Raises OSError."""
        line = json.dumps(event, separators=(",", ":")).encode() + b"\n"
        flags = os.O_WRONLY | os.O_APPEND | os.O_CREAT | os.O_NOFOLLOW
        with _opened(self._folder) as live:
            file = os.open(self._name(self._number), flags, 0o666, dir_fd=live)
        try:
            os.write(file, line)
        finally:
            os.close(file)
        self._size += len(line)

    def _name(self, number: int) -> str:
        return f"events-{os.getpid()}-{number}.jsonl"


def touch(folder: Path, sample: str | None, wish: bool = False) -> None:
    """Say that somebody watches a run; wish: also which sample, None for whichever. Raises OSError."""
    with suppress(FileExistsError):
        (folder / FOLDER).mkdir()
    flags = os.O_WRONLY | os.O_CREAT | os.O_NOFOLLOW
    with _opened(folder) as live:
        try:
            file, wish = os.open(WATCHED, flags | os.O_EXCL, 0o666, dir_fd=live), True
        except FileExistsError:
            file = os.open(WATCHED, flags | (os.O_TRUNC if wish else 0), 0o666, dir_fd=live)
        try:
            if wish and sample is not None:
                os.write(file, json.dumps(sample).encode()[:MOST_WISH])
            os.utime(file)
        finally:
            os.close(file)


def event_files(folder: Path) -> list[str]:
    """The names of the files of events, that of the last change last."""
    with suppress(OSError), _opened(folder) as live:
        found = []
        for name in os.listdir(live):  # noqa: PTH208
            if EVENTS.fullmatch(name):
                about = os.stat(name, dir_fd=live, follow_symlinks=False)
                if stat.S_ISREG(about.st_mode):
                    found.append((about.st_mtime_ns, name))
        return [name for _, name in sorted(found)]
    return []


def open_events(folder: Path, name: str) -> int:
    """A file of events for reading, which stays readable when the run has ended. Raises OSError."""
    with _opened(folder) as live:
        return os.open(name, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK, dir_fd=live)


def clear(folder: Path) -> None:
    """Take live/ away; files that are none of ours stay, and so does what a link leads to."""
    with suppress(OSError), _opened(folder) as live:
        for name in os.listdir(live):  # noqa: PTH208
            if name in (WATCHED, LIGHT) or EVENTS.fullmatch(name):
                with suppress(OSError):
                    os.unlink(name, dir_fd=live)
        (folder / FOLDER).rmdir()


def is_in_use(folder: Path) -> bool:
    """Whether a command works on this run now: the lock of the run is held."""
    try:
        lock = os.open(folder / "lock", os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK)
    except OSError:
        return False
    try:
        fcntl.flock(lock, fcntl.LOCK_SH | fcntl.LOCK_NB)
    except OSError:
        return True
    finally:
        os.close(lock)
    return False


def _wish(folder: Path) -> str | None:
    """The sample that `watched` names."""
    try:
        with _opened(folder) as live:
            file = os.open(WATCHED, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK, dir_fd=live)
        try:
            wish = json.loads(os.read(file, MOST_WISH) or b"null")
        finally:
            os.close(file)
    except (OSError, ValueError, RecursionError):
        return None
    return wish if isinstance(wish, str) else None


@contextmanager
def _opened(folder: Path) -> Iterator[int]:
    """live/ itself, never what a link in its place leads to. Raises OSError."""
    live = os.open(folder / FOLDER, os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW)
    try:
        yield live
    finally:
        os.close(live)
