"""The parts of Square by themselves: patches, windows, the start and the steps of both attacks."""

import numpy as np
import pytest

from brittle.core.sample import Array, InputSpec, Sample
from brittle.searches.square.l2 import L2Squares
from brittle.searches.square.linf import LinfSquares
from brittle.searches.square.patches import bump, patch
from brittle.searches.square.windows import share_at, side_of, window_at_random

FREE = InputSpec((3, 22, 23), ("channel", "height", "width"))


def grey(spec: InputSpec = FREE) -> Sample:
    """An input so far from its bounds that nothing is clipped."""
    return Sample("grey", np.full(spec.shape, np.mean(spec.bounds), np.float32), 0, spec)


def norms(change: Array) -> Array:
    return np.asarray(np.sqrt(np.square(change).reshape(len(change), -1).sum(axis=1)))


def test_bumps_are_nested_boxes_of_norm_1() -> None:
    expected = np.array([[4, 13, 13, 13], [4, 13, 49, 13]]) / 36
    assert bump((2, 4)) == pytest.approx(expected / np.linalg.norm(expected))
    assert bump((3,)) == pytest.approx(np.array([1, 5, 1]) / np.sqrt(27))


def test_patches_are_two_bumps_of_opposite_sign_split_along_either_axis() -> None:
    expected = np.concatenate([bump((2, 5)), -bump((3, 5))]) / np.sqrt(2)
    drawn = [patch((5, 5), np.random.default_rng(seed)) for seed in range(20)]
    ways = [np.allclose(p, expected) for p in drawn]
    assert any(ways) and not all(ways)
    assert all(np.allclose(p, expected) or np.allclose(p, expected.T) for p in drawn)
    assert patch((1, 1), np.random.default_rng(0)).tolist() == [[1]]
    assert patch((1, 4), np.random.default_rng(0)).shape == (1, 4)


def test_the_l2_attack_starts_with_five_times_five_patches_at_the_radius() -> None:
    change = L2Squares(grey(), 0.7).start(np.random.default_rng(0))
    assert np.linalg.norm(change) == pytest.approx(0.7, rel=1e-5)
    tiles = change[:, 1:21, 1:21].reshape(3, 5, 4, 5, 4).transpose(1, 3, 0, 2, 4).reshape(25, 3, 16)
    assert np.linalg.norm(tiles) == pytest.approx(0.7, rel=1e-5)
    assert np.linalg.norm(tiles, axis=2) == pytest.approx(np.full((25, 3), 0.7 / np.sqrt(75)), rel=1e-4)
    drawn = {tuple(np.rint(1e4 * t * s).astype(int)) for channels in tiles for t in channels for s in (-1, 1)}
    assert len(drawn) == 4  # either axis, either sign
    signs = np.sign((tiles * tiles[:, :1]).sum(axis=2))
    assert {tuple(s) for s in signs[:, 1:].astype(int)} == {(1, 1), (1, -1), (-1, 1), (-1, -1)}


def test_an_l2_step_moves_the_norm_of_two_windows_into_one() -> None:
    squares, rng = L2Squares(grey(), 0.7), np.random.default_rng(0)
    change = squares.start(rng)
    for _ in range(30):
        after = squares.step(change, 0.05, rng)
        touched = np.argwhere((after != change).any(axis=0))
        assert norms(after) == pytest.approx(norms(change), rel=1e-3)
        assert np.linalg.norm(after) == pytest.approx(0.7, rel=1e-5)
        cleared = (after == 0).all(axis=0) & (change != 0).any(axis=0)
        assert len(touched) <= 2 * side_of((22, 23), 0.05) ** 2
        assert cleared.any() or len(touched) <= 30
        change = after


def test_an_l2_step_gives_what_clipping_took_to_the_window() -> None:
    sample = Sample("dark", np.full(FREE.shape, 0.001, np.float32), 0, FREE)
    squares, rng = L2Squares(sample, 0.7), np.random.default_rng(0)
    change = squares.start(rng)
    assert np.linalg.norm(change) < 0.6
    before = np.linalg.norm(change)
    for _ in range(20):
        change = squares.step(change, 0.05, rng)
    assert np.linalg.norm(change) > before


def test_a_window_keeps_the_pattern_that_it_had() -> None:
    squares = L2Squares(grey(), 0.7)
    change = np.zeros(FREE.shape, np.float32)
    change[:, 11, 11] = 0.7 / np.sqrt(3)
    within = 0
    for seed in range(60):
        after = squares.step(change, 0.09, np.random.default_rng(seed))
        assert (after[:, 11, 11] >= 0).all()  # a patch alone is of either sign
        within += bool((after[:, 11, 11] > 0).all() and (after != 0).sum() > 3)
    assert within


def test_l2_windows_are_odd_and_of_three_elements_at_least() -> None:
    squares, rng = L2Squares(grey(), 0.7), np.random.default_rng(0)
    change = squares.start(rng)
    for share, side in ((1e-6, 3), (16 / 22 / 23, 5)):
        touched = [(squares.step(change, share, rng) != change).any(axis=0) for _ in range(30)]
        assert max(int(t.sum()) for t in touched) == 2 * side**2


def test_the_linf_attack_starts_with_vertical_stripes() -> None:
    change = LinfSquares(grey(), 0.1).start(np.random.default_rng(0))
    assert np.abs(change) == pytest.approx(np.full(FREE.shape, 0.1), rel=1e-5)
    assert (change == change[:, :1]).all()
    stripes = np.sign(change[:, 0])
    assert 10 < (stripes > 0).sum() < 59
    assert (stripes[0] != stripes[1]).any()


def test_a_linf_step_changes_one_square_and_always_changes_it() -> None:
    squares, rng = LinfSquares(grey(), 0.1), np.random.default_rng(0)
    change = squares.start(rng)
    for _ in range(200):
        after = squares.step(change, 1 / FREE.shape[1] / FREE.shape[2], rng)
        where = np.argwhere((after != change).any(axis=0))
        assert len(where) == 1
        assert np.abs(after) == pytest.approx(np.full(FREE.shape, 0.1), rel=1e-5)
        change = after
    assert side_of((22, 23), 0.05) == 5
    window = squares.step(np.zeros_like(change), 0.05, rng) != 0
    assert window.sum() == 3 * 25


def test_squares_halve_as_published() -> None:
    turns = [0, 10, 11, 50, 51, 200, 201, 500, 501, 1000, 2001, 4001, 6001, 8001, 10_000, 99_999]
    halvings = [0, 0, 1, 1, 2, 2, 3, 3, 4, 4, 6, 7, 8, 9, 9, 9]
    assert [share_at(turn, 0.1, 10_000) for turn in turns] == [0.1 / 2**k for k in halvings]
    assert share_at(5, 0.1, 1000) == 0.05  # a schedule of 1000 is ten times as fast
    assert side_of((224, 224), 0.1) == 71
    assert side_of((1000,), 0.1) == 100
    assert side_of((20, 20, 20), 1 / 8) == 10


def test_windows_fit_every_axis() -> None:
    rng = np.random.default_rng(0)
    boxes = [window_at_random((2, 8, 1), 5, rng) for _ in range(50)]
    assert {b[1].stop - b[1].start for b in boxes} == {1}
    assert {b[2].stop - b[2].start for b in boxes} == {5}
    assert {(b[3].start, b[3].stop) for b in boxes} == {(0, 1)}
    assert {b[2].start for b in boxes} == {0, 1, 2}
