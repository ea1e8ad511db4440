"""Writing files so that a reader never sees half of one, and a full disk gives one clear line."""

import errno
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from brittle.core.errors import DiskError

ESCAPED = "backslashreplace"
"""How what is no text is written, such as a file name of another encoding: as JSON escapes it, too."""


@contextmanager
def clear_disk_errors(path: Path) -> Iterator[None]:
    """Turn an OSError while writing path into a DiskError."""
    try:
        yield
    except OSError as error:
        full = error.errno in (errno.ENOSPC, errno.EDQUOT)
        advice = (
            "free some space and run the same command again; what is finished is kept"
            if full
            else "choose another --out"
        )
        raise DiskError(f"cannot write {path}: {error.strerror or error}; {advice}") from error


def write_whole(path: Path, data: bytes | str) -> None:
    """Write a file at once: the old content or the new, never a part. Raises DiskError."""
    raw = data.encode(errors=ESCAPED) if isinstance(data, str) else data
    partial = path.with_name(path.name + ".part")
    with clear_disk_errors(path):
        path.parent.mkdir(parents=True, exist_ok=True)
        partial.write_bytes(raw)
        partial.replace(path)


def append_line(path: Path, line: str) -> None:
    """Append one line and hand it to the disk. Raises DiskError."""
    with clear_disk_errors(path), path.open("a", encoding="utf-8", errors=ESCAPED) as file:
        file.write(line + "\n")
        file.flush()
        os.fsync(file.fileno())


def drop_half_line(path: Path) -> None:
    """Cut off a last line that a killed process left without its end."""
    if not path.is_file():
        return
    with clear_disk_errors(path), path.open("rb+") as file:
        whole = 0
        for line in file:
            whole += len(line) if line.endswith(b"\n") else 0
        file.truncate(whole)
