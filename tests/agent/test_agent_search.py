"""The agent as a search: with no correction it is the hand-made player, row by row; the batch is all one."""

from dataclasses import astuple, replace
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from brittle.agent.file import TrainedAgent, write_agent
from brittle.agent.network import Network, fresh, shape_of
from brittle.core.goal import Goal
from brittle.core.play import draw
from brittle.core.referee import Referee
from brittle.core.sample_run import Rules, play_sample
from brittle.core.search import Game, InputBoard, Terms
from brittle.core.seeds import generator
from brittle.learning.episode import TrainingTask
from brittle.learning.game import CountedModel
from brittle.searches import open_search
from tiny import MemoryArchive, TinyModel, tiny_canvas, tiny_samples
from toy_surrogates import ToySurrogate

PLAYERS = ["ripple", "patchwork"]
TERMS = Terms(60, 2.0)


def game_of(player: str, number: int = 0) -> tuple[Any, Game[Any], TinyModel]:
    model = TinyModel()
    sample = tiny_samples(number + 1, TinyModel())[number]
    search = open_search(player)
    board: Any = tiny_canvas(sample) if search.board == "cells" else InputBoard(sample)
    clean = model(sample.x[None])[0]
    rng = np.random.default_rng(7)
    return search, Game(sample, board, Goal(int(clean.argmax())), TERMS, clean, rng), model


def rows(search: Any, game: Game[Any], model: TinyModel, count: int = 40) -> list[Any]:
    """The moves that a search shows."""
    shown: list[Any] = []
    answers, playing = None, search(game)
    x = np.empty((1, *game.sample.spec.shape), np.float32)
    while len(shown) < count:
        try:
            moves = next(playing) if answers is None else playing.send(answers)
        except StopIteration:
            break
        shown.append(np.array(moves[0]))
        game.board.render(moves[0], x[0])
        answers = model(x)
    return shown


def with_surrogates(found: tuple[Any, Game[Any], TinyModel]) -> tuple[Any, Game[Any], TinyModel]:
    """The same game with the leads of two surrogates."""
    search, game, model = found
    leads = tuple(ToySurrogate(model, 0.5, seed).on(game.sample, game.goal) for seed in range(2))
    return search, replace(game, leads=leads), model


def agent_of(player: str, folder: Path, spread: float) -> Any:
    """An agent on this player whose heads are random numbers of this spread; 0 corrects nothing."""
    search, game, _ = game_of(player)
    network = fresh(shape_of(search.play(game)), 0)
    rng = np.random.default_rng(1)
    heads = {
        k: (spread * rng.normal(size=w.shape)).astype(np.float32)
        for k, w in network.weights.items()
        if k.startswith("head")
    }
    network = Network(network.shape, {**network.weights, **heads})
    file = folder / f"{player}.safetensors"
    write_agent(file, TrainedAgent(network, player))
    return open_search("agent", file=str(file))


@pytest.mark.parametrize("player", PLAYERS)
def test_without_a_correction_it_is_the_hand_made_player_row_by_row(player: str, tmp_path: Path) -> None:
    agent = agent_of(player, tmp_path, 0.0)
    for number in range(3):
        by_hand = rows(*game_of(player, number))
        _, game, model = game_of(player, number)
        learned = rows(agent, game, model)
        assert len(learned) == len(by_hand) > 3
        assert all(np.array_equal(a, b) for a, b in zip(learned, by_hand, strict=True))
        assert game.notes["agent"].startswith(player)


