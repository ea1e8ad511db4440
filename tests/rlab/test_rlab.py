"""rlab under the referee: every row counted, the number of cells as told, the same for any batch size."""

from collections.abc import Callable
from dataclasses import dataclass, replace
from functools import partial
from typing import Any

import numpy as np
import pytest

from brittle.core.canvas import Canvas, Palette
from brittle.core.goal import Goal
from brittle.core.grid import Grid
from brittle.core.referee import Referee
from brittle.core.result import SearchResult, Status
from brittle.core.sample import Array, InputSpec, Sample
from brittle.core.sample_run import Rules, play_sample
from brittle.core.search import Game, Terms
from brittle.searches import SEARCHES, open_search
from brittle.searches.rlab.search import Rlab, play_steps
from brittle.searches.rlab.tuning import TUNING
from brittle.searches.rlab.view import AMOUNT, LAYER, WORLD, Choice, View
from tiny import MemoryArchive, Shade, TinyModel, tiny_canvas, tiny_rules, tiny_sample, tiny_samples

CELLS = 20  # of tiny_canvas


def results_of(
    search: Rlab, batch: int = 16, model: TinyModel | None = None, **terms: Any
) -> list[SearchResult]:
    rules = tiny_rules(search, MemoryArchive(), **{"budget": 400, **terms})
    samples = tiny_samples(8, TinyModel())
    referee = Referee(model or TinyModel(), batch)
    found = referee.play(play_sample(s.id, lambda s=s: s, rules) for s in samples)  # type: ignore[misc]
    return sorted(found, key=lambda r: r.sample)


def plain(result: SearchResult) -> dict[str, Any]:
    return {k: v for k, v in result.to_dict().items() if k not in ("seconds", "started", "finished")}


def game_of(canvas: Canvas, ask: Callable[[Array], Array], **terms: Any) -> Game[Canvas]:
    sample = canvas.sample
    clean = ask(sample.x[None])[0]
    rng = np.random.default_rng(0)
    return Game(sample, canvas, Goal(int(clean.argmax())), Terms(**{"budget": 999, **terms}), clean, rng)


def answers_to(canvas: Canvas, ask: Callable[[Array], Array], moves: Any) -> Array:
    x = np.empty((len(moves), *canvas.sample.spec.shape), np.float32)
    for move, out in zip(moves, x, strict=True):
        canvas.render(move, out)
    return ask(x)


def test_it_is_registered_with_its_settings(weights: str) -> None:
    assert "rlab" in SEARCHES.names()
    search = open_search("rlab", fixed_n=2, weights=weights)
    assert (search.name, search.board) == ("rlab", "cells") and search == Rlab(fixed_n=2, weights=weights)


@pytest.mark.parametrize("fixed_n", [None, 3])
@pytest.mark.parametrize("budget", [3, 30, 90, 400])
def test_queries_are_the_rows_the_model_saw(weights: str, fixed_n: int | None, budget: int) -> None:
    model = TinyModel()
    results = results_of(Rlab(fixed_n=fixed_n, weights=weights), model=model, budget=budget)
    assert sum(r.queries for r in results) == model.rows
    assert all(r.queries <= budget for r in results)


def test_steps_and_rows_are_both_told(weights: str) -> None:
    results = results_of(Rlab(weights=weights), closest=False)
    flipped = [r for r in results if r.status is Status.FLIPPED]
    assert flipped
    for result in flipped:
        assert result.notes and result.notes["agent"].startswith("agent ")
        steps = result.notes["steps"]
        assert result.first and (steps - 1) * (CELLS + 1) + 1 < result.first.query <= steps * (CELLS + 1) + 1


def test_results_do_not_depend_on_the_batch_size(weights: str) -> None:
    search = Rlab(weights=weights)
    one = [plain(r) for r in results_of(search, 16)]
    assert all(one == [plain(r) for r in results_of(search, batch)] for batch in (1, 7))


def test_no_flip_is_farther_than_the_limit(weights: str) -> None:
    free = results_of(Rlab(weights=weights))
    limit = float(np.median([r.first.l2 for r in free if r.first]))
    near = results_of(Rlab(weights=weights), max_l2=limit)
    assert any(r.first for r in near)
    assert all(r.first.l2 <= limit + 1e-6 for r in near if r.first)


def flat(x: Array) -> Array:
    """A model that nothing moves."""
    return np.tile(np.array([0.9, 0.06, 0.04], np.float32), (len(x), 1))


