"""The referee's promises: every row counted, never one too many, the same for any batch size."""

from dataclasses import dataclass, replace
from threading import Condition
from time import sleep
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from brittle.core.account import Account
from brittle.core.goal import Goal
from brittle.core.referee import Referee
from brittle.core.result import Status
from brittle.core.sample import Array
from brittle.core.sample_run import play_sample
from brittle.core.search import InputBoard, Terms
from brittle.searches.greedy import Greedy
from brittle.searches.random import Random
from refereed import Wild, plain, referee_results
from tiny import MemoryArchive, TinyModel, tiny_rules, tiny_samples

searches = st.sampled_from([Wild(), Wild(most=40), Random(), Greedy()])


@given(searches, st.integers(1, 20), st.integers(3, 70), st.booleans(), st.integers(1, 3))
@settings(max_examples=60, deadline=None)
def test_count_is_the_rows_the_model_saw_and_never_above_the_budget(
    search: Any, batch: int, budget: int, closest: bool, lanes: int
) -> None:
    model = TinyModel()
    results, referee, _ = referee_results(
        search, batch, model=model, budget=budget, closest=closest, lanes=lanes
    )
    assert sum(r.queries for r in results) == model.rows == referee.rows
    assert all(1 <= r.queries <= budget for r in results)
    assert max(model.batches) <= batch


@given(searches, st.sampled_from([1, 2, 7, 32]), st.booleans(), st.integers(1, 3))
@settings(max_examples=30, deadline=None)
def test_results_depend_on_neither_batch_size_nor_lanes(
    search: Any, batch: int, closest: bool, lanes: int
) -> None:
    one, _, _ = referee_results(search, 16, closest=closest)
    other, _, _ = referee_results(search, batch, closest=closest, lanes=lanes)
    assert [plain(r) for r in one] == [plain(r) for r in other]


@dataclass
class Meeting(TinyModel):
    """Waits in every batch but the first until as many are with it as there are lanes, or a moment."""

    lanes: int = 2
    most: int = 0

    def __post_init__(self) -> None:
        super().__post_init__()
        self.here, self.changed = 0, Condition()

    def __call__(self, x: Array) -> Array:
        with self.changed:
            self.here += 1
            self.most = max(self.most, self.here)
            self.changed.notify_all()
            if self.batches:
                self.changed.wait_for(lambda: self.here == self.lanes, timeout=0.2)
            answers = super().__call__(x)
            self.here -= 1
        return answers


@pytest.mark.parametrize("lanes", [1, 2, 3])
def test_the_model_is_asked_as_many_batches_at_a_time_as_there_are_lanes(lanes: int) -> None:
    model = Meeting(lanes=lanes)
    referee_results(Random(), 2, model=model, lanes=lanes, budget=12)
    assert model.most == lanes


@dataclass
class Late(TinyModel):
    """Some of its batches are answered after those that were asked behind them."""

    late: bool = False

    def __call__(self, x: Array) -> Array:
        number = len(self.batches)
        answers = super().__call__(x)
        if self.late and number % 3 == 1:
            sleep(0.02)
        return answers


def test_a_batch_that_is_late_lands_in_its_turn() -> None:
    landed = []
    for late in (False, True):
        model = Late(late=late)
        rules = tiny_rules(Random(), MemoryArchive(), budget=12)
        runs = [play_sample(s.id, lambda s=s: s, rules) for s in tiny_samples(8, TinyModel())]  # type: ignore[misc]
        landed.append([result.sample for result in Referee(model, 2, lanes=3).play(runs)])
    assert landed[0] == landed[1] and set(landed[0]) == {f"s{i}" for i in range(8)}


@given(searches, st.booleans())
@settings(max_examples=30, deadline=None)
def test_every_flip_holds_when_its_file_is_asked_alone(search: Any, closest: bool) -> None:
    results, _, archive = referee_results(search, 16, closest=closest, budget=300)
    samples = {s.id: s for s in tiny_samples(8, TinyModel())}
    flipped = [r for r in results if r.status is Status.FLIPPED]
    assert flipped
    for result in flipped:
        first, last = result.first, result.closest
        assert first and last and last.l2 <= first.l2 and first.query <= result.queries
        for flip in (first, last):
            x = archive.read(flip.file)
            assert TinyModel()(x[None])[0].argmax() == flip.predicted != result.label
            assert flip.l2 == pytest.approx(np.linalg.norm(x - samples[result.sample].x), abs=1e-5)


