"""The numbers of a comparison, on examples small enough to work out by hand."""

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import pytest

from brittle.core.result import SearchResult, Status
from brittle.report.compare.comparison import ComparedRun, Conditions, compared_run, paired, warnings
from brittle.report.compare.tables import HEADINGS, cells, comparison_rows, paired_rows
from brittle.report.summary import summarise
from report.made_up import BUDGET, ended, flipped

SETTINGS = {"budget": BUDGET, "max_l2": None, "target": None, "top_k": 1, "goal": "closest", "seed": 0}


def made(name: str, results: Sequence[SearchResult]) -> ComparedRun:
    summary = summarise(results, search=name, budget=BUDGET, seed=0, seconds=2.0)
    return compared_run(name, results, summary)


FIRST = made(
    "first",
    [
        flipped("a", 10, 2.0),
        flipped("b", 20, 4.0),
        ended("c", Status.SURVIVED, queries=BUDGET),
        ended("d", Status.MISCLASSIFIED),
    ],
)
OTHER = made(
    "other",
    [
        flipped("a", 30, 1.0),
        ended("b", Status.SURVIVED, queries=BUDGET),
        flipped("c", 40, 6.0),
        ended("d", Status.MISCLASSIFIED),
    ],
)


def test_outcomes_are_those_of_played_samples_and_a_survivor_counts_the_budget() -> None:
    assert set(FIRST.outcomes) == {"a", "b", "c"}
    assert FIRST.outcomes["c"].queries == BUDGET
    assert FIRST.outcomes["a"].queries == 10
    assert FIRST.asked == {"a", "b", "c", "d"}


def test_means_over_flips_and_over_all() -> None:
    assert FIRST.spread("queries").mean == 15
    assert FIRST.spread("queries", flips=False).mean == pytest.approx((10 + 20 + 100) / 3)
    assert FIRST.spread("queries", flips=False).median == 20
    assert FIRST.spread("l2").median == 3


def test_paired_differences_are_this_search_minus_the_first_on_common_samples() -> None:
    (found,) = paired([FIRST, OTHER])
    assert found.asr and found.queries and found.l2
    assert found.asr.mean == pytest.approx((0 - 1 + 1) / 3)
    assert found.queries.mean == pytest.approx((20 + 80 - 60) / 3)
    assert found.queries.pairs == 3
    assert (found.l2.mean, found.l2.pairs, found.l2.interval) == (-1.0, 1, None)
    assert found.queries.interval
    assert -60 <= found.queries.interval.low < found.queries.mean < found.queries.interval.high <= 80


def test_searches_without_a_common_sample_have_no_difference() -> None:
    alone = made("alone", [flipped("z", 5, 1.0)])
    (found,) = paired([FIRST, alone])
    assert (found.asr, found.queries, found.l2) == (None, None, None)
    assert paired_rows([found])[0].asr.value == "–"


def conditions(name: str, **changes: Any) -> Conditions:
    whole = Conditions(name, "net 1234", "photos abcd", SETTINGS, None, 4)
    return replace(whole, **changes)


def test_comparable_runs_give_no_warning() -> None:
    assert warnings([conditions("first"), conditions("other")], [FIRST, OTHER]) == []


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"model": "net 9999"}, "different models"),
        ({"data": "others ffff"}, "different data"),
        ({"settings": {**SETTINGS, "budget": 7}}, "different budgets"),
        ({"settings": {**SETTINGS, "max_l2": 3.0}}, "different greatest L2 distances"),
        ({"settings": {**SETTINGS, "goal": "first"}}, "different ends of a search"),
        ({"settings": {**SETTINGS, "target": "cat"}}, "different targets"),
        ({"wanted": 9}, "finished 4 of 9 samples"),
    ],
)
def test_what_differs_is_named(change: dict[str, Any], said: str) -> None:
    (found,) = warnings([conditions("first"), conditions("other", **change)], [FIRST, OTHER])
    assert said in found
    assert "other" in found


def test_other_cells_matter_only_between_searches_that_play_on_cells() -> None:
    on_cells = [conditions("first", cells="8x8"), conditions("other", cells="4x4")]
    assert "distortions or cells" in warnings(on_cells, [FIRST, OTHER])[0]
    assert warnings([conditions("first", cells="8x8"), conditions("other")], [FIRST, OTHER]) == []


def test_other_samples_are_counted() -> None:
    fewer = made("other", [flipped("a", 30, 1.0), ended("y", Status.SURVIVED)])
    (found,) = warnings([conditions("first"), conditions("other", wanted=2)], [FIRST, fewer])
    assert "share 1 samples of 2 and 4" in found


def test_rows_hold_every_number() -> None:
    rows = comparison_rows([FIRST, OTHER])
    assert rows[0].asr.value.startswith("66.7")
    assert rows[0].queries_mean.value == "15"
    assert rows[0].l2_median.interval
    assert all(len(cells(row)) == len(HEADINGS) - 1 for row in rows)
