"""HPE's mixed segments: the greedy search tries blocks of several lengths in one round."""

import numpy as np
import pytest

from brittle.core.canvas import Canvas, Palette
from brittle.core.errors import UsageError
from brittle.core.goal import Goal
from brittle.core.grid import Grid
from brittle.core.sample import Sample
from brittle.core.search import Game, Terms
from brittle.distortions import open_distortion
from brittle.searches import open_search
from brittle.searches.greedy import Greedy
from heartbeats import SPEC, beat


def game_of(cell: int) -> Game[Canvas]:
    x = SPEC.decode(SPEC.encode(beat(0, 0)[None].astype(np.float32)))
    canvas = Canvas(
        Sample("a", x, 0, SPEC), Grid(SPEC, (cell,)), Palette((open_distortion("motion_artefact"),)), 0
    )
    clean = np.array([0.9, 0.1], np.float32)
    return Game(canvas.sample, canvas, Goal(0), Terms(1000), clean, np.random.default_rng(0))


def first_sweep(blocks: tuple[int, ...], cell: int = 1) -> np.ndarray[tuple[int, int], np.dtype[np.int16]]:
    return np.asarray(next(open_search("greedy", blocks=blocks)(game_of(cell))))


def test_every_segment_of_every_length_is_tried_once() -> None:
    sweep = first_sweep((3, 5, 10, 15))
    lengths = np.count_nonzero(sweep, axis=1)
    counts = {int(n): int((lengths == n).sum()) for n in np.unique(lengths)}
    assert counts == {2: 1, 3: 66, 5: 40 + 1, 10: 20, 15: 13}, "and shorter ones at the end"
    for row in sweep:
        worn = np.flatnonzero(row)
        assert worn[-1] - worn[0] + 1 == len(worn), "in one piece"
        assert len(set(row[worn])) == 1, "in one layer"
    np.testing.assert_array_equal(np.count_nonzero(sweep, axis=0), 4)


def test_single_cells_are_the_default() -> None:
    np.testing.assert_array_equal(first_sweep((1,), cell=8) != 0, np.eye(25, dtype=bool))
    assert Greedy(take=0.5) == open_search("greedy", blocks=(1,), take=0.5)


@pytest.mark.parametrize(("take", "cells"), [(0, 1), (1 / 16, 2), (0.2, 5), (1, 25)])
def test_a_share_of_the_cells_is_joined(take: float, cells: int) -> None:
    playing = open_search("greedy", take=take)(game_of(8))
    sweep = next(playing)
    joint = playing.send(np.full((len(sweep), 2), 0.5, np.float32))
    assert joint.shape == (1, 25) and np.count_nonzero(joint) == cells


@pytest.mark.parametrize("blocks", [(), (0,), (-1, 2)])
def test_blocks_of_nothing_are_refused(blocks: tuple[int, ...]) -> None:
    with pytest.raises(UsageError, match="expected blocks of 1 cell or more"):
        open_search("greedy", blocks=blocks)
