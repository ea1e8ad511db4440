"""patchwork with surrogates: nearer flips, the same for any batch, and what it makes of every answer."""

from dataclasses import replace
from functools import partial
from typing import Any

import numpy as np
import pytest

from brittle.agent.partial import Partial
from brittle.core.play import Listener, Move, View, draw
from brittle.core.referee import Referee
from brittle.core.result import SearchResult, Status
from brittle.core.sample import InputSpec
from brittle.core.sample_run import Rules, play_sample
from brittle.core.search import Terms
from brittle.searches import open_search
from brittle.searches.patchwork.guided import REMAKE, RUNG, GuidedPlay
from brittle.searches.patchwork.guided_state import GuidedState
from brittle.searches.patchwork.play import PatchworkPlay
from brittle.searches.patchwork.search import Patchwork
from brittle.searches.patchwork.state import THOMPSON
from patchwork.test_patchwork import IMAGE, SPECS, ask, canvas_of, game_of, model_of, plain, sample_of
from tiny import MemoryArchive
from toy_surrogates import ToyLead, ToySurrogate

FEW, BUDGET = 5, 30


def played(
    spec: InputSpec, shares: tuple[float, ...] = (0.5, 0.4), search: Any = None, batch: int = 8, **terms: Any
) -> list[SearchResult]:
    model, archive = model_of(spec), MemoryArchive(spec)
    surrogates = tuple(ToySurrogate(model, share, seed) for seed, share in enumerate(shares, 5))
    told = {"budget": BUDGET, "power": 2, **terms}
    target = told.pop("target", None)
    board = lambda sample: replace_power(canvas_of(sample), told["power"])  # noqa: E731
    rules = Rules(search or Patchwork(), board, Terms(**told), archive, target, surrogates=surrogates)
    runs = (play_sample(f"s{k}", partial(sample_of, spec, k), rules) for k in range(FEW))
    return sorted(Referee(model, batch).play(runs), key=lambda r: r.sample)


def replace_power(canvas: Any, power: int) -> Any:
    return type(canvas)(canvas.sample, canvas.grid, canvas.palette, canvas.seed, power)


def nearest(results: list[SearchResult], spec: InputSpec) -> float:
    """Geometric mean of the closest flips; a miss is as far as the whole span."""
    far = float(np.sqrt(np.prod(spec.shape))) * spec.span
    return float(np.exp(np.mean(np.log([r.closest.l2 if r.closest else far for r in results]))))


@SPECS
def test_surrogates_that_share_something_make_flips_nearer(spec: InputSpec) -> None:
    helped, alone = played(spec), played(spec, ())
    assert {r.status for r in helped} == {Status.FLIPPED}
    assert nearest(helped, spec) < 0.95 * nearest(alone, spec)
    assert all((r.notes or {})["surrogate_rows"] > 0 for r in helped)
    assert all("surrogate_rows" not in (r.notes or {}) for r in alone)


@SPECS
@pytest.mark.parametrize("terms", [{"power": 1}, {"max_l2": 2.0, "closest": False}, {"target": 1}], ids=str)
def test_other_distances_limits_and_targets(spec: InputSpec, terms: dict[str, Any]) -> None:
    limit = terms.get("max_l2", np.inf)
    results = [r for r in played(spec, (0.9, 0.8), **terms) if r.label != terms.get("target")]
    assert {r.status for r in results} <= {Status.FLIPPED, Status.SURVIVED}
    assert any(r.first for r in results)
    assert all(r.closest.l2 <= limit + 1e-6 for r in results if r.closest)
    assert all(r.closest.predicted == 1 for r in results if r.closest and "target" in terms)


def test_the_same_seed_is_the_same_search_for_any_batch() -> None:
    for search in ("patchwork", "agent"):
        one = played(IMAGE, search=open_search(search), batch=1)
        assert plain(one) == plain(played(IMAGE, search=open_search(search), batch=7))


