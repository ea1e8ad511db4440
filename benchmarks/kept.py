"""What benchmarks keep of every sample: JSON lines in a file, so that the same command continues."""

import json
import tempfile
from collections.abc import Callable, Iterable, Mapping
from pathlib import Path
from typing import Any

from brittle.store.kept import FolderFiles
from brittle.tasks.playing.opened import Opened
from brittle.tasks.playing.samples import play_samples


def read(out: Path) -> list[dict[str, Any]]:
    """All kept rows."""
    return [json.loads(line) for line in out.read_text().splitlines()] if out.exists() else []


def play_missing(
    opened: Opened,
    names: Iterable[str],
    key: Mapping[str, Any],
    row_of: Callable[[Any], dict[str, Any]],
    batch: int,
    out: Path,
) -> None:
    """Play the samples of which the file has no row with this key, and append what row_of keeps of each."""
    done = {row["sample"] for row in read(out) if {name: row.get(name) for name in key} == key}
    missing = [name for name in names if name not in done]
    with tempfile.TemporaryDirectory() as folder, out.open("a") as file:
        for result in play_samples(opened, missing, FolderFiles(Path(folder)), batch, lambda _: None):
            file.write(json.dumps({**key, **row_of(result)}) + "\n")
            file.flush()
