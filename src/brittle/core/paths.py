"""Whether a name that somebody wrote is one of a file, and where it lies; unlike Path's own, these never
raise.

A name may be too long or hold a null byte, lie in a folder that may not be looked into, or be a link to
itself.
"""

import os
from pathlib import Path


def exists(path: str | Path) -> bool:
    """Whether there is such a file or folder."""
    return os.path.exists(path)  # noqa: PTH110


def is_file(path: str | Path) -> bool:
    """Whether there is such a file."""
    return os.path.isfile(path)  # noqa: PTH113


def inside(folder: Path, file: str | Path) -> Path | None:
    """Where a file of a folder lies, there or not, links followed; None where that is outside of it."""
    try:
        path, around = (folder / file).resolve(), folder.resolve()
    except (OSError, ValueError, RuntimeError):
        return None
    return path if path.is_relative_to(around) else None
