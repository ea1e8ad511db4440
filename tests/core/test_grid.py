"""Laws of the cut: cells tile the input, and values go there and back."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from brittle.core.errors import UsageError
from brittle.core.grid import Grid
from brittle.core.sample import InputSpec

AXES = {1: ("time",), 2: ("height", "width"), 3: ("frame", "height", "width")}


@st.composite
def grids(draw: st.DrawFn) -> Grid:
    """Signals, images and videos of any size, cut anyhow."""
    sizes = draw(st.lists(st.integers(1, 9), min_size=1, max_size=3))
    channels = draw(st.integers(1, 3))
    first = draw(st.booleans())
    axes, shape = AXES[len(sizes)], tuple(sizes)
    place = 0 if first else 1 if len(sizes) > 1 else 0
    axes = (*axes[:place], "channel", *axes[place:])
    shape = (*shape[:place], channels, *shape[place:])
    cell = tuple(draw(st.integers(1, size)) for size in sizes)
    return Grid(InputSpec(shape, axes), cell)


@given(grids())
def test_cells_tile_the_input_exactly_once(grid: Grid) -> None:
    seen = np.zeros(grid.spec.shape, int)
    for cell in range(grid.cells):
        seen[grid.where(cell)] += 1
    assert (seen == 1).all()


@given(grids())
def test_spread_writes_each_cells_value_on_its_elements(grid: Grid) -> None:
    field = np.broadcast_to(grid.spread(np.arange(grid.cells)), grid.spec.shape)
    for cell in range(grid.cells):
        assert (field[grid.where(cell)] == cell).all()


@given(grids(), st.integers(0, 2**32 - 1))
def test_totals_of_cells_add_up_to_the_whole(grid: Grid, seed: int) -> None:
    x = np.random.default_rng(seed).normal(size=grid.spec.shape)
    totals = grid.total(x)
    assert totals.shape == (grid.cells,)
    assert np.isclose(totals.sum(), x.sum())
    assert np.isclose(totals[grid.cells - 1], x[grid.where(grid.cells - 1)].sum())


@given(grids(), st.data(), st.integers(1, 12))
def test_a_block_holds_its_centre_and_no_cell_twice(grid: Grid, data: st.DataObject, side: int) -> None:
    centre = data.draw(st.integers(0, grid.cells - 1))
    block = grid.block(centre, side)
    assert centre in block
    assert len(set(block.tolist())) == len(block)
    assert block.min() >= 0 and block.max() < grid.cells


def test_a_block_is_longer_along_an_axis_of_more_cells() -> None:
    spec = InputSpec((3, 20, 64, 64), ("channel", "frame", "height", "width"))
    for cell, side, counts in [
        ((1, 8, 8), 4, (7, 3, 3)),  # 20 x 8 x 8 cells: 1.84 and 0.74 of 10.9
        ((20, 8, 8), 3, (1, 3, 3)),  # an axis of one cell takes no part
        ((20, 64, 64), 5, (1, 1, 1)),
    ]:
        grid = Grid(spec, cell)
        centre = int(np.ravel_multi_index([n // 2 for n in grid.counts], grid.counts))
        places = np.array(np.unravel_index(grid.block(centre, side), grid.counts))
        assert tuple((np.ptp(places, axis=1) + 1).tolist()) == counts
    assert Grid(spec, (20, 8, 8)).side_of(0.25) == pytest.approx(4)
    assert Grid(spec, (20, 64, 64)).side_of(0.25) == pytest.approx(0.25)


@given(grids(), st.data())
def test_boxes_cover_exactly_their_cells(grid: Grid, data: st.DataObject) -> None:
    cells = data.draw(st.lists(st.integers(0, grid.cells - 1), min_size=1, unique=True))
    seen, wanted = np.zeros(grid.spec.shape, int), np.zeros(grid.spec.shape, int)
    for where in grid.boxes(np.array(cells)):
        seen[where] += 1
    for cell in cells:
        wanted[grid.where(cell)] += 1
    assert np.array_equal(seen, wanted)


def test_a_cell_larger_than_the_input_is_refused() -> None:
    spec = InputSpec((3, 8, 8), ("channel", "height", "width"))
    with pytest.raises(UsageError, match="cell of 1 to 8 along width, got 9"):
        Grid(spec, (4, 9))
    with pytest.raises(UsageError, match="height x width"):
        Grid(spec, (4,))
