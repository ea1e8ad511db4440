"""Seal what a command left, so that anyone can see later whether a file of it was changed."""

from dataclasses import dataclass
from pathlib import Path

from brittle.core.errors import RunError, UsageError
from brittle.store import live
from brittle.store.seal import SEAL, digests, read_seal, write_seal


@dataclass(frozen=True)
class Seal:
    """A sealed folder. files: how many. sha256: of the seal, and so of all that the folder holds."""

    path: Path
    files: int
    sha256: str


@dataclass(frozen=True)
class SealCheck:
    """Whether a folder is as it was sealed. changed, missing, added: paths. is_expected: as of check_seal."""

    seal: Seal
    changed: tuple[str, ...]
    missing: tuple[str, ...]
    added: tuple[str, ...]
    is_expected: bool = True

    @property
    def holds(self) -> bool:
        """Whether nothing differs."""
        return self.is_expected and not (self.changed or self.missing or self.added)


def seal(folder: str | Path) -> Seal:
    """Write the SHA-256 of every file of a folder into its seal.sha256, in place of an earlier one.

    folder: of a run, a hardening, a hard set or a bundle. Raises RunError where a command still works on it,
    where it holds nothing, or a symbolic link; DiskError.
    """
    path = Path(folder)
    if not path.is_dir():
        raise RunError(f"expected the folder of a run, but {path} is none")
    if live.is_in_use(path):
        raise RunError(f"a command works on {path}; seal it when that is done")
    found = digests(path)
    if not found:
        raise RunError(f"{path} holds no files; nothing to seal")
    return Seal(path / SEAL, len(found), write_seal(path, found))


def check_seal(folder: str | Path, expected: str | None = None) -> SealCheck:
    """Compare the files of a folder with its seal.

    expected: first digits of the seal's own SHA-256, at least 8, as they were kept elsewhere: who changes a
    file can change the seal too. Raises RunError, UsageError.
    """
    expected = "" if expected is None else expected.lower()
    if expected and (len(expected) < 8 or set(expected) - set("0123456789abcdef")):
        raise UsageError(f"expected at least 8 hexadecimal digits of the seal, got '{expected}'")
    path = Path(folder)
    sealed, digest = read_seal(path)
    found = digests(path)
    return SealCheck(
        Seal(path / SEAL, len(sealed), digest),
        changed=tuple(file for file in sealed if file in found and found[file] != sealed[file]),
        missing=tuple(file for file in sealed if file not in found),
        added=tuple(file for file in found if file not in sealed),
        is_expected=digest.startswith(expected),
    )
