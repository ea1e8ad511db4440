"""The search of two agents: frames, then cells in them, then one query; each can learn beside the other."""

from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import brittle
from brittle.agent.file import TrainedAgent, write_agent
from brittle.agent.network import Network, fresh, shape_of
from brittle.agent.temporal_spatial import NONE, Role, TemporalSpatial
from brittle.core.canvas import Assignment, Canvas, Palette
from brittle.core.errors import UsageError
from brittle.core.goal import Goal
from brittle.core.grid import Grid
from brittle.core.play import Move, draw
from brittle.core.referee import Referee
from brittle.core.result import SearchResult, Status
from brittle.core.sample import Array, InputSpec, Sample
from brittle.core.sample_run import Rules, play_sample
from brittle.core.search import Game, Terms
from brittle.searches.temporal_spatial.play import TIME_FEATURES, Both
from brittle.searches.temporal_spatial.roles import SpatialPlay, TemporalPlay
from brittle.searches.temporal_spatial.tuning import TUNING
from tiny import MemoryArchive, Shade, TinyModel
from video.conftest import spec_of
from whole_inputs import plain

SPEC = spec_of(1, 12, 8, 8)
FRAMES, IN_FRAME = 12, 16
ROLES: tuple[Role, Role] = ("temporal", "spatial")
BY_HAND = TemporalSpatial(temporal=NONE, spatial=NONE)
SURE = np.array([0.99, 0.01], np.float32)


def sample_of(number: int = 0, spec: InputSpec = SPEC) -> Sample:
    codes = np.random.default_rng([3, number]).integers(0, 256, spec.shape)
    return Sample(f"s{number}", spec.decode(codes.astype(np.uint8)), 0, spec)


def canvas_of(sample: Sample) -> Canvas:
    return Canvas(sample, Grid(sample.spec, (1, 2, 2)), Palette((Shade(),), 2), 0)


def game_of(budget: int = 200, number: int = 0) -> Game[Canvas]:
    board = canvas_of(sample_of(number))
    return Game(board.sample, board, Goal(0), Terms(budget), SURE, np.random.default_rng(4))


def both_of(game: Game[Canvas]) -> Both:
    play = BY_HAND.play(game)
    assert isinstance(play, TemporalPlay)
    return play.both


def opened(both: Both, rng: np.random.Generator) -> Any:
    """The state after the opening, of a model that nothing changes."""
    state = both.start
    while state.search.upcoming:
        proposal = both.propose(state, draw(both.cell_odds(state), rng), rng)
        assert proposal
        state = both.accept(state, proposal, both.clean)
    return state


def agent_file(role: Role, folder: Path, spread: float, player: str = "temporal-spatial") -> str:
    """An agent whose heads are random numbers of this spread; 0 corrects nothing."""
    alone = TemporalSpatial(temporal=NONE, spatial=NONE, learns=role)
    network = fresh(shape_of(alone.play(game_of())), 0)
    rng = np.random.default_rng(1)
    heads = {
        name: (spread * rng.normal(size=w.shape)).astype(np.float32)
        for name, w in network.weights.items()
        if name.startswith("head")
    }
    network = Network(network.shape, {**network.weights, **heads})
    file = folder / f"{role}-{spread}.safetensors"
    write_agent(file, TrainedAgent(network, player, alone.model_dump()))
    return str(file)


def results(search: TemporalSpatial, batch: int, budget: int = 60) -> tuple[list[SearchResult], int]:
    """Results of five clips, and the rows that the model saw."""
    model = TinyModel(spec=SPEC)
    samples = [sample_of(number) for number in range(5)]
    labels = TinyModel(spec=SPEC)(np.stack([s.x for s in samples])).argmax(axis=1)
    samples = [replace(s, label=int(k)) for s, k in zip(samples, labels, strict=True)]
    rules = Rules(search, canvas_of, Terms(budget), MemoryArchive(SPEC))
    runs = (play_sample(s.id, lambda s=s: s, rules) for s in samples)  # type: ignore[misc]
    found = sorted(Referee(model, batch).play(runs), key=lambda r: r.sample)
    return found, model.rows


