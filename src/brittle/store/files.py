"""Writing files so that a reader never sees half of one, and a full disk gives one clear line.

A run folder may be a stranger's: nothing is written through a symbolic link in it, which may lead anywhere.
"""

import errno
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path, PurePosixPath
from stat import S_ISREG
from typing import BinaryIO

from brittle.core.errors import DiskError

ESCAPED = "backslashreplace"
"""How what is no text is written, such as a file name of another encoding: as JSON escapes it, too."""
LINKED = "it is a symbolic link, which may lead out of the run folder; put the file or folder itself there"


@contextmanager
def clear_disk_errors(path: Path) -> Iterator[None]:
    """Turn an OSError while writing path into a DiskError."""
    try:
        yield
    except OSError as error:
        raise DiskError(f"cannot write {path}: {_why(error)}") from error


def _why(error: OSError) -> str:
    if error.errno == errno.ELOOP:
        return LINKED
    full = error.errno in (errno.ENOSPC, errno.EDQUOT)
    advice = (
        "free some space and run the same command again; what is finished is kept"
        if full
        else "choose another --out"
    )
    return f"{error.strerror or error}; {advice}"


def refuse_link(path: Path) -> None:
    """Raise DiskError if a file or folder to write to is a symbolic link."""
    if path.is_symlink():
        raise DiskError(f"cannot write {path}: {LINKED}")


@contextmanager
def whole_file(path: Path) -> Iterator[BinaryIO]:
    """A new file that takes the place of path once all is written. Raises DiskError.

    What lies there meanwhile, NAME.part, is always made anew: one of a killed process is removed, and so is a
    link, which would be followed otherwise.
    """
    partial = path.with_name(path.name + ".part")
    with clear_disk_errors(path):
        path.parent.mkdir(parents=True, exist_ok=True)
        partial.unlink(missing_ok=True)
        with partial.open("xb") as file:
            yield file
        partial.replace(path)


def write_whole(path: Path, data: bytes | str) -> None:
    """Write a file at once: the old content or the new, never a part. Raises DiskError."""
    with whole_file(path) as file:
        file.write(data.encode(errors=ESCAPED) if isinstance(data, str) else data)


def read_plain(folder: Path, file: str, most: int, *, follow: bool = False) -> bytes:
    """A plain file below a folder, reached through no link. Raises OSError or ValueError, which says why not.

    file: its path with / between the parts. most: bytes. follow: whether the folder itself may be a link.
    """
    with open_plain(folder, file, follow=follow) as reader:
        size = os.fstat(reader.fileno()).st_size
        if size > most:
            raise OSError(f"expected at most {most >> 20} MiB, it has {size >> 20}")
        return reader.read(most)


def open_plain(folder: Path, file: str, *, follow: bool = False) -> BinaryIO:
    """The same file, open for reading. Raises OSError or ValueError, which says why not."""
    *parents, name = PurePosixPath(file).parts
    if PurePosixPath(file).is_absolute() or ".." in (*parents, name):
        raise OSError("it is outside of the set")
    into = os.O_RDONLY | os.O_DIRECTORY
    place = os.open(folder, into if follow else into | os.O_NOFOLLOW)
    try:
        for parent in parents:
            inner = os.open(parent, into | os.O_NOFOLLOW, dir_fd=place)
            os.close(place)
            place = inner
        opened = os.open(name, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK, dir_fd=place)
    finally:
        os.close(place)
    if not S_ISREG(os.fstat(opened).st_mode):
        os.close(opened)
        raise OSError("it is no plain file")
    return os.fdopen(opened, "rb")


def append_line(path: Path, line: str) -> None:
    """Append one line and hand it to the disk. Raises DiskError, for a link too."""
    with (
        clear_disk_errors(path),
        open(path, "a", encoding="utf-8", errors=ESCAPED, opener=_no_link) as file,
    ):
        file.write(line + "\n")
        file.flush()
        os.fsync(file.fileno())


def drop_half_line(path: Path) -> None:
    """Cut off a last line that a killed process left without its end. Raises DiskError, for a link too."""
    if not path.is_file():
        return
    with clear_disk_errors(path), open(path, "rb+", opener=_no_link) as file:
        whole = 0
        for line in file:
            whole += len(line) if line.endswith(b"\n") else 0
        file.truncate(whole)


def _no_link(path: str, flags: int) -> int:
    return os.open(path, flags | os.O_NOFOLLOW, 0o666)