@pytest.mark.parametrize("fixed_n", [1, 3, 7])
def test_fixed_n_adds_exactly_so_many_cells_a_step(weights: str, fixed_n: int) -> None:
    canvas = tiny_canvas(tiny_sample(0))
    search = Rlab(fixed_n=fixed_n, weights=weights)(game_of(canvas, flat))
    moves, changed = next(search), []
    for _ in range(2 * (CELLS // fixed_n)):
        moves = search.send(answers_to(canvas, flat, moves))
        if len(moves) == 1:
            changed.append(int(np.count_nonzero(moves[0])))
    assert changed[0] == fixed_n and set(np.diff(changed)) == {fixed_n}


def test_a_sweep_adds_every_untouched_cell_and_removes_every_changed_one(weights: str) -> None:
    canvas = tiny_canvas(tiny_sample(0))
    search = Rlab(fixed_n=4, weights=weights)(game_of(canvas, flat))
    first = next(search)
    assert len(first) == CELLS and (np.count_nonzero(first, axis=1) == 1).all()
    (current,) = search.send(answers_to(canvas, flat, first))
    sweep = search.send(answers_to(canvas, flat, current[None]))
    assert len(sweep) == CELLS
    for cell, move in enumerate(sweep):
        assert np.flatnonzero(move != current).tolist() == [cell]
        assert (move[cell] == 0) == (current[cell] != 0)


@dataclass
class Keen:
    """Always the greatest number to add and the first layer; keeps what it was shown."""

    views: list[View]
    rewards: list[float]

    def choose(self, view: View, reward: float) -> Choice:
        self.views.append(view)
        self.rewards.append(reward)
        return Choice(len(view.amounts) - 1, 1)

    def end(self, reward: float) -> None:
        self.rewards.append(reward)


def test_the_most_harmful_cells_are_added_and_the_reward_is_dilution_per_l2() -> None:
    model, agent = TinyModel(gain=0.5), Keen([], [])
    canvas = tiny_canvas(tiny_sample(2))
    game = game_of(canvas, model)
    search = play_steps(game, agent, fixed_n=5)
    sweep = next(search)
    answers = answers_to(canvas, model, sweep)
    margins = game.goal.margin(answers)
    assert (margins > 0).all()
    (move,) = search.send(answers)
    assert set(np.flatnonzero(move)) == set(np.argsort(margins, kind="stable")[:5])
    answer = answers_to(canvas, model, move[None])
    label = game.goal.label
    search.send(answer)
    search.send(answers_to(canvas, model, np.zeros((CELLS, CELLS), np.int16) + move))
    unit = TUNING.l2_unit_rms * np.sqrt(canvas.sample.x.size)
    expected = (game.clean[label] - answer[0, label]) / (canvas.l2(move) / unit)
    assert agent.rewards[:2] == [0.0, 0.0] and agent.rewards[2] == pytest.approx(expected, rel=1e-5)


def same(thing: Any, *_: Any) -> Any:
    return thing


@pytest.mark.parametrize("axes", ["image", "signal"])
def test_views_are_of_one_size_for_any_grid_palette_and_kind_of_input(weights: str, axes: str) -> None:
    image = InputSpec((3, 9, 9), ("channel", "height", "width"), bits=8)
    signal = InputSpec((2, 60), ("channel", "time"), (-1.0, 1.0), rate=30.0)
    spec = image if axes == "image" else signal
    for side, levels in ((2, (0.5,)), (4, (0.1, 0.4, 0.9))):
        x = np.random.default_rng(side).uniform(*spec.bounds, spec.shape).astype(np.float32)
        sample = Sample("s", spec.decode(spec.encode(x)), None, spec)
        grid = Grid(spec, (side,) * len(spec.spatial))
        canvas = Canvas(sample, grid, Palette((replace(Shade(), levels=levels),)), 0)
        agent = Keen([], [])
        search = play_steps(game_of(canvas, flat), agent)
        search.send(answers_to(canvas, flat, next(search)))
        assert [v.world.shape for v in agent.views] == [(WORLD,)] * 2
        assert agent.views[1].amounts.shape[1] == AMOUNT
        assert agent.views[1].layers.shape == (len(levels), LAYER)
        assert all(np.isfinite(part).all() for v in agent.views for part in vars(v).values())
        rules = Rules(Rlab(weights=weights), partial(same, canvas), Terms(200), MemoryArchive(spec))
        model = TinyModel(spec=spec)
        (result,) = Referee(model, 8).play([play_sample("s", partial(same, sample), rules)])
        assert result.status in (Status.FLIPPED, Status.SURVIVED) and result.queries == model.rows


def test_a_flip_within_a_sweep_ends_the_steps_at_the_nearest_one() -> None:
    canvas, agent = tiny_canvas(tiny_sample(0)), Keen([], [])
    search = play_steps(game_of(canvas, flat), agent)
    sweep = next(search)
    answers = answers_to(canvas, flat, sweep)
    answers[[4, 9]] = (0.1, 0.8, 0.1)
    with pytest.raises(StopIteration) as end:
        search.send(answers)
    near = min((4, 9), key=lambda i: canvas.l2(sweep[i]))
    assert np.array_equal(end.value.value.assignment, sweep[near]) and end.value.value.margin < 0
    assert len(agent.rewards) == 2 and agent.rewards[1] > 0


def test_no_assignment_is_shown_twice() -> None:
    canvas, agent = tiny_canvas(tiny_sample(0)), Keen([], [])
    search = play_steps(game_of(canvas, flat), agent)
    moves, shown = next(search), [canvas.blank().tobytes()]
    with pytest.raises(StopIteration):
        for _ in range(400):
            moves = search.send(answers_to(canvas, flat, moves))
            if len(moves) == 1:
                shown.append(moves[0].tobytes())
    assert len(set(shown)) == len(shown) > 3
