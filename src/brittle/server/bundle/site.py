"""A folder of files that is written whole, with their digests, in place of what was there."""

import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from hashlib import sha256
from pathlib import Path

from brittle.core.errors import RunError
from brittle.store.files import clear_disk_errors

SUMS = "SHA256SUMS"
"""A line for each of the other files, as sha256sum checks it."""
MARK = "bundle.json"


class Site:
    """The files that are written. sizes: in bytes, by path with / between its parts."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._digests: dict[str, str] = {}
        self.sizes: dict[str, int] = {}

    def __contains__(self, file: str) -> bool:
        return file in self._digests

    def write(self, file: str, data: bytes | str) -> None:
        """Write a file, once. Raises DiskError."""
        data = data.encode("utf-8", "replace") if isinstance(data, str) else data
        path = self._folder / file
        with clear_disk_errors(path):
            path.parent.mkdir(parents=True, exist_ok=True)
            with path.open("xb") as out:
                out.write(data)
        self._digests[file], self.sizes[file] = sha256(data).hexdigest(), len(data)

    def finish(self) -> None:
        """Write the digests of all. Raises DiskError."""
        lines = [f"{digest}  {file}\n" for file, digest in sorted(self._digests.items())]
        path = self._folder / SUMS
        with clear_disk_errors(path):
            path.write_text("".join(lines), encoding="utf-8")


@contextmanager
def written_whole(out: Path) -> Iterator[Site]:
    """A site that takes the place of `out` when all is written; nothing is left where that fails.

    Raises RunError where `out` holds anything but an earlier one, DiskError.
    """
    refuse_other(out)
    with clear_disk_errors(out):
        out.parent.mkdir(parents=True, exist_ok=True)
        partial = _beside(out, "part")
        partial.mkdir()
    try:
        site = Site(partial)
        yield site
        site.finish()
        with clear_disk_errors(out):
            _take_place(partial, out)
    finally:
        shutil.rmtree(partial, ignore_errors=True)


def refuse_other(out: Path) -> None:
    """Raise RunError where a folder holds anything but a site as it was written."""
    if out.is_symlink() or (out.exists() and not out.is_dir()):
        raise RunError(f"expected a folder for the bundle, but {out} is none; choose another --out")
    if not out.exists() or not any(out.iterdir()):
        return
    foreign = sorted(set(_files(out)) - _listed(out))
    if foreign or not (out / MARK).is_file():
        raise RunError(
            f"expected a new or empty folder, or a bundle to write again, but {out} holds "
            f"{foreign[0] if foreign else 'other files'}; choose another --out"
        )


def _listed(out: Path) -> set[str]:
    with suppress(OSError, UnicodeDecodeError):
        lines = (out / SUMS).read_text(encoding="utf-8").splitlines()
        return {SUMS, *(line.partition("  ")[2] for line in lines)}
    return set()


def _files(folder: Path) -> Iterator[str]:
    """Everything below a folder but folders themselves."""
    for place, _, files in os.walk(folder):
        yield from ((Path(place) / file).relative_to(folder).as_posix() for file in files)


def _take_place(partial: Path, out: Path) -> None:
    if not out.exists():
        partial.rename(out)
        return
    earlier = _beside(out, "earlier")
    out.rename(earlier)
    partial.rename(out)
    shutil.rmtree(earlier)


def _beside(out: Path, what: str) -> Path:
    return out.with_name(f".{out.name}.{os.getpid()}.{what}")
