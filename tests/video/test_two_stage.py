"""The search two-stage: frames first, then the cells of the best ones, every row counted."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

import brittle
from brittle.core.canvas import Canvas, Palette
from brittle.core.goal import Goal
from brittle.core.grid import Grid
from brittle.core.referee import Referee
from brittle.core.result import SearchResult, Status
from brittle.core.sample import Array, InputSpec, Sample
from brittle.core.sample_run import Rules, play_sample
from brittle.core.search import Game, Terms
from brittle.searches import open_search
from brittle.searches.two_stage import TwoStage
from tiny import MemoryArchive, Shade, TinyModel
from video.conftest import spec_of
from whole_inputs import plain

SPEC = spec_of(1, 6, 8, 8)
CELL = (1, 4, 4)
FRAMES, IN_FRAME = 6, 4
Moves = NDArray[Any]
Margins = Callable[[Moves], NDArray[Any]]


def sample_of(number: int = 0, spec: InputSpec = SPEC) -> Sample:
    codes = np.random.default_rng([3, number]).integers(0, 256, spec.shape)
    return Sample(f"s{number}", spec.decode(codes.astype(np.uint8)), 0, spec)


def canvas_of(sample: Sample, cell: tuple[int, ...] = CELL) -> Canvas:
    return Canvas(sample, Grid(sample.spec, cell), Palette((Shade(),), 2), 0)


def requests(
    margins: Margins, search: TwoStage | None = None, canvas: Canvas | None = None, **terms: Any
) -> tuple[list[Moves], dict[str, Any]]:
    """Everything that a search asks of a model with these margins, request by request, and its notes."""
    board = canvas or canvas_of(sample_of())
    start = np.zeros((1, board.grid.cells))
    game = Game(
        board.sample,
        board,
        Goal(0),
        Terms(**{"budget": 1000, **terms}),
        answers(margins(start))[0],
        np.random.default_rng(0),
    )
    playing, found, sent = (search or TwoStage())(game), list[Moves](), None
    while len(found) < 40:
        try:
            moves = next(playing) if sent is None else playing.send(sent)
        except StopIteration:
            break
        found.append(moves.copy())
        sent = answers(margins(moves))
    return found, game.notes


def answers(margins: NDArray[Any]) -> Array:
    """Probabilities of two classes with these margins of the first, (n,) -> (n, 2)."""
    p = 1 / (1 + np.exp(-margins))
    return np.stack([p, 1 - p], axis=1).astype(np.float32)


def additive(start: float, of_frame: tuple[float, ...] = (1, 5, 2, 3, 4, 0)) -> Margins:
    """Every touched cell lowers the margin by what its frame says, in hundredths."""
    weights = np.repeat(of_frame, IN_FRAME) / 100
    return lambda moves: np.asarray(start - (moves > 0) @ weights)


def frames_of(cells: NDArray[Any]) -> set[int]:
    return {int(cell) // IN_FRAME for cell in cells}


def test_a_round_is_frames_then_their_cells_then_the_best_joined() -> None:
    asked, notes = requests(additive(0.3))
    frames, cells, joint = asked[:3]
    assert [len(rows) for rows in asked[:3]] == [FRAMES, 3 * IN_FRAME, 1]
    for number, row in enumerate(frames):
        assert np.flatnonzero(row).tolist() == list(range(IN_FRAME * number, IN_FRAME * (number + 1)))
        assert len(set(row[row > 0])) == 1, "in one layer"
    assert len({row.max() for row in frames}) > 1, "drawn anew for every frame"
    assert np.count_nonzero(cells, axis=1).tolist() == [1] * len(cells)
    assert frames_of(np.flatnonzero(cells.any(axis=0))) == {1, 3, 4}, "those that lower the margin most"
    assert np.flatnonzero(joint).tolist() == [4, 5, 6, 7], "the four best cells are those of frame 1"
    assert all((cells == np.where(np.arange(24) == cell, joint, 0)).all(axis=1).any() for cell in range(4, 8))
    rest, of_the_rest, _ = asked[3:6]
    assert len(rest) == FRAMES - 1 and len(of_the_rest) == 3 * IN_FRAME, "frame 1 has no cell left"
    assert (rest[:, 4:8] == joint[0, 4:8]).all() and (of_the_rest[:, 4:8] == joint[0, 4:8]).all()
    assert notes["rounds"] == 2


@pytest.mark.parametrize(("frames", "cells"), [(1, 1), (2, 3), (99, 99)])
def test_settings_say_how_many(frames: int, cells: int) -> None:
    asked, _ = requests(additive(9), TwoStage(frames=frames, cells=cells))
    assert [len(rows) for rows in asked[:3]] == [FRAMES, min(frames, FRAMES) * IN_FRAME, 1]
    assert np.count_nonzero(asked[2]) == min(cells, len(asked[1]))


def test_it_ends_when_every_cell_is_touched() -> None:
    asked, notes = requests(additive(9))
    assert notes["rounds"] == 6 and len(asked) == 18
    assert (asked[-1] > 0).all()


def test_one_cell_alone_is_kept_where_several_are_worse() -> None:
    def margins(moves: Moves) -> NDArray[Any]:
        touched = np.count_nonzero(moves, axis=1)
        return np.asarray(1 - 0.1 * (touched == 1) + 0.1 * (touched == 4))

    asked, _ = requests(margins)
    kept = asked[3].min(axis=0)
    assert np.count_nonzero(kept) == 1 and (asked[1] == kept).all(axis=1).any()


def test_nothing_is_kept_that_does_not_help() -> None:
    asked, notes = requests(lambda moves: 1 + 0.1 * (moves > 0).sum(axis=1))
    assert all(np.count_nonzero(row) == IN_FRAME for row in asked[3])
    assert notes["rounds"] > 2, "other layers may help"


def test_a_whole_frame_is_only_shown_to_choose_it() -> None:
    def margins(moves: Moves) -> NDArray[Any]:
        return np.asarray(1.0 - 2 * (moves[:, :IN_FRAME] > 0).all(axis=1))

    asked, _ = requests(margins, TwoStage(cells=3))
    assert (margins(asked[0]) < 0).tolist() == [True] + [False] * 5
    assert np.flatnonzero(asked[2]).tolist() == [0, 1, 2]
    assert np.flatnonzero(asked[3].min(axis=0)).tolist() == [0, 1, 2], "three cells are kept, not the frame"


@pytest.mark.parametrize(("closest", "rows"), [(True, [6, 12, 1, *[1] * 4]), (False, [6, 12, 1])])
def test_a_flip_is_cleaned_up_where_the_closest_is_sought(closest: bool, rows: list[int]) -> None:
    asked, notes = requests(additive(0.12), closest=closest)  # three cells of frame 1 flip it
    assert [len(moves) for moves in asked] == rows
    assert notes["rounds"] == 1
    if closest:
        assert {int(np.count_nonzero(moves)) for moves in asked[3:]} == {3, 2}


def test_cells_of_several_frames_are_one_frame() -> None:
    asked, _ = requests(lambda moves: np.full(len(moves), 1.0), canvas=canvas_of(sample_of(), (4, 8, 4)))
    assert asked[0].astype(bool).tolist() == [[True, True, False, False], [False, False, True, True]]


def test_frames_need_not_come_first() -> None:
    spec = InputSpec((8, 8, 6), ("height", "width", "frame"), bits=8)
    canvas = canvas_of(sample_of(0, spec), (4, 4, 1))
    frames = requests(lambda moves: np.full(len(moves), 1.0), canvas=canvas)[0][0]
    assert [set(np.flatnonzero(row) % 6) for row in frames] == [{k} for k in range(6)]


def test_no_row_is_farther_than_the_limit() -> None:
    canvas = canvas_of(sample_of())
    whole = [canvas.l2(row) for row in requests(additive(9))[0][0]]
    limit = float(np.median(whole))
    asked, _ = requests(additive(9), max_l2=limit)
    assert 0 < len(asked[0]) < FRAMES
    assert all(canvas.l2(row) <= limit for moves in asked for row in moves)


def test_where_no_frame_may_be_shown_whole_every_cell_is_tried() -> None:
    canvas = canvas_of(sample_of())
    least = min(canvas.squares(layer).min() for layer in range(1, canvas.layer_count + 1))
    limit = 1.3 * float(np.sqrt(least))
    asked, notes = requests(additive(9), max_l2=limit)
    assert 0 < len(asked[0]) < canvas.grid.cells and set(np.count_nonzero(asked[0], axis=1)) == {1}
    assert all(canvas.l2(row) <= limit for moves in asked for row in moves)
    assert requests(additive(9), max_l2=0.5 * float(np.sqrt(least))) == ([], {"rounds": 1})
    assert notes["rounds"] >= 1


def referee_results(batch: int, **terms: Any) -> tuple[list[SearchResult], int, MemoryArchive]:
    """Results of six clips, the rows that the model saw, and the flips."""
    model, archive = TinyModel(spec=SPEC), MemoryArchive(SPEC)
    samples = [sample_of(number) for number in range(6)]
    labels = TinyModel(spec=SPEC)(np.stack([s.x for s in samples])).argmax(axis=1)
    samples = [Sample(s.id, s.x, int(k), SPEC) for s, k in zip(samples, labels, strict=True)]
    rules = Rules(TwoStage(), canvas_of, Terms(**{"budget": 150, **terms}), archive)
    referee = Referee(model, batch)
    results = list(referee.play(play_sample(s.id, lambda s=s: s, rules) for s in samples))  # type: ignore[misc]
    assert referee.rows == model.rows
    return sorted(results, key=lambda r: r.sample), model.rows, archive


@pytest.mark.parametrize("closest", [True, False])
def test_every_row_is_counted_and_the_batch_changes_nothing(closest: bool) -> None:
    one, rows, _ = referee_results(1, closest=closest)
    assert sum(r.queries for r in one) == rows
    assert {r.status for r in one} >= {Status.FLIPPED} and all(r.queries <= 150 for r in one)
    for batch in (7, 32):
        assert plain(referee_results(batch, closest=closest)[0]) == plain(one)


def test_flips_hold_when_their_files_are_asked() -> None:
    results, _, archive = referee_results(16)
    flips = [(r, flip) for r in results for flip in (r.first, r.closest) if flip]
    assert flips
    for result, flip in flips:
        assert (
            TinyModel(spec=SPEC)(archive.read(flip.file)[None])[0].argmax() == flip.predicted != result.label
        )


def test_inputs_without_frames_are_refused_before_anything_is_played(tmp_path: Path) -> None:
    def model(x: Array) -> Array:
        return answers(x.mean(axis=(1, 2, 3)))

    images = np.random.default_rng(0).random((3, 1, 8, 8)).astype(np.float32)
    expected = r"^the search two-stage needs the axis 'frame'; this input has channel, height, width; choose"
    with pytest.raises(brittle.UsageError, match=expected):
        brittle.audit(model, (images, None), search="two-stage", budget=20, out=tmp_path / "run")
    assert not (tmp_path / "run").exists()


@pytest.mark.parametrize("setting", ["frames", "cells"])
def test_none_of_either_is_refused(setting: str) -> None:
    with pytest.raises(brittle.UsageError, match=setting):
        open_search("two-stage", **{setting: 0})
