"""Small run folders for the report's tests."""

import json
from collections.abc import Iterable, Iterator
from pathlib import Path

import pytest

from brittle.core.result import SearchResult
from brittle.store.manifest import Manifest
from brittle.store.run import Run
from report.made_up import MakeRun, manifest, write_files

WITH_FILES = 40


@pytest.fixture
def make_run(tmp_path: Path) -> Iterator[MakeRun]:
    """Makes a run folder that holds these results, and the files of the first flips among them."""
    made: list[Run] = []

    def make(results: Iterable[SearchResult], asked: Manifest | None = None) -> Run:
        run = Run.begin(tmp_path / f"run{len(made)}", asked or manifest(), "budget: 100\n")
        made.append(run)
        run.log({"session": 1, "seconds": 2.5, "setup_rows": 7, "versions": {"python": "3.11"}})
        lines = []
        for place, result in enumerate(results):
            if result.first and place < WITH_FILES:
                write_files(run, result)
            lines.append(json.dumps(result.to_dict()))
        run.write("results.jsonl", "".join(f"{line}\n" for line in lines))
        return run

    yield make
    for run in made:
        run.close()
