"""ripple, GFCS, BASES and Square with surrogates: fewer queries, honest distances, the same for any batch."""

from dataclasses import replace
from typing import Any

import numpy as np
import pytest

from brittle.core.field import Field
from brittle.core.goal import Goal
from brittle.core.play import Listener, Move, draw
from brittle.core.referee import Referee
from brittle.core.result import SearchResult, Status
from brittle.core.sample import Array, InputSpec
from brittle.core.sample_run import Rules, play_sample
from brittle.core.search import InputBoard, Terms
from brittle.searches import open_search
from brittle.searches.descent import Descent, descended, noise_field, turns
from brittle.searches.ripple.decisions import FOLLOW, LEAP, LEAP_TRUSTED
from brittle.searches.ripple.guided import GuidedPlay
from brittle.searches.ripple.search import Ripple
from tiny import MemoryArchive
from toy_surrogates import ToyLead, ToySurrogate
from whole_inputs import IMAGE, KINDS, Listening, as_field, game_of, model_of, sample_of

FEW = 6
GUIDED = ["ripple", "gfcs", "bases", "square-l2"]


def played(
    search: Any, spec: InputSpec = IMAGE, shares: tuple[float, ...] = (0.3, 0.2), batch: int = 8, **terms: Any
) -> list[SearchResult]:
    model, archive = model_of(spec), MemoryArchive(spec)
    surrogates = tuple(ToySurrogate(model, share, seed) for seed, share in enumerate(shares, 5))
    told = {"budget": 60, "max_l2": 0.6 * spec.span, "closest": False, **terms}
    rules = Rules(search, InputBoard, Terms(**told), archive, surrogates=surrogates)
    runs = (play_sample(f"s{n}", lambda n=n: sample_of(n, spec), rules) for n in range(FEW))  # type: ignore[misc]
    return sorted(Referee(model, batch).play(runs), key=lambda r: r.sample)


def plain(results: list[SearchResult]) -> list[dict[str, Any]]:
    times = ("seconds", "started", "finished")
    return [{k: v for k, v in r.to_dict().items() if k not in times} for r in results]


def queries(results: list[SearchResult], budget: int = 60) -> float:
    return float(np.mean([r.first.query if r.first else budget for r in results]))


@pytest.mark.parametrize("name", GUIDED)
def test_surrogates_that_share_something_save_queries(name: str) -> None:
    search = open_search(name)
    helped = played(search)
    assert all(r.status in (Status.FLIPPED, Status.SURVIVED) for r in helped)
    rows = [(r.notes or {})["surrogate_rows"] for r in helped]
    assert all(isinstance(n, int) and n > 0 for n in rows)
    unrelated = played(search, shares=(0.0, 0.0))
    assert queries(helped) < queries(unrelated)
    if name in ("ripple", "square-l2"):
        alone = played(search, shares=())
        assert queries(helped) < queries(alone)
        assert all("surrogate_rows" not in (r.notes or {}) for r in alone)


@pytest.mark.parametrize("name", GUIDED)
def test_the_same_seed_is_the_same_search_for_any_batch(name: str) -> None:
    one = played(open_search(name), batch=1, budget=25)
    assert plain(one) == plain(played(open_search(name), batch=32, budget=25))


@pytest.mark.parametrize("name", GUIDED)
def test_nothing_is_shown_beyond_the_limit(name: str) -> None:
    listening = Listening(open_search(name))
    played(listening, budget=12)
    sample = {n: sample_of(n).x for n in range(FEW)}
    shown = [min(float(np.linalg.norm(x - s)) for s in sample.values()) for x in listening.shown]
    assert len(shown) > FEW and max(shown) <= 0.6


@pytest.mark.parametrize("name", ["gfcs", "bases"])
def test_without_surrogates_it_says_what_to_do(name: str) -> None:
    (result, *_) = played(open_search(name), shares=())
    assert result.status is Status.FAILED
    assert "--surrogate" in str(result.message)


@pytest.mark.parametrize("spec", KINDS, ids=lambda s: "x".join(map(str, s.shape)))
def test_it_leaps_on_inputs_of_any_kind(spec: InputSpec) -> None:
    results = played(Ripple(), spec, (0.8, 0.7), budget=20)
    assert {r.status for r in results} <= {Status.FLIPPED, Status.SURVIVED}
    assert any(r.first and r.first.query < 5 for r in results)


def test_a_descent_goes_down_and_asks_in_turns() -> None:
    sample, model = sample_of(), model_of()
    leads = [ToySurrogate(model, 1.0, 5).on(sample, _goal()), ToySurrogate(model, 1.0, 6).on(sample, _goal())]
    rng = np.random.default_rng(0)
    start = noise_field(Field(IMAGE), rng)
    how = Descent(steps=12, first=0.3, last=0.05, noise=0.1)
    field = descended(sample, leads, np.array([2.0, 1.0]), start, 1.0, how, rng)
    assert float(np.linalg.norm(field)) == pytest.approx(1, abs=1e-5)
    slope = as_field(IMAGE, leads[0].gradient(sample.x[None])[0])
    cosine = float((field * slope).sum() / np.linalg.norm(slope))
    assert cosine < -0.8 < float((start * slope).sum() / np.linalg.norm(slope))
    assert [lead.rows for lead in leads] == [8 + 1, 4]
    untouched = noise_field(Field(IMAGE), np.random.default_rng(0))
    assert np.array_equal(start, untouched)


