"""Finished runs of made-up results."""

import json
from collections.abc import Callable, Sequence
from typing import Any

import pytest

from brittle.core.result import SearchResult, Status
from brittle.report.summary import summary_of
from brittle.store.run import Run
from report.made_up import MakeRun, ended, flipped, manifest

Finished = Callable[..., Run]


def mixed(*l2s: float, survived: int = 0, wrong: int = 0) -> list[SearchResult]:
    """A sample that flips at each L2, then survivors, then samples that were wrong."""
    endings = [Status.SURVIVED] * survived + [Status.MISCLASSIFIED] * wrong
    return [
        *(flipped(f"s{k}", 10, l2) for k, l2 in enumerate(l2s)),
        *(ended(f"s{k}", status) for k, status in enumerate(endings, len(l2s))),
    ]


@pytest.fixture
def finished(make_run: MakeRun) -> Finished:
    """Makes a finished run of results; settings: of its manifest, besides the usual."""

    def make(results: Sequence[SearchResult], **settings: Any) -> Run:
        asked = manifest()
        run = make_run(results, asked.model_copy(update={"settings": {**asked.settings, **settings}}))
        run.write("summary.json", json.dumps(summary_of(run).to_dict()))
        return run

    return make