def guided(share: float = 1.0, **terms: Any) -> tuple[GuidedPlay, Any, list[ToyLead]]:
    game, sample = game_of(IMAGE, **terms), sample_of(IMAGE)
    leads = [ToySurrogate(model_of(IMAGE), share, k).on(sample, game.goal) for k in range(2)]
    game = replace(game, leads=tuple(leads))
    play = Patchwork().play(game)
    assert isinstance(play, GuidedPlay) and isinstance(play, Listener)
    return play, game, leads


def opened(play: GuidedPlay, game: Any) -> tuple[GuidedState, list[int]]:
    """The state after the last rung, and the rungs shown."""
    state, shown = play.start, list[int]()
    while state.next_rung is not None:
        odds = play.moves(state)
        assert np.count_nonzero(odds) == 1 and odds[play.operators.index(RUNG)].sum() == 1
        state, proposal = answered(play, state, draw(odds, game.rng), game)
        shown.append(proposal.rung)
    return state, shown


def answered(play: GuidedPlay, state: GuidedState, move: Move, game: Any) -> tuple[GuidedState, Any]:
    """The state after the model's answer to a move, and what was shown."""
    proposal = play.propose(state, move, game.rng)
    assert proposal is not None
    x = np.empty(IMAGE.shape, np.float32)
    game.board.render(proposal.row, x)
    state = play.told(state, model_of(IMAGE)(x[None])[0])
    return play.accept(state, proposal, ask(game, proposal.row)), proposal


def test_without_surrogates_it_is_patchwork() -> None:
    assert type(Patchwork().play(game_of(IMAGE))) is PatchworkPlay


def test_it_opens_on_the_closest_rung_that_flips() -> None:
    play, game, leads = guided()
    rows = [lead.rows for lead in leads]
    state, shown = opened(play, game)
    assert rows == [0, 0] and sum(lead.rows for lead in leads) == 6 + 3 * 10
    assert len(shown) == len(set(shown)) <= 4
    ladder, margins = state.ladder, state.answers
    assert ladder is not None and list(margins) == shown
    flips = [k for k in shown if margins[k] < 0]
    assert flips and state.best_l2 == pytest.approx(ladder[min(flips)].l2)
    own = state.patchwork
    assert np.array_equal(own.current, ladder[min(flips)].row) and own.margin == margins[min(flips)]
    assert own.queries == 1 + len(shown) and len(own.effects.drops) == len(shown)
    assert own.price == play.patchwork.start.price


def test_an_opening_ends_with_the_rivals_of_its_best_rung() -> None:
    play, game, _ = guided(0.5)
    state, other = play.start, next(k for k in range(3) if k not in (game.goal.label, *play.start.rivals))
    answers = {5: (1.0, other), 8: (2.0, play.start.rivals[0]), 9: (2.0, play.start.rivals[0])}
    while state.next_rung is not None:
        proposal = play.propose(state, draw(play.moves(state), game.rng), game.rng)
        assert proposal is not None and proposal.rung is not None
        margin, rival = answers.get(proposal.rung, (3.0, play.start.rivals[0]))
        heard = play.told(state, np.eye(3, dtype=np.float32)[rival])
        state = play.accept(heard, proposal, margin)
    assert state.answers[5] == 1.0 and state.rivals == (other,)


def test_where_the_first_flip_ends_it_the_farthest_rung_comes_first() -> None:
    limit = 0.9
    play, game, _ = guided(max_l2=limit, closest=False)
    proposal = play.propose(play.start, draw(play.moves(play.start), game.rng), game.rng)
    assert proposal is not None and proposal.ladder is not None
    assert proposal.rung == len(proposal.ladder) - 1 and 0.9 * limit < proposal.l2 < limit


