"""A run as one zip, made while it is sent: known files alone, none through a symbolic link."""

import os
import re
from collections.abc import Iterator, Sequence
from contextlib import suppress
from io import RawIOBase
from pathlib import Path
from typing import Any
from zipfile import ZIP_DEFLATED, ZIP_STORED, ZipFile, ZipInfo

from brittle.core.errors import RunError
from brittle.server.reading.names import EMPTY
from brittle.store.files import open_plain

FILES = (
    *("run.json", "settings.yaml", "sessions.jsonl", "rows.jsonl", "results.jsonl", "results.csv"),
    *("summary.json", "report.html", "console.txt", "agent.safetensors", "agent.json"),
    *("seal.sha256", "regulator.html", "regulator.pdf"),
)
PLACES = ("flips", "explanations", "shown", "pictures", "masks", "trail", "curves")
EVERYTHING = ("answers.sqlite",)
"""What is in it only if all is asked for: every answer of the model, which may be much."""
PLAIN = re.compile(r"[A-Za-z0-9_-][A-Za-z0-9._-]*")
"""Names of files that runs have; other ones are a stranger's."""
MOST_FILES, MOST_BYTES = 200_000, 8 << 30
AT_ONCE = 1 << 18  # bytes
SQUEEZED = {".jsonl", ".json", ".csv", ".txt", ".yaml", ".html"}
"""Suffixes of what becomes smaller; pictures are stored as they are."""


def listed(folder: Path, everything: bool = False) -> list[str]:
    """The files of a run that are sent, in order. Raises RunError where it is too much."""
    names = [*FILES, *(EVERYTHING if everything else ())]
    for place in PLACES:
        names += sorted(_inside(folder, place))
    sizes = {name: size for name in names if (size := _size(folder, name)) is not None}
    if len(sizes) > MOST_FILES or sum(sizes.values()) > MOST_BYTES:
        raise RunError(
            f"this run is too much for one download: {len(sizes):,} files; copy its folder instead"
        )
    return list(sizes)


def zipped(folder: Path, files: Sequence[str], top: str) -> Iterator[bytes]:
    """A zip of these files in parts, below a folder called top; the same bytes for the same files."""
    sink = _Sink()
    with ZipFile(sink, "w") as archive:
        for name in files:
            with suppress(OSError), open_plain(folder, name) as file:
                left = os.fstat(file.fileno()).st_size  # what a run at work adds meanwhile is left out
                about = ZipInfo(f"{top}/{name}")
                about.compress_type = ZIP_DEFLATED if Path(name).suffix in SQUEEZED else ZIP_STORED
                about.external_attr, about.file_size = 0o644 << 16, left
                with archive.open(about, "w") as entry:
                    while left and (data := file.read(min(AT_ONCE, left))):
                        left -= len(data)
                        entry.write(data)
                        yield sink.taken()
    yield sink.taken()


def top_of(part: str) -> str:
    """What the folder in the zip of the run with this id is called."""
    return "run" if part == EMPTY else part


def _inside(folder: Path, place: str) -> Iterator[str]:
    with suppress(OSError):
        opened = os.open(folder / place, os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW)
        try:
            for entry in os.listdir(opened):  # noqa: PTH208
                if PLAIN.fullmatch(entry) and not entry.endswith(".part"):
                    yield f"{place}/{entry}"
        finally:
            os.close(opened)


def _size(folder: Path, name: str) -> int | None:
    with suppress(OSError), open_plain(folder, name) as file:
        return os.fstat(file.fileno()).st_size
    return None


class _Sink(RawIOBase):
    """Takes what is written, until it is taken away; it cannot be sought in."""

    def __init__(self) -> None:
        self._parts: list[bytes] = []

    def writable(self) -> bool:
        return True

    def write(self, data: Any) -> int:
        self._parts.append(bytes(data))
        return len(data)

    def taken(self) -> bytes:
        found = b"".join(self._parts)
        self._parts.clear()
        return found
