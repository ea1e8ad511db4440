"""What lies below the served folder, and files of it, never through a symbolic link."""

import os
import stat
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

from brittle.server.reading.names import from_part, to_part
from brittle.store.files import read_plain

DEEPEST = 5  # folders below the root
MOST_ENTRIES = 20_000  # that are looked at
MOST_BYTES = 64_000_000  # of a file that is sent
PAGES = {
    "run.json": ("run", "report.html"),
    "benchmark.json": ("hard set", "board.html"),
    "question.json": ("hardening", "harden.html"),
    "compare.html": ("comparison", "compare.html"),
}
"""The file that tells what a folder is: what that is called, and its page."""
WHOLE = {"run", "hard set"}
"""Kinds of folders below which there is nothing else to be found."""


@dataclass(frozen=True)
class Found:
    """A folder that has something to show. name: its path below the root, "" for the root itself.

    page: the name of its finished page, empty where there is none yet.
    """

    kind: str
    path: Path
    name: str
    page: str

    @cached_property
    def id(self) -> str:
        """The name as one part of an address."""
        return to_part(self.name)


class Folders:
    """Everything below a root."""

    def __init__(self, root: Path) -> None:
        self.root = root.resolve()

    def all(self) -> list[Found]:
        """All folders with something to show, by name."""
        budget = [MOST_ENTRIES]
        return sorted(self._below(self.root, "", DEEPEST, budget), key=lambda found: found.name)

    def runs(self) -> list[Found]:
        """All runs, by name."""
        return [found for found in self.all() if found.kind == "run"]

    def get(self, part: str) -> Found | None:
        """The folder with this id; None where there is none, or one that a link leads to."""
        name = from_part(part)
        if name is None or len(name.split("/")) > DEEPEST + 1:
            return None
        path = self.root
        for piece in name.split("/") if name else []:
            if not _is_plain(piece):
                return None
            path = path / piece
            if not _is(path, stat.S_ISDIR):
                return None
        return _what(path, name)

    def _below(self, path: Path, name: str, deep: int, budget: list[int]) -> Iterator[Found]:
        found = _what(path, name)
        if found is not None:
            yield found
        if deep == 0 or (found is not None and found.kind in WHOLE):
            return
        try:
            with os.scandir(path) as entries:
                inside = [e.name for e in entries if _is_plain(e.name) and e.is_dir(follow_symlinks=False)]
        except OSError:
            return
        for piece in sorted(inside):
            budget[0] -= 1
            if budget[0] < 0:
                return
            yield from self._below(path / piece, f"{name}/{piece}" if name else piece, deep - 1, budget)


def has_inside(folder: Path, file: str) -> bool:
    """Whether a folder has a plain file of this name."""
    return _is(folder / file, stat.S_ISREG)


def read_inside(folder: Path, file: str) -> bytes | None:
    """A plain file below a folder; None where there is none, where it is too large, or behind a link."""
    if not all(map(_is_plain, file.split("/"))):
        return None
    try:
        return read_plain(folder, file, MOST_BYTES)
    except (OSError, ValueError):
        return None


def _what(path: Path, name: str) -> Found | None:
    """What a folder is, by the file that tells."""
    for file, (kind, page) in PAGES.items():
        if _is(path / file, stat.S_ISREG):
            return Found(kind, path, name, page if _is(path / page, stat.S_ISREG) else "")
    return None


def _is(path: Path, kind: object) -> bool:
    with suppress(OSError, ValueError):
        return bool(kind(os.stat(path, follow_symlinks=False).st_mode))  # type: ignore[operator]  # noqa: PTH116
    return False


def _is_plain(piece: str) -> bool:
    """Whether this names an entry of a folder, and not a hidden one."""
    return bool(piece) and not piece.startswith(".") and "/" not in piece and "\0" not in piece