def test_turns_are_as_many_as_weights_say_and_evenly_spread() -> None:
    assert list(turns(np.array([1.0, 1.0]), 4)) == [0, 1, 0, 1]
    found = list(turns(np.array([3.0, 0.0, 1.0]), 8))
    assert found.count(0) == 6 and found.count(2) == 2 and 1 not in found
    assert found[:4].count(2) == found[4:].count(2) == 1


def test_steps_grow_shorter_from_the_first_to_the_last() -> None:
    how = Descent(steps=5, first=0.4, last=0.1, noise=0)
    strides = [how.stride(k) for k in range(5)]
    assert strides == sorted(strides, reverse=True)
    assert (strides[0], strides[2], strides[-1]) == pytest.approx((0.4, 0.25, 0.1))


def _goal() -> Goal:
    return Goal(sample_of().label or 0)


def guided(leads: int = 2) -> tuple[GuidedPlay, list[ToyLead]]:
    model, sample = model_of(), sample_of()
    made = [ToySurrogate(model, 0.5, seed).on(sample, _goal()) for seed in range(leads)]
    clean = model(sample.x[None])[0]
    game = replace(game_of(sample), leads=tuple(made), clean=clean, goal=_goal())
    play = Ripple().play(replace(game, terms=Terms(budget=200, max_l2=1.0)))
    assert isinstance(play, GuidedPlay) and isinstance(play, Listener)
    return play, made


def leapt(play: GuidedPlay, state: Any, answer: Array, margin: float) -> Any:
    """The state after the move that the plan makes next."""
    rng = np.random.default_rng(0)
    proposal = play.propose(state, draw(play.moves(state), rng), rng)
    assert proposal is not None
    return play.accept(play.told(state, answer), proposal, margin)


def test_leaps_come_first_and_go_to_the_nearest_class_of_the_best_answer() -> None:
    play, leads = guided()
    state, label = play.start, sample_of().label
    others = [k for k in range(3) if k != label]
    probabilities = np.full(3, 0.1, np.float32)
    probabilities[others[1]] = 0.4
    odds = play.moves(state).sum(axis=(1, 2))
    assert odds[play.operators.index(LEAP)] == pytest.approx(1)
    clean = model_of()(sample_of().x[None])[0]
    nearest = max(others, key=lambda k: clean[k])
    state = leapt(play, state, probabilities, margin=play.clean - 0.5)
    assert set(leads[0].asked) == {(nearest,)}
    for lead in leads:
        lead.asked.clear()
    refused = np.full(3, 0.1, np.float32)
    refused[others[0]] = 0.4
    state = leapt(play, state, refused, margin=play.clean)  # no better: its classes are not taken over
    assert set(leads[0].asked) == {(others[1],)}
    for lead in leads:
        lead.asked.clear()
    leapt(play, state, refused, margin=play.clean)  # the third goes to the second class of the best answer
    assert set(leads[0].asked) == {(others[0],)}


def test_a_follow_keeps_the_weights_that_lowered_the_margin() -> None:
    play, _ = guided()
    state = play.start
    for _ in play.tuning.ranks:
        state = leapt(play, state, model_of()(sample_of().x[None])[0], margin=play.clean - 1)
    rng = np.random.default_rng(1)
    move = Move(play.operators.index(FOLLOW), 0, 0)
    proposal = play.propose(state, move, rng)
    assert proposal is not None and proposal.weights is not None
    assert sorted(proposal.weights / state.weights) in ([0.5, 1.0], [1.0, 2.0])
    kept = play.accept(state, proposal, play.clean - 2)
    refused = play.accept(state, proposal, play.clean)
    assert np.array_equal(kept.weights, proposal.weights) and kept.credit > refused.credit
    assert np.array_equal(refused.weights, state.weights)
    assert refused.follows == kept.follows == 1


def test_the_most_trusted_surrogate_is_asked_alone_and_the_weights_stay() -> None:
    play, leads = guided()
    trust = play.start.trust.after(True, np.array([9.0, 3.0]), 2.0)
    state, rng = replace(play.start, trust=trust), np.random.default_rng(1)
    move = Move(play.operators.index(LEAP_TRUSTED), 0, 0)
    proposal = play.propose(state, move, rng)
    assert proposal is not None and [lead.rows for lead in leads] == [0, 48]
    kept = play.accept(state, proposal, play.clean - 2)
    assert np.array_equal(kept.weights, state.weights) and kept.leaps == 1
    assert np.array_equal(kept.trust.sums[:, 0, 0], trust.sums[:, 0, 0])


def test_follows_end_and_ripple_goes_on() -> None:
    play, _ = guided()
    state = replace(play.start, leaps=99, follows=play.tuning.most_follows)
    odds = play.moves(state).sum(axis=(1, 2))
    assert odds[-2:] == pytest.approx([0, 0]) and odds.sum() == pytest.approx(1)
