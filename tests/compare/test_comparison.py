"""The numbers of a comparison, on examples small enough to work out by hand."""

from collections.abc import Sequence
from dataclasses import replace
from io import StringIO
from typing import Any

import pytest
from rich.console import Console

from brittle.core.result import SearchResult, Status
from brittle.report.compare.comparison import ComparedRun, compared_run
from brittle.report.compare.conditions import Conditions, warnings
from brittle.report.compare.paired import paired
from brittle.report.compare.tables import (
    DISTANCES,
    GOES_ON,
    NUMBERS,
    STOPS,
    comparison_rows,
    comparison_table,
    groups,
    paired_rows,
)
from brittle.report.intervals import newcombe
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
    assert found.queries.interval is None  # of 3 pairs
    assert found.asr.interval == newcombe(1, 1, 1, 0)
    assert not found.asr.equal


def many(name: str, first: int, holds: int = 0) -> ComparedRun:
    """20 samples, the first of which hold; the others flip one query later each, at an L2 of 1."""
    results = [
        ended(str(k), Status.SURVIVED, queries=BUDGET) if k < holds else flipped(str(k), first + k, 1.0)
        for k in range(20)
    ]
    return made(name, results)


def test_what_is_equal_in_every_pair_is_said_so() -> None:
    (row,) = paired_rows(paired([many("first", 5), many("other", 5)]))
    assert (row.queries.value, row.queries.interval) == ("equal", "20 pairs")
    assert (row.l2.value, row.l2.interval) == ("equal", "20 pairs")
    assert (row.asr.value, row.asr.interval) == ("equal", "-16.1 to +16.1, 20 pairs")


def test_paired_differences_have_a_sign_and_an_interval() -> None:
    found = paired([many("first", 5), many("other", 8, holds=6)])
    (row,) = paired_rows(found)
    assert (row.asr.value, row.asr.interval) == ("-30 points", "-51.9 to -7.68, 20 pairs")
    assert row.queries.value == f"{(14 * 3 + 6 * 95 - 15) / 20:+.3g}"
    (one,) = found
    assert one.queries and one.queries.interval
    assert 0 < one.queries.interval.low < one.queries.mean < one.queries.interval.high < 100
    assert row.l2.value == "equal" and row.l2.interval == "14 pairs"
    (turned,) = paired_rows(paired([many("first", 5), many("other", 8)]))
    assert (turned.queries.value, turned.queries.interval) == ("+3", "20 pairs")


def test_a_difference_that_cancels_out_is_not_equal() -> None:
    one = made("one", [flipped("a", 5, 1.0), ended("b", Status.SURVIVED, queries=BUDGET)])
    two = made("two", [ended("a", Status.SURVIVED, queries=BUDGET), flipped("b", 5, 1.0)])
    (row,) = paired_rows(paired([one, two]))
    assert (row.asr.value, row.queries.value) == ("+0 points", "+0")


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
    assert [row.played.interval.replace("\u00a0", " ") for row in rows] == ["accuracy 75.0 %"] * 2
    assert rows[0].asr.value.startswith("66.7")
    assert rows[0].queries_mean.value == "15"
    assert rows[0].l2_median.interval == ""  # of 2 flips
    assert comparison_rows([many("many", 5)])[0].queries_median.interval.split() == ["10", "–", "19"]
    assert [cell.value for cell in rows[0].cells(NUMBERS)] == [
        "3",
        "66.7\u00a0%",
        "15",
        "15",
        "43.3",
        "20",
        "301",
        "2.0 s",
    ]
    assert [cell.value for cell in rows[0].cells(DISTANCES)] == ["4", "3", "3", "1.50", "30"]


def test_searches_that_stop_stand_apart_and_are_marked_on_the_terminal() -> None:
    results = [flipped("a", 10, 2.0)]
    summary = summarise(results, search="[red]", budget=BUDGET, seed=0, seconds=2.0)
    stopping = compared_run("[red]", results, summary, to_first=True)
    rows = comparison_rows([FIRST, stopping])
    assert [(title, [row.name for row in found]) for title, found in groups(rows)] == [
        (GOES_ON, ["first"]),
        (STOPS, ["[red]"]),
    ]
    assert groups(rows[:1]) == [(GOES_ON, rows[:1])]
    console = Console(width=80, record=True, file=StringIO())
    console.print(comparison_table([FIRST, stopping]))
    shown = console.export_text()
    assert "[red] *" in shown and "first *" not in shown and "* stops at its first flip" in shown
    console.print(comparison_table([FIRST, OTHER]))
    assert "*" not in console.export_text()