@pytest.mark.parametrize("player", PLAYERS)
def test_with_surrogates_it_corrects_the_moves_that_it_learned_of(player: str, tmp_path: Path) -> None:
    agent = agent_of(player, tmp_path, 0.0)
    assert agent.takes_surrogates
    by_hand = rows(*with_surrogates(game_of(player)))
    _, game, model = with_surrogates(game_of(player))
    learned = rows(agent, game, model)
    assert len(learned) == len(by_hand) > 3 and game.leads[0].rows > 0
    assert all(np.array_equal(a, b) for a, b in zip(learned, by_hand, strict=True))
    _, game, model = with_surrogates(game_of(player))
    other = rows(agent_of(player, tmp_path, 2.0), game, model)
    assert np.array_equal(other[0], by_hand[0])  # the first row is the surrogates', whatever the agent
    assert not all(np.array_equal(a, b) for a, b in zip(other, by_hand, strict=False))


@pytest.mark.parametrize("player", PLAYERS)
def test_a_correction_changes_what_is_played(player: str, tmp_path: Path) -> None:
    by_hand = rows(*game_of(player))
    _, game, model = game_of(player)
    learned = rows(agent_of(player, tmp_path, 1.0), game, model)
    assert not all(np.array_equal(a, b) for a, b in zip(learned, by_hand, strict=False))


@pytest.mark.parametrize("player", PLAYERS)
def test_the_same_seed_is_the_same_search_for_any_batch_size(player: str, tmp_path: Path) -> None:
    agent = agent_of(player, tmp_path, 1.0)
    board: Any = partial(tiny_canvas) if agent.board == "cells" else InputBoard
    rules = Rules(agent, board, TERMS, MemoryArchive())

    def results(batch: int) -> list[dict[str, Any]]:
        samples = tiny_samples(5, TinyModel())
        matches = (play_sample(s.id, lambda s=s: s, replace(rules, archive=MemoryArchive())) for s in samples)  # type: ignore[misc]
        found = sorted(Referee(TinyModel(), batch).play(matches), key=lambda r: r.sample)
        times = ("seconds", "started", "finished")
        return [{k: v for k, v in r.to_dict().items() if k not in times} for r in found]

    one = results(1)
    assert all(r["queries"] > 3 for r in one)
    assert one == results(7) == results(32)


@pytest.mark.parametrize("closest", [False, True])
@pytest.mark.parametrize(("player", "max_l2"), [("ripple", 2.0), ("patchwork", None)])
def test_a_game_that_is_learned_from_shows_what_the_referee_shows(
    player: str, max_l2: float | None, closest: bool
) -> None:
    search, _, _ = game_of(player)
    board: Any = partial(tiny_canvas) if search.board == "cells" else InputBoard

    class Recording(TinyModel):
        def __init__(self, rows: list[Any]) -> None:
            super().__init__()
            self.shown = rows

        def __call__(self, x: Any) -> Any:
            self.shown.extend(np.array(x))
            return super().__call__(x)

    seen: list[Any] = []
    learned: list[Any] = []
    samples, terms = tiny_samples(3, TinyModel()), Terms(50, max_l2, closest)
    rules = Rules(search, board, terms, MemoryArchive(), seed=4)
    flips, counted = 0, CountedModel(TrainingTask(Recording(learned), samples, board, search, terms))
    for number, sample in enumerate(samples):
        seen.clear()
        playing = play_sample(sample.id, partial(replace, sample), rules)
        result = next(iter(Referee(Recording(seen), 1).play([playing])))
        rng = generator(4, sample.id, search.name)
        counted.prepare([number], 1)
        episode, shown = counted.begin(number, rng), [sample.x]
        while not episode.over:
            move, before, rows = draw(episode.odds, rng), episode.result.first, len(learned)
            counted.answer([episode.turn(int(np.ravel_multi_index(astuple(move), episode.odds.shape)))])
            first = before is None and episode.result.first is not None
            shown += learned[rows:] * (1 + first)  # the first flip is shown again, to verify it
        closest_verified = len(seen) - len(shown)
        assert closest_verified in ((0, 1) if closest else (0,))
        assert np.array_equal(shown, seen[: len(shown)])
        assert episode.result.first == (result.first.query if result.first else None)
        flips += result.first is not None
    assert flips
