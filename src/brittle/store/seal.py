r"""The seal of a folder: the SHA-256 of every file in it, as `sha256sum -c seal.sha256` checks them too.

A folder may be a stranger's: nothing is read through a symbolic link, and one in it is an error. A name with
a backslash or a line end is escaped as sha256sum does it: \\, \n and \r, and a backslash before the digest.
"""

import os
import re
from collections.abc import Collection, Iterator, Mapping
from hashlib import sha256
from pathlib import Path

from brittle.core.errors import RunError
from brittle.store.files import open_plain, read_plain, write_whole

SEAL = "seal.sha256"
PASSING = (SEAL, "lock", "live", "regulator.html", "regulator.pdf")
"""What is no part of what is sealed: locks, watchers, and the document that quotes the seal."""
LINE = re.compile(rb"(\\?)([0-9a-f]{64})  (.+)")
ESCAPES = {b"\\": b"\\\\", b"\n": b"\\n", b"\r": b"\\r"}
MOST = 1 << 28  # bytes of a seal
AT_ONCE = 1 << 20  # bytes


def digests(folder: Path) -> dict[str, str]:
    """The SHA-256 of every file below a folder, by its path with / between the parts. Raises RunError."""
    found = {}
    for file in sorted(files_below(folder)):
        digest = sha256()
        try:
            with open_plain(folder, file, follow=True) as reader:
                while data := reader.read(AT_ONCE):
                    digest.update(data)
        except (OSError, ValueError) as error:
            raise _refused(file, getattr(error, "strerror", None) or str(error)) from error
        found[file] = digest.hexdigest()
    return found


def write_seal(folder: Path, found: Mapping[str, str]) -> str:
    """Write the seal of these digests; returns its own. Raises DiskError."""
    data = b"".join(_line(file, digest) for file, digest in sorted(found.items()))
    write_whole(folder / SEAL, data)
    return sha256(data).hexdigest()


def read_seal(folder: Path) -> tuple[dict[str, str], str]:
    """The digests that a folder is sealed with, and that of the seal. Raises RunError."""
    try:
        data = read_plain(folder, SEAL, MOST, follow=True)
    except FileNotFoundError as error:
        raise RunError(f"{folder} has no {SEAL}; `brittle seal {folder}` makes one") from error
    except (OSError, ValueError) as error:
        raise _refused(SEAL, getattr(error, "strerror", None) or str(error)) from error
    found = {}
    for number, line in enumerate(data.removesuffix(b"\n").split(b"\n") if data else (), 1):
        match = LINE.fullmatch(line)
        if match is None:
            raise RunError(f"line {number} of {SEAL} is damaged: expected a SHA-256 and a file")
        found[os.fsdecode(_unescaped(match[3]) if match[1] else match[3])] = match[2].decode()
    return found, sha256(data).hexdigest()


def files_below(folder: Path, passing: Collection[str] = PASSING, inside: str = "") -> Iterator[str]:
    """Paths of all files below a folder, but for what is passing. Raises RunError for a symbolic link."""
    try:
        with os.scandir(folder / inside) as entries:
            there = [entry for entry in entries if inside or entry.name not in passing]
    except OSError as error:
        raise _refused(inside or str(folder), str(error.strerror)) from error
    for entry in there:
        path = f"{inside}{entry.name}"
        if entry.is_symlink():
            raise _refused(path, "it is a symbolic link; put the file or folder itself there")
        if entry.is_dir():
            yield from files_below(folder, passing, f"{path}/")
        else:
            yield path


def _refused(file: str, why: str) -> RunError:
    return RunError(f"cannot read {file!r}: {why}")


def _line(file: str, digest: str) -> bytes:
    name = os.fsencode(file)
    escaped = b"".join(ESCAPES.get(bytes([byte]), bytes([byte])) for byte in name)
    mark = b"\\" if escaped != name else b""
    return mark + digest.encode() + b"  " + escaped + b"\n"


def _unescaped(name: bytes) -> bytes:
    back = {escape[1:]: plain for plain, escape in ESCAPES.items()}
    return re.sub(rb"\\(.)", lambda found: back.get(found[1], found[0]), name)