def test_what_is_expected_is_worn_kept_and_taken_off_what_is_learned() -> None:
    play, game, _ = guided()
    own, moves = play.patchwork.start, play.patchwork
    table = np.zeros((game.board.layer_count + 1, game.board.grid.cells))
    table[3] = 100.0
    expecting = replace(own, expected=table)
    thompson = Move(play.operators.index(THOMPSON), 3, 1)
    shown = moves.propose(expecting, thompson, np.random.default_rng(0))
    assert shown is not None and set(shown.row[shown.row > 0].tolist()) == {3}
    after = moves.accept(expecting, shown, 1.0)
    assert after.effects.drops[-1] == pytest.approx(moves.clean - 1.0 - 100 * np.count_nonzero(shown.row))

    kept = np.zeros(game.board.grid.cells, np.int16)
    kept[:20] = 1  # what the block does not cover is thinned: the cells expected to do nothing go
    table[1, :10] = 1e6
    worn = replace(expecting, current=kept, l2=game.board.l2(kept), best_l2=game.board.l2(kept))
    move, gone = Move(2, len(moves.geometry.cells_of) - 1, 0), np.zeros(len(kept))
    for seed in range(20):
        thinned = moves.propose(worn, move, np.random.default_rng(seed))
        assert thinned is not None
        gone += thinned.row == 0
    assert gone[10:20].sum() > 4 * gone[:10].sum()


def test_where_no_rung_flips_it_goes_on_from_the_least_margin() -> None:
    play, game, _ = guided()
    state = play.start
    while state.next_rung is not None:
        proposal = play.propose(state, draw(play.moves(state), game.rng), game.rng)
        assert proposal is not None and proposal.rung is not None
        state = play.accept(state, proposal, 1.0 if proposal.rung != 8 else 0.5)
    assert state.ladder is not None and state.best_l2 == np.inf
    assert np.array_equal(state.patchwork.current, state.ladder[8].row) and state.margin == 0.5


def test_what_surrogates_expect_is_right_where_all_is_linear_and_alike() -> None:
    play, game, _ = guided()
    state, _ = opened(play, game)
    label, rival = game.goal.label, state.rivals[0]
    x, weights = np.empty(IMAGE.shape, np.float32), model_of(IMAGE).weights
    factor = model_of(IMAGE).gain / 3
    for seed in range(10):
        row = np.random.default_rng(seed).integers(0, 4, game.board.grid.cells).astype(np.int16)
        game.board.render(row, x)
        fall = factor * ((game.sample.x - x) * (weights[label] - weights[rival])).sum()
        assert state.patchwork.expected_of(row).sum() == pytest.approx(fall, rel=0.1, abs=0.05)
    assert np.abs(state.patchwork.effects.drops).max() < 0.1 * play.clean


def test_all_of_it_leads_to_the_class_that_the_model_holds_for_the_nearest() -> None:
    play, game, leads = guided(0.5)
    clean = model_of(IMAGE)(game.sample.x[None])[0]
    nearest = int(np.argsort(-clean)[1])
    state, _ = opened(play, game)
    assert {one for lead in leads for one in lead.asked} == {(nearest,)}
    for lead in leads:
        lead.asked.clear()
    other = next(k for k in range(3) if k not in (game.goal.label, nearest))
    state = replace(state, rivals=(other,))
    answered(play, state, Move(play.operators.index(REMAKE), 0, 0), game)
    assert {one for lead in leads for one in lead.asked} == {(other,)}


def test_rivals_are_those_of_the_current_assignment() -> None:
    play, game, _ = guided(0.5)
    state, _ = opened(play, game)
    proposal = play.propose(state, Move(0, 3, 1), game.rng)
    answer = np.full(3, 0.1, np.float32)
    other = next(k for k in range(3) if k not in (game.goal.label, *state.rivals))
    answer[other] = 0.4
    assert proposal is not None
    heard = play.told(state, answer)
    assert play.accept(heard, proposal, -50.0).rivals == (other,)
    assert play.accept(heard, proposal, 50.0).rivals == state.rivals