def test_the_samples_of_the_caller_stay_untouched() -> None:
    samples = tiny_samples(6, TinyModel())
    before = [s.x.copy() for s in samples]
    for search in (Wild(), Random(), Greedy()):
        referee_results(search, 4, samples=samples)
    assert all(np.array_equal(b, s.x) for b, s in zip(before, samples, strict=True))


def test_the_first_flip_ends_a_search_that_was_asked_for_the_first() -> None:
    results, _, _ = referee_results(Wild(most=1), 8, closest=False)
    for result in results:
        if result.first:
            assert result.queries == result.first.query + 1  # the row that verified it


def test_no_flip_is_farther_than_the_limit() -> None:
    free, _, _ = referee_results(Wild(), 8)
    limit = float(np.median([r.closest.l2 for r in free if r.closest]))
    bound, _, _ = referee_results(Wild(), 8, max_l2=limit)
    flips = [f for r in bound for f in (r.first, r.closest) if f]
    assert flips and max(f.l2 for f in flips) <= limit + 1e-6
    assert len(flips) < sum(2 for r in free if r.first)


def test_the_curve_only_improves() -> None:
    results, _, _ = referee_results(Wild(), 8)
    for result in results:
        queries = [p.query for p in result.curve]
        distances = [p.l2 for p in result.curve if p.l2 is not None]
        assert queries == sorted(queries)
        assert distances == sorted(distances, reverse=True)
        if result.closest:
            assert distances[-1] == pytest.approx(result.closest.l2, abs=1e-5)


def test_a_wrong_sample_costs_one_query_and_is_not_played() -> None:
    samples = [
        replace(s, label=(s.label or 0) + 1 if s.label != 2 else 0) for s in tiny_samples(5, TinyModel())
    ]
    results, referee, _ = referee_results(Random(), 4, samples=samples)
    assert {r.status for r in results} == {Status.MISCLASSIFIED}
    assert referee.rows == 5 and all(r.queries == 1 for r in results)


def test_without_labels_the_models_own_answer_must_flip() -> None:
    labelled, _, _ = referee_results(Random(), 4)
    bare, _, _ = referee_results(Random(), 4, samples=tiny_samples(8))
    assert [r.status for r in labelled] == [r.status for r in bare]
    assert all(r.label is None and r.predicted is not None for r in bare)


@dataclass
class Fickle(TinyModel):
    """Answers the flips of batches otherwise than when asked alone."""

    def __call__(self, x: Array) -> Array:
        out = super().__call__(x)
        return out if len(x) > 1 else np.array([[0.2, 0.2, 0.6]], np.float32)


def test_a_flip_that_does_not_survive_alone_is_none_and_the_search_goes_on() -> None:
    samples = [s for s in tiny_samples(20, TinyModel()) if s.label == 2][:5]
    model = Fickle()
    results, _, _ = referee_results(Wild(most=1), 8, model=model, samples=samples, budget=50)
    honest, _, _ = referee_results(Wild(most=1), 8, samples=samples, budget=50)
    assert any(r.status is Status.FLIPPED for r in honest)
    for result in results:
        assert result.status is Status.SURVIVED and result.first is None
        assert result.queries >= 49 or result.queries == 50
    assert sum(r.queries for r in results) == model.rows


def test_the_curve_goes_on_after_a_flip_that_failed_verification() -> None:
    answers = np.array([[0.1, 0.9], [0.5, 0.4], [0.3, 0.7], [0.45, 0.44]], np.float32)  # label 0
    sample = replace(tiny_samples(1)[0], label=0)
    known = {"queries": 1}
    account = Account(sample, InputBoard(sample), Goal(0), Terms(50), known)
    moves = np.stack([np.clip(sample.x + 0.1 * k, 0, 1) for k in range(1, 5)]).astype(np.float32)
    for move, answer in zip(moves, answers, strict=True):
        known["queries"] += 1
        account.enter(move[None], answer[None])
        for found in list(account.closer):
            account.drop(found)  # none of them holds when it is asked alone
    assert [(p.query, p.l2) for p in account.curve] == [(3, None), (5, None)]
    assert account.curve[0].margin > account.curve[1].margin > 0
