"""Whether a name that somebody wrote is one of a file; unlike Path's own, these never raise.

A name may be too long or hold a null byte, or lie in a folder that may not be looked into.
"""

import os
from pathlib import Path


def exists(path: str | Path) -> bool:
    """Whether there is such a file or folder."""
    return os.path.exists(path)  # noqa: PTH110


def is_file(path: str | Path) -> bool:
    """Whether there is such a file."""
    return os.path.isfile(path)  # noqa: PTH113