def test_a_remake_is_within_the_closest_flip_and_has_its_own_credit() -> None:
    play, game, leads = guided(0.5)
    state, _ = opened(play, game)
    before = sum(lead.rows for lead in leads)
    for size, share in enumerate(play.tuning.remake_shares):
        proposal = play.propose(state, Move(play.operators.index(REMAKE), 0, size), game.rng)
        assert proposal is not None and proposal.gains is not None
        assert 0 < proposal.l2 < share * state.best_l2
    assert proposal is not None
    assert sum(lead.rows for lead in leads) == before + play.tuning.remake_steps * play.sizes
    kept, refused = play.accept(state, proposal, -50.0), play.accept(state, proposal, 50.0)
    assert kept.credit > refused.credit < state.credit and kept.remakes == refused.remakes == 1
    assert kept.gains is proposal.gains and refused.gains is state.gains
    for after in (kept, refused):
        assert after.patchwork.operator_credit is state.patchwork.operator_credit
        assert after.patchwork.queries == state.patchwork.queries + 1
    assert np.array_equal(kept.patchwork.current, proposal.row)
    spent = replace(state, remakes=play.tuning.most_remakes)
    assert not play.moves(spent)[play.operators.index(REMAKE)].any()


@SPECS
def test_rungs_take_the_place_of_whole_layers(spec: InputSpec) -> None:
    game = game_of(spec)
    lead = ToySurrogate(model_of(spec)).on(sample_of(spec), game.goal)
    play = Patchwork().play(replace(game, leads=(lead,)))
    assert isinstance(play, GuidedPlay) and play.start.patchwork.upcoming == 0


def test_whole_layers_may_follow_and_leave_the_closest_flip_where_it_is() -> None:
    _, game, _ = guided(0.5)
    play = Patchwork(opening="whole").play(game)
    assert isinstance(play, GuidedPlay)
    state, _ = opened(play, game)
    worn, nearest = state.patchwork.current, state.best_l2
    while state.patchwork.upcoming:
        odds = play.moves(state)
        assert np.count_nonzero(odds) == 1 and not odds[-2:].any()
        proposal = play.propose(state, draw(odds, game.rng), game.rng)
        assert proposal is not None and len(set(proposal.row.tolist())) == 1
        state = play.accept(state, proposal, 1.0)
    assert len(state.patchwork.whole) == 4 and state.best_l2 == nearest
    assert state.patchwork.current is worn and play.moves(state)[-1].any()


def test_where_surrogates_say_nothing_it_plays_on() -> None:
    play, game, leads = guided()
    for lead in leads:
        lead.weights = np.zeros_like(lead.weights)
    proposal = play.propose(play.start, draw(play.moves(play.start), game.rng), game.rng)
    assert proposal is not None and proposal.rung is None
    state = play.accept(play.start, proposal, 1.0)
    assert state.next_rung is None and play.moves(state)[-2:].sum() == 0
    for lead in leads:
        lead.weights = np.full_like(lead.weights, np.nan)
    proposal = play.propose(play.start, draw(play.moves(play.start), game.rng), game.rng)
    assert proposal is not None and 0 < proposal.l2 < np.inf


def test_an_agent_keeps_to_what_it_has_learned_of() -> None:
    view = View(np.zeros(1, np.float32), np.zeros((2, 1), np.float32), np.zeros((1, 1), np.float32))
    seen: list[Any] = []

    def policy(operators: tuple[str, ...], view: View, odds: Any) -> Any:
        seen.append(operators)
        return odds * np.array([4.0, 1.0])[:, None, None]

    odds = np.array([0.3, 0.3, 0.4])[:, None, None]
    corrected = Partial(policy)(("a", "b", RUNG), view, odds)
    assert seen == [("a", "b")]
    assert corrected.reshape(-1) == pytest.approx([0.48, 0.12, 0.4])
    only = np.array([0.0, 0.0, 1.0])[:, None, None]
    assert Partial(policy)(("a", "b", RUNG), view, only) is only
    assert Partial(policy)(("a", "b"), view, odds[:2]).reshape(-1) == pytest.approx([1.2, 0.3])
