"""Small run folders of explanations."""

from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

import pytest

from brittle.core.explanation import Explanation, Outcome
from brittle.core.sample import InputSpec
from brittle.store.explanations import explanation_text
from brittle.store.run import Run
from report.explain.made_up import SPEC, MakeExplained, manifest, write_explained


@pytest.fixture
def make_explained(tmp_path: Path) -> Iterator[MakeExplained]:
    """Makes a run folder that holds these lines, and the files of explained samples."""
    made: list[Run] = []

    def make(lines: Iterable[Explanation], spec: InputSpec = SPEC, **settings: Any) -> Run:
        run = Run.begin(tmp_path / f"run{len(made)}", manifest(spec, **settings), "budget: 100\n")
        made.append(run)
        run.log({"session": 1, "seconds": 2.5, "setup_rows": 7, "rows": 500, "versions": {"python": "3.11"}})
        written = (write_explained(run, line) if line.status is Outcome.EXPLAINED else line for line in lines)
        run.write("results.jsonl", "".join(f"{explanation_text(line)}\n" for line in written))
        return run

    yield make
    for run in made:
        run.close()