def test_a_row_changes_cells_of_the_chosen_frames_only() -> None:
    both, rng = both_of(game_of()), np.random.default_rng(0)
    state, lengths = opened(both, rng), set()
    for _ in range(60):
        state = both.chosen(state, draw(both.time_odds(state), rng))
        proposal = both.propose(state, draw(both.cell_odds(state), rng), rng)
        assert proposal and proposal.choice == state.choice
        changed = np.flatnonzero(proposal.row != state.search.current)
        first, end = state.choice.frames
        assert len(changed) and {*(changed // IN_FRAME)} <= {*range(first, end)}
        lengths.add(end - first)
        state = both.accept(state, proposal, both.clean - 0.01 * len(changed))
    assert lengths == {1, 3, 6, 12}


def test_cells_of_a_block_go_through_all_chosen_frames() -> None:
    both, rng = both_of(game_of()), np.random.default_rng(0)
    state = both.chosen(opened(both, rng), Move(0, 5, 1))
    first, end = state.choice.frames
    while not (proposal := both.propose(state, Move(0, 0, 0), rng)):
        pass
    by_frame = (proposal.row != state.search.current).reshape(FRAMES, IN_FRAME)
    assert end - first == 3 and by_frame[first:end].any(axis=1).all()
    assert (by_frame[first:end] == by_frame[first]).all()


@pytest.mark.parametrize("place", range(FRAMES))
@pytest.mark.parametrize("extent", range(len(TUNING.extents)))
def test_runs_lie_in_the_clip_about_their_place(place: int, extent: int) -> None:
    runs = both_of(game_of()).runs
    first, end = runs.choice(place, extent).frames
    assert 0 <= first < end <= FRAMES and runs.places == FRAMES
    assert end - first == max(1, round(TUNING.extents[extent] * FRAMES))
    assert first <= place < end


def test_all_frames_are_one_choice_and_the_only_one_while_whole_layers_are_shown() -> None:
    both, rng = both_of(game_of()), np.random.default_rng(0)
    assert both.start.search.upcoming
    assert np.argwhere(both.time_odds(both.start)).tolist() == [[0, 0, both.runs.whole]]
    assert both.start.choice.frames == (0, FRAMES)
    odds = both.time_odds(opened(both, rng))
    assert odds.sum(axis=(0, 1)) == pytest.approx(TUNING.extent_odds)
    assert np.count_nonzero(odds[0, :, both.runs.whole]) == 1
    assert (odds[0, :, : both.runs.whole] > 0).all()


def test_frames_and_lengths_that_brought_something_are_chosen_more_often() -> None:
    both, rng = both_of(game_of()), np.random.default_rng(0)
    state = opened(both, rng)
    before = both.time_odds(state)
    for margin in (4.0, 3.0, 2.0):
        state = both.chosen(state, Move(0, 3, 0))
        while not (proposal := both.propose(state, draw(both.cell_odds(state), rng), rng)):
            pass
        state = both.accept(state, proposal, margin)
    after = both.time_odds(state)
    assert after[0, 3, 0] / after[0, 8, 0] > 1.1 * before[0, 3, 0] / before[0, 8, 0]
    assert after[0, 8, 0] / after[0, 8, 1] > 1.1 * before[0, 8, 0] / before[0, 8, 1]
    assert state.times.tries[3] == 3 == state.extents.tries[0]


def test_distortion_is_taken_away_only_where_the_chosen_frames_have_some() -> None:
    both, rng = both_of(game_of()), np.random.default_rng(0)
    state = opened(both, rng)
    touched = state.search.current.copy()
    touched[:] = 0
    touched[IN_FRAME * 4 : IN_FRAME * 5] = 1
    state = replace(state, search=replace(state.search, current=touched))
    remove = both.cells.operators.index("remove")
    here, elsewhere = (both.cell_odds(both.chosen(state, Move(0, place, 0)))[remove] for place in (4, 9))
    assert here.sum() > 0 == elsewhere.sum()


def test_the_temporal_agent_sees_frames_and_the_spatial_one_places_of_the_picture() -> None:
    both, rng = both_of(game_of()), np.random.default_rng(0)
    assert both.cells.places == (1, 4, 4) and both.cells.geometry.longest == 4
    state, touched = opened(both, rng), np.zeros(FRAMES * IN_FRAME, np.int16)
    touched[IN_FRAME * 4 : IN_FRAME * 4 + 8] = 1
    state = replace(state, search=replace(state.search, current=touched))
    in_time = both.view_in_time(state)
    assert in_time.operators.shape == (1, 2 * len(TUNING.extents))
    assigned, share = (
        in_time.places[:, TIME_FEATURES.index(name)] for name in ("assigned cells", "share of l2")
    )
    assert assigned.tolist() == [0.5 * (frame == 4) for frame in range(FRAMES)]
    assert share == pytest.approx([1.0 * (frame == 4) for frame in range(FRAMES)])
    around, beside = (both.view_in_space(both.chosen(state, Move(0, at, 0))) for at in (4, 9))
    assert around.world[-3:] == pytest.approx([1 / FRAMES, 9 / FRAMES - 1, 1])
    assert beside.world[-3:] == pytest.approx([1 / FRAMES, 19 / FRAMES - 1, 0])
    assert around.places.shape[0] == 16


def test_frames_that_move_are_seen() -> None:
    x = np.full(SPEC.shape, 0.5, np.float32)
    x[:, 7, :4] = 1
    board = canvas_of(Sample("s", x, 0, SPEC))
    game = Game(board.sample, board, Goal(0), Terms(60), SURE, np.random.default_rng(4))
    both = both_of(game)
    motion = both.view_in_time(both.start).places[:, TIME_FEATURES.index("motion")]
    assert np.flatnonzero(motion).tolist() == [7, 8]
    assert motion[7] == min(3, 20 * 0.25)


def test_every_row_is_counted_and_the_batch_changes_nothing(tmp_path: Path) -> None:
    files = {role: agent_file(role, tmp_path, 1.0) for role in ROLES}
    search = TemporalSpatial(**files)  # type: ignore[arg-type]
    one, rows = results(search, 1)
    assert sum(r.queries for r in one) == rows
    assert {r.status for r in one} >= {Status.FLIPPED} and all(3 < r.queries <= 60 for r in one)
    for batch in (7, 32):
        assert plain(results(search, batch)[0]) == plain(one)


def test_without_corrections_the_agents_are_the_hand_made_ones_row_by_row(tmp_path: Path) -> None:
    def what(search: TemporalSpatial) -> list[Any]:
        return [(r.queries, r.closest and r.closest.l2) for r in results(search, 8)[0]]

    by_hand = what(BY_HAND)
    none = TemporalSpatial(**{role: agent_file(role, tmp_path, 0.0) for role in ROLES})  # type: ignore[arg-type]
    assert what(none) == by_hand
    for role in ROLES:
        other = BY_HAND.model_copy(update={role: agent_file(role, tmp_path, 1.0)})
        assert what(other) != by_hand, "each of the two has its say"


@pytest.mark.parametrize("role", ROLES)
def test_an_agent_that_learns_plays_beside_its_partner(role: Role, tmp_path: Path) -> None:
    other = ROLES[1 - ROLES.index(role)]

    def first_rows(**settings: Any) -> list[Assignment]:
        play = TemporalSpatial(**{"learns": role, role: NONE, other: NONE, **settings}).play(game_of())
        assert isinstance(play, TemporalPlay if role == "temporal" else SpatialPlay)
        state, rng, shown = play.start, np.random.default_rng(2), list[Assignment]()
        for _ in range(20):
            proposal = play.propose(state, draw(play.moves(state), rng), rng)
            assert proposal
            shown.append(proposal.row)
            state = play.accept(state, proposal, play.clean - 0.001 * len(shown))
        return shown

    alone = first_rows()
    assert all(np.array_equal(a, b) for a, b in zip(alone, first_rows(), strict=True))
    partner = first_rows(**{other: agent_file(other, tmp_path, 2.0)})
    assert not all(np.array_equal(a, b) for a, b in zip(alone, partner, strict=True))
    corrected = first_rows(**{role: agent_file(role, tmp_path, 2.0)})
    assert all(np.array_equal(a, b) for a, b in zip(alone, corrected, strict=True)), "it learns from scratch"


def test_what_is_chosen_follows_from_the_state(tmp_path: Path) -> None:
    play = TemporalSpatial(temporal=NONE, spatial=NONE, learns="spatial").play(game_of())
    assert isinstance(play, SpatialPlay)
    state, rng = opened(play.both, np.random.default_rng(0)), np.random.default_rng(0)
    proposal = play.propose(state, draw(play.moves(state), rng), rng)
    assert proposal
    after = [play.accept(state, proposal, 1.0).choice for _ in range(3)]
    assert after[0] == after[1] == after[2]


def test_files_of_the_other_role_or_of_another_player_are_refused(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match=r"^expected a temporal agent \(brittle train --board temporal\)"):
        TemporalSpatial.build({"temporal": agent_file("spatial", tmp_path, 0.0), "spatial": NONE}, "it")
    with pytest.raises(UsageError, match=r"^expected a spatial agent .* plays patchwork$"):
        TemporalSpatial.build({"temporal": NONE, "spatial": "cells"}, "it")


def test_a_run_names_both_agents(tmp_path: Path) -> None:
    files = {role: agent_file(role, tmp_path, 0.0) for role in ROLES}
    about = TemporalSpatial(**files).about  # type: ignore[arg-type]
    assert about and [name.split(" ")[0] for name in about["name"].split(", ")] == [
        "temporal-0.0",
        "spatial-0.0",
    ]
    assert BY_HAND.about is None


def test_cells_are_of_one_frame_and_inputs_without_frames_are_refused(tmp_path: Path) -> None:
    def flat(x: Array) -> Array:
        return np.full((len(x), 2), (0.6, 0.4), np.float32)

    def audited(shape: tuple[int, ...], **more: Any) -> brittle.Run:
        flat.input_shape = shape  # type: ignore[attr-defined]
        x = np.random.default_rng(0).random((2, *shape)).astype(np.float32)
        asked = {"search": "temporal-spatial", "budget": 20, "out": tmp_path / str(len(shape)), **more}
        settings = asked.pop("settings", {"temporal": NONE, "spatial": NONE})
        return brittle.audit(flat, (x, None), search_settings=settings, **asked)

    assert audited((3, 5, 16, 16)).manifest.cell == (1, 2, 2)
    alone = audited((3, 5, 16, 16), search="agent", settings={"file": "spatial"}, out=tmp_path / "alone")
    assert alone.manifest.cell == (1, 2, 2), "one of the two beside the hand-made other"
    for asked in ({}, {"search": "agent", "settings": {"file": "temporal"}}):
        with pytest.raises(UsageError, match=r" needs the axis 'frame'; this input has channel, height"):
            audited((3, 16, 16), **asked)
