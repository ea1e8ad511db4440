"""Which searches stop at their first flip, and L2 at equal queries, on examples worked out by hand."""

from collections.abc import Sequence
from dataclasses import replace
from math import inf

import numpy as np
import pytest

from brittle.core.result import Point, SearchResult, Status
from brittle.report.compare.comparison import ComparedRun, Outcome, compared_run
from brittle.report.compare.equal import at_equal_queries, l2_at_equal_queries, median_course, shared_samples
from brittle.report.compare.paired import paired
from brittle.report.summary import summarise
from report.made_up import BUDGET, ended, flip, flipped

FIRST_FLIPS = [(10, 8.0), (20, 6.0), (40, 5.0)]


def stopped(sample: str, query: int, l2: float, *, rows_after: int = 1, closer: bool = False) -> SearchResult:
    """A sample whose search ended so many rows after its first flip."""
    first = flip(query, l2)
    return replace(
        flipped(sample, query, l2, queries=query + rows_after),
        first=first,
        closest=replace(first, query=query + 1, l2=l2 / 2) if closer else first,
        curve=(Point(1, 2.0, None), Point(query, -0.1, l2)),
    )


def course(sample: str, *steps: tuple[int, float], queries: int = BUDGET) -> SearchResult:
    """A sample with these closer and closer flips."""
    first, last = steps[0], steps[-1]
    return replace(
        flipped(sample, first[0], last[1], queries=queries),
        first=flip(*first),
        closest=flip(*last),
        curve=(Point(1, 2.0, None), *(Point(query, -0.1, l2) for query, l2 in steps)),
    )


def held(sample: str) -> SearchResult:
    return ended(sample, Status.SURVIVED, queries=BUDGET - 1)


def run_of(
    results: Sequence[SearchResult], name: str = "one", budget: int = BUDGET, to_first: bool = False
) -> ComparedRun:
    summary = summarise(results, search=name, budget=budget, seed=0, seconds=1.0)
    return compared_run(name, results, summary, to_first=to_first)


@pytest.mark.parametrize(
    ("results", "stops"),
    [
        ([stopped("a", 10, 4.0), stopped("b", 20, 4.0, rows_after=3), held("c")], True),
        ([stopped("a", 10, 4.0), stopped("b", 20, 4.0, closer=True)], False),
        ([stopped("a", 10, 4.0), stopped("b", 20, 4.0, rows_after=BUDGET - 1 - 20)], False),
        ([stopped("a", 10, 4.0), stopped("b", 20, 4.0, rows_after=BUDGET - 2 - 20)], True),
        ([stopped("a", 10, 4.0), stopped("b", BUDGET - 2, 4.0)], True),  # no row was left to go on with
        ([stopped("a", BUDGET - 2, 4.0)], False),
        ([held("a")], False),
        ([], False),
    ],
    ids=[
        "stops",
        "closer flip",
        "whole budget",
        "one row left",
        "last row",
        "last rows alone",
        "held",
        "none",
    ],
)
def test_a_search_stops_at_first_flips_if_it_ended_early_without_a_closer_one(
    results: list[SearchResult], stops: bool
) -> None:
    assert run_of(results).stops is stops
    assert run_of(results, to_first=True).stops


def test_a_course_holds_the_flips_that_are_closer_than_all_before() -> None:
    points = (Point(1, 2.0, None), Point(10, -0.1, 8.0), Point(20, -0.1, 9.0), Point(30, -0.1, 5.0))
    outcome = run_of([replace(course("a", (10, 8.0), (40, 4.0)), curve=points)]).outcomes["a"]
    assert outcome.course == ((10, 8.0), (30, 5.0), (40, 4.0))
    assert [outcome.l2_after(at) for at in (9, 10, 29, 30, 40, 99)] == [inf, 8.0, 8.0, 5.0, 4.0, 4.0]
    assert Outcome(False, BUDGET).l2_after(BUDGET) == inf


def test_equal_queries_are_the_budget_where_no_search_stops() -> None:
    one, two = run_of([course("a", (10, 8.0), (90, 2.0))]), run_of([course("a", (50, 3.0))], budget=60)
    assert l2_at_equal_queries([one, two]).tolist() == [[8.0, 3.0]]  # after 60, the least budget
    assert l2_at_equal_queries([one, one]).tolist() == [[2.0, 2.0]]


def test_equal_queries_are_those_up_to_a_first_flip_where_a_search_stops_there() -> None:
    stopping = run_of([stopped("a", 20, 3.0), stopped("b", 5, 3.0), held("c")])
    going = run_of([course(sample, *FIRST_FLIPS) for sample in "abcd"])
    assert stopping.stops and not going.stops
    assert shared_samples([stopping, going]) == ["a", "b", "c"]
    assert l2_at_equal_queries([stopping, going]).tolist() == [[3.0, 6.0], [3.0, inf], [inf, 5.0]]


def test_the_median_at_equal_queries_counts_samples_without_a_flip_as_infinitely_far() -> None:
    stopping = run_of([stopped("a", 20, 3.0), stopped("b", 5, 4.0), stopped("c", 40, 5.0)])
    going = run_of([course(sample, *FIRST_FLIPS) for sample in "abc"])
    first, second = at_equal_queries([stopping, going])
    assert (first.median, first.flipped, first.samples) == (4.0, 3, 3)
    assert (second.median, second.flipped, second.samples) == (6.0, 2, 3)  # of 6, none and 5
    half = at_equal_queries([run_of([course("a", (5, 1.0)), held("b")])])[0]
    assert (half.median, half.flipped, half.samples) == (None, 1, 2)
    apart = at_equal_queries([run_of([held("a")]), run_of([held("b")])])
    assert [(one.median, one.samples) for one in apart] == [(None, 0)] * 2


def test_paired_l2_is_at_equal_queries_over_the_pairs_that_had_flipped_by_then() -> None:
    going = run_of([course(sample, *FIRST_FLIPS) for sample in "abc"], "going")
    stopping = run_of([stopped("a", 20, 3.0), stopped("b", 5, 4.0), held("c")], "stopping")
    (found,) = paired([going, stopping])
    assert found.l2 and (found.l2.mean, found.l2.pairs) == (3.0 - 6.0, 1)


def test_the_median_course_begins_where_more_than_half_have_flipped() -> None:
    run = run_of(
        [course("a", (10, 8.0), (50, 2.0)), course("b", (20, 6.0)), held("c"), course("d", (2, 0.1))]
    )
    places, medians = median_course(run, ["a", "b", "c"])
    assert (places, medians) == ([20, 50, BUDGET], [8.0, 6.0, 6.0])  # of 8, 6, none; then of 2, 6, none
    assert median_course(run, ["d"]) == ([2, BUDGET], [0.1, 0.1])
    assert median_course(run, ["a", "c"]) == ([], [])
    assert median_course(run, []) == ([], [])


def test_the_median_course_is_thinned_and_never_rises() -> None:
    steps = [[(2 + k + 60 * turn, 90.0 - k - turn) for turn in range(20)] for k in range(50)]
    results = [course(str(k), *flips, queries=10**5) for k, flips in enumerate(steps)]
    places, medians = median_course(run_of(results, budget=10**5), [str(k) for k in range(50)])
    assert 20 < len(places) <= 201 and places[-1] == 10**5
    assert (np.diff(places) > 0).all() and (np.diff(medians[:-1]) < 0).all()
