"""The numbers of a run, against a hand-computed example and against laws."""

import json
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from brittle.core.result import SearchResult, Status
from brittle.core.rows import Rows
from brittle.report.intervals import mean_interval, median_interval
from brittle.report.summary import Summary, summarise
from report.made_up import BUDGET, ended, flipped


def of(results: list[SearchResult], seconds: float = 2.0) -> Summary:
    return summarise(results, search="random", budget=BUDGET, seed=0, seconds=seconds, shown=SHOWN)


SHOWN = Rows(setup=7, warm_up=30, samples=380, retried=4, looked_up=20)
EXAMPLE = [
    flipped("a", first=10, l2=1.0),
    flipped("b", first=20, l2=3.0, queries=60),
    flipped("c", first=60, l2=2.0),
    ended("d", Status.SURVIVED, queries=99),
    ended("e", Status.MISCLASSIFIED, queries=1),
    ended("f", Status.FAILED, queries=4, message="truncated"),
]


def test_hand_computed_example() -> None:
    found = of(EXAMPLE).to_dict()
    counts = {key: found[key] for key in ("samples", "misclassified", "flipped", "survived", "failed")}
    assert counts == {"samples": 6, "misclassified": 1, "flipped": 3, "survived": 1, "failed": 1}
    assert found["asr"] == 0.75
    assert found["accuracy"] == 4 / 5  # of those that could be asked
    assert found["accuracy_interval"] == pytest.approx([0.3755, 0.9638], abs=1e-4)
    queries = found["queries"]
    assert queries["total"] == 100 + 60 + 100 + 99 + 1 + 4
    assert (queries["mean"], queries["median"]) == (30, 20)
    # The survivor showed 99 rows and counts its whole budget of 100.
    assert (queries["mean_all"], queries["median_all"]) == (190 / 4, 40)
    assert (found["l2"]["mean"], found["l2"]["median"]) == (2.0, 2.0)
    assert found["linf"] == {"mean": 1.0, "median": 1.0}
    assert found["l0"] == {"mean": 20, "median": 20}
    assert found["mean_absolute"]["mean"] == pytest.approx(0.02)
    assert found["notes"] == {"rounds": {"mean": 3.0, "median": 3.0}}
    assert found["rows_shown"] == 7 + 30 + 380 + 4 == 364 + 7 + 30 + 4 + 36 - 20
    assert [
        found[f"{name}_rows"] for name in ("setup", "warm_up", "retried", "interrupted", "looked_up")
    ] == [
        7,
        30,
        4,
        36,
        20,
    ]
    assert found["rows_per_second"] == 421 / 2.0
    assert (found["search"], found["budget"], found["seed"], found["seconds"]) == ("random", 100, 0, 2.0)
    assert "snr" not in found


def test_nothing_to_average_is_null_and_still_json() -> None:
    for results in ([], [ended("a", Status.FAILED)], [ended("a", Status.MISCLASSIFIED)]):
        found = json.loads(json.dumps(of(results, seconds=0.0).to_dict(), allow_nan=False))
        assert found["asr"] is found["asr_interval"] is found["rows_per_second"] is None
        assert found["queries"]["mean"] is found["queries"]["mean_all"] is None
        assert found["l2"] == {"mean": None, "median": None, "interval": None, "median_interval": None}


def test_without_labels_there_is_no_accuracy() -> None:
    found = of([replace(r, label=None) for r in EXAMPLE[:4]])
    assert found.accuracy is None and found.accuracy_interval is None


def test_survivors_alone_count_their_budget() -> None:
    found = of([ended("a", Status.SURVIVED, queries=100)])
    assert found.asr == 0.0
    assert found.queries.mean is None
    assert found.queries_all.mean == BUDGET


@given(st.lists(st.sampled_from(list(Status)), max_size=40))
def test_counts_add_up_and_asr_lies_in_its_interval(statuses: list[Status]) -> None:
    results = [
        flipped(str(i), first=2 + i, l2=1.0 + i) if status is Status.FLIPPED else ended(str(i), status)
        for i, status in enumerate(statuses)
    ]
    found = of(results)
    assert found.samples == len(statuses)
    assert found.misclassified + found.flipped + found.survived + found.failed == found.samples
    assert found.rows == sum(result.queries for result in results)
    if found.played:
        asr, interval = found.asr, found.asr_interval
        assert asr is not None and interval is not None
        assert 0 <= interval.low <= asr <= interval.high <= 1


def test_queries_and_l2_have_intervals_from_8_flips_on() -> None:
    few, enough = (of([flipped(str(i), first=2 + i, l2=1.0 + i) for i in range(n)]) for n in (7, 8))
    assert few.queries.interval is few.queries.median_interval is few.distances["l2"].interval is None
    for spread, first in ((enough.queries, 2.0), (enough.distances["l2"], 1.0)):
        row = np.arange(first, first + 8)
        assert spread.median_interval == median_interval(row)
        alike = mean_interval(row, np.random.default_rng(1))
        assert spread.interval and alike
        assert spread.interval.to_list() == pytest.approx(alike.to_list(), rel=0.1)


def test_results_are_taken_one_at_a_time() -> None:
    assert of(result for result in EXAMPLE) == of(EXAMPLE)  # type: ignore[arg-type]
