"""The pages of runs as files, which need no server: to be read later, elsewhere, or without a network."""

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

import brittle
from brittle.core.errors import RunError
from brittle.server.bundle.bundling import MOST_SAMPLES, Bundling
from brittle.server.bundle.site import MARK, written_whole
from brittle.server.reading.folders import Folders

Files = Literal["all", "tables", "none"]


@dataclass(frozen=True)
class Bundled:
    """What a bundle holds. size: in bytes; left_out: what is not in it, a line each."""

    path: Path
    runs: int
    files: int
    size: int
    left_out: tuple[str, ...]


def bundle(
    root: str | Path, out: str | Path, *, files: Files = "all", samples: int = MOST_SAMPLES
) -> Bundled:
    """Write the pages of all runs below root as files into out.

    root:    a folder of runs, or a run.
    out:     a new or empty folder, or an earlier bundle, which is written anew; not within root.
    files:   of runs that are copied: tables, all (tables, and what samples left), or none.
    samples: of a run that have a page of their own at most.

    The same runs give the same bytes. Raises RunError, DiskError.
    """
    folder, out = Path(root), Path(out)
    if not folder.is_dir():
        raise RunError(
            f"expected a folder of runs, got {folder}; brittle audit --out {folder}/NAME makes one"
        )
    inside, outside = folder.resolve(), out.resolve()
    if outside.is_relative_to(inside) or inside.is_relative_to(outside):
        raise RunError(
            f"expected a folder apart from {folder} for the bundle, got {out}; choose another --out"
        )
    with written_whole(out) as site:
        bundling = Bundling(Folders(folder), site, files, samples)
        runs = bundling.write()
        about = {"format": 1, "brittle": brittle.__version__, "runs": runs, "left_out": bundling.left_out}
        site.write(MARK, json.dumps(about, indent=1) + "\n")
    return Bundled(out, runs, len(site.sizes) + 1, sum(site.sizes.values()), tuple(bundling.left_out))
