"""Masks and fields on cells: what is kept of a cell, and interpolation that adds nothing of its own."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from brittle.explainers.masks import (
    as_masks,
    averaged,
    cell_means,
    grid_centres,
    grid_counts,
    margin_grids,
    margins,
    soft_masks,
    upsampled,
    windows,
)

sides_of = st.lists(st.integers(1, 30), min_size=1, max_size=3).map(tuple)


@settings(deadline=None)
@given(sides=sides_of, cells=st.integers(1, 9), seed=st.integers(0, 99))
def test_pairs_of_soft_masks_are_complements(sides: tuple[int, ...], cells: int, seed: int) -> None:
    masks = soft_masks(np.random.default_rng(seed), 5, sides, cells, paired=True)
    assert masks.shape == (5, *sides) and masks.dtype == np.uint8
    assert (masks[0].astype(int) + masks[1] == 255).all() and (masks[2].astype(int) + masks[3] == 255).all()


def test_soft_masks_are_those_of_rise() -> None:
    """Against skimage-like bilinear upsampling of the grid to (cells + 1) cells, cropped at the shift."""
    rng, copy = np.random.default_rng(3), np.random.default_rng(3)
    mask = soft_masks(rng, 1, (28, 28), 7)[0]
    grid = (copy.random((7, 7)) < 0.5).astype(float)
    shifts = [int(copy.integers(4)) for _ in range(2)]
    at = np.clip((np.arange(32) + 0.5) * 7 / 32 - 0.5, 0, 6)
    rows = np.array([np.interp(at, np.arange(7), line) for line in grid])
    whole = np.array([np.interp(at, np.arange(7), line) for line in rows.T]).T
    expected = whole[shifts[0] : shifts[0] + 28, shifts[1] : shifts[1] + 28]
    assert np.array_equal(mask, np.rint(255 * expected).astype(np.uint8))


def test_soft_masks_keep_as_much_as_asked() -> None:
    masks = soft_masks(np.random.default_rng(0), 400, (20, 20), 7, keep=0.3)
    assert masks.mean() / 255 == pytest.approx(0.3, abs=0.02)


CLIP, NAMES = (16, 40, 30), ("frame", "height", "width")


def test_time_and_space_have_margins_and_either_alone_has_none() -> None:
    assert margins(CLIP, NAMES) == ((0, 1, 2), (0,), (1, 2))
    assert margins((40, 30, 16), ("height", "width", "time")) == ((0, 1, 2), (2,), (0, 1))
    assert margins((40, 30), ("height", "width")) == ((0, 1),)
    assert margins((300,), ("time",)) == ((0,),)
    assert margins((1, 40, 30), NAMES) == margins((16, 1, 1), NAMES) == ((0, 1, 2),)  # one frame, one pixel


@pytest.mark.parametrize("axes", [(0,), (1, 2)])
def test_what_is_cut_along_some_axes_is_whole_along_the_others(axes: tuple[int, ...]) -> None:
    masks = soft_masks(np.random.default_rng(0), 6, CLIP, 5, paired=True, axes=axes)
    window = windows(CLIP, np.array([[8.0, 20.0, 15.0]]), [4, 10, 8], axes=axes)
    for fields in (masks, window):
        assert fields.shape[1:] == CLIP
        spread = [np.ptp(fields, axis=1 + axis).max() for axis in range(3)]
        assert all((spread[axis] > 0) == (axis in axes) for axis in range(3))
    assert (masks[::2] + masks[1::2] == 255).all()


def test_a_grid_of_time_and_space_is_cut_along_both_however_many_pixels_there_are() -> None:
    large = (16, 224, 224)
    whole, frames, places = margin_grids(large, margins(large, NAMES), 196)
    assert min(whole) >= 5 and np.prod(whole) <= 196
    assert frames == (16, 1, 1) and places == (1, 14, 14)
    assert margin_grids((224, 112), ((0, 1),), 196) == (grid_counts((224, 112), 196),)


@settings(deadline=None)
@given(sides=sides_of, most=st.integers(1, 200))
def test_a_grid_has_at_most_so_many_cells(sides: tuple[int, ...], most: int) -> None:
    counts = grid_counts(sides, most)
    assert np.prod(counts) <= most and all(1 <= n <= side for n, side in zip(counts, sides, strict=True))
    centres = grid_centres(sides, most)
    assert len(centres) == np.prod(counts) and (centres > 0).all() and (centres < sides).all()


def test_grids_are_as_fine_as_they_may_be() -> None:
    assert grid_counts((224, 224), 100) == (10, 10)
    assert grid_counts((1000,), 100) == (100,)
    assert grid_counts((2, 500), 100) == (1, 100)


def test_averages_are_of_cells() -> None:
    masks = np.arange(48, dtype=np.uint8).reshape(2, 4, 6)
    cells = averaged(masks, (2, 3))
    assert cells.shape == (2, 6)
    assert cells[1, 5] == pytest.approx(masks[1, 2:, 4:].mean() / 255)
    assert cell_means(masks, (1, 1))[0, 0] == pytest.approx(masks[0].mean())


@settings(deadline=None)
@given(sides=sides_of, most=st.integers(1, 60))
def test_means_are_of_the_elements_of_each_cell(sides: tuple[int, ...], most: int) -> None:
    counts, fields = grid_counts(sides, most), np.random.default_rng(0).random((2, *sides))
    places = [np.arange(side) * n // side for side, n in zip(sides, counts, strict=True)]
    cell = np.ravel_multi_index(np.meshgrid(*places, indexing="ij"), counts).reshape(-1)
    wanted = [np.bincount(cell, field.reshape(-1)) / np.bincount(cell) for field in fields]
    assert np.allclose(cell_means(fields, counts), wanted)


@given(sides=sides_of, height=st.floats(-5, 5))
def test_a_flat_field_stays_flat(sides: tuple[int, ...], height: float) -> None:
    assert upsampled(np.full(grid_counts(sides, 20), height), sides) == pytest.approx(height)


def test_upsampling_meets_the_middles_of_cells() -> None:
    field = np.array([1.0, 5.0, 2.0])
    assert upsampled(field, (9,))[[1, 4, 7]] == pytest.approx(field)
    assert upsampled(field, (9,))[[0, 8]] == pytest.approx([1.0, 2.0])


def test_windows_fade_at_their_edges() -> None:
    inside = windows((100,), np.array([[50.0]]), [20], edge=0.5)[0]
    assert inside[47:53] == pytest.approx(1)
    assert inside[:35] == pytest.approx(0)
    assert inside.sum() == pytest.approx(20)  # the width is that at half height
    assert as_masks(np.array([-0.2, 0.5, 1.1])).tolist() == [0, 128, 255]
