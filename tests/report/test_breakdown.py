"""Curves, weakest classes, confusions and the distortions used."""

from itertools import pairwise

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from brittle.core.result import SearchResult, Status
from brittle.report.audit.breakdown import confusions, distortions_used, weakest
from brittle.report.classes import class_name, own_class
from brittle.report.curves import curves
from report.made_up import BUDGET, CLASSES, PALETTE, ended, flipped


@given(
    st.lists(st.tuples(st.integers(2, BUDGET), st.floats(0.01, 50)), max_size=20),
    st.integers(0, 5),
    st.integers(0, 3),
)
def test_curves_rise_from_nothing_to_the_asr(flips: list[tuple[int, float]], held: int, wrong: int) -> None:
    results = [flipped(str(i), first=q, l2=d) for i, (q, d) in enumerate(flips)]
    results += [ended("s", Status.SURVIVED)] * held + [ended("m", Status.MISCLASSIFIED)] * wrong
    found = curves(results, BUDGET)
    asr = len(flips) / max(1, len(flips) + held)
    for curve, end in ((found.queries, BUDGET), (found.distance, 50.0)):
        share = curve.share(np.linspace(0, end, 60))
        assert share[0] == 0
        assert all(a <= b for a, b in pairwise(share))
        assert share[-1] == asr


def test_curves_count_the_first_query_and_the_closest_distance() -> None:
    results = [flipped("a", first=10, l2=1.0), flipped("b", first=40, l2=3.0), ended("c", Status.SURVIVED)]
    found = curves(results, BUDGET)
    assert found.queries.share(np.array([9.0, 10.0, 40.0])).tolist() == [0, 1 / 3, 2 / 3]
    assert found.distance.share(np.array([0.9, 1.0, 2.0, 3.0])).tolist() == [0, 1 / 3, 1 / 3, 2 / 3]


def test_weakest_classes_come_by_asr_then_by_distance() -> None:
    results = [
        flipped("a", first=5, l2=4.0, label=0),
        flipped("b", first=5, l2=1.0, label=1),
        flipped("c", first=5, l2=3.0, label=1),
        flipped("d", first=5, l2=0.5, label=2),
        SearchResult("e", 2, Status.SURVIVED, "random", 100, predicted=2),
        SearchResult("f", 2, Status.MISCLASSIFIED, "random", 1, predicted=0),
    ]
    rows = weakest(results, CLASSES, least_played=1).classes
    assert [(row.name, row.samples, row.played, row.flipped, row.asr, row.l2) for row in rows] == [
        ("dog", 2, 2, 2, 1.0, 2.0),
        ("cat", 1, 1, 1, 1.0, 4.0),
        ("<b>emu</b>", 3, 2, 1, 0.5, 0.5),
    ]
    fewer = weakest(results, CLASSES, most=2, least_played=1)
    assert len(fewer.classes) == len(fewer.samples) == 2
    assert [row.name for row in weakest(results, CLASSES, least_played=2).classes] == [
        "dog",
        "<b>emu</b>",
    ]


def test_a_class_is_called_weak_from_five_played_samples_on() -> None:
    wrong = SearchResult("w", 0, Status.MISCLASSIFIED, "random", 1, predicted=1)
    held = SearchResult("h", 0, Status.SURVIVED, "random", 100, predicted=0)
    four = [*(flipped(f"s{k}", first=5, l2=4.0 - k, label=0) for k in range(3)), held, wrong]
    assert weakest(four, CLASSES).classes == ()
    (row,) = weakest([*four, held], CLASSES).classes
    assert (row.name, row.samples, row.played, row.flipped) == ("cat", 6, 5, 3)


def test_weakest_samples_come_by_the_distance_of_their_closest_flip() -> None:
    results = [
        flipped("a", first=5, l2=4.0, label=0),
        flipped("b", first=5, l2=1.0, label=1),
        ended("c", Status.SURVIVED),
        flipped("d", first=5, l2=2.0, label=None),
    ]
    found = weakest(results, CLASSES)
    assert [(row.sample, row.name, row.l2) for row in found.samples] == [
        ("b", "dog", 1.0),
        ("d", "cat", 2.0),
        ("a", "cat", 4.0),
    ]
    assert found and not weakest([ended("c", Status.SURVIVED)], CLASSES)


def test_confusions_are_counted_and_unlabelled_samples_use_the_own_answer() -> None:
    results = [
        flipped("a", first=5, l2=1.0, label=None, predicted=1),
        flipped("b", first=5, l2=1.0, label=0, predicted=1),
        flipped("c", first=5, l2=1.0, label=0, predicted=2),
    ]
    assert own_class(results[0]) == 0
    rows = confusions(results, CLASSES)
    assert [(row.label, row.predicted, row.count) for row in rows] == [
        ("cat", "dog", 2),
        ("cat", "<b>emu</b>", 1),
    ]


def test_distortions_are_shares_of_touched_cells() -> None:
    rows = distortions_used([flipped("a", first=5, l2=1.0), ended("b", Status.SURVIVED)], PALETTE)
    assert [(row.name, row.cells, row.share, row.flips) for row in rows] == [
        ("blur", 2, 2 / 3, 1),
        ("noise", 1, 1 / 3, 1),
    ]
    assert distortions_used([ended("b", Status.SURVIVED)], PALETTE) == []


def test_a_class_without_a_name_is_its_number() -> None:
    assert [class_name(CLASSES, index) for index in (0, 3, -1, None)] == ["cat", "3", "-1", ""]
