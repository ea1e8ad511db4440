"""Clips are cut into blocks of frames, height and width, and drawn as film strips."""

import io

import numpy as np
import pytest
from numpy.typing import NDArray
from PIL import Image as Pillow

from brittle.core.canvas import Layer
from brittle.core.errors import UsageError
from brittle.core.grid import Grid
from brittle.domains.pixels import READABLE
from brittle.domains.tints import tint
from brittle.domains.video import STRIP_FRAMES, Video, strip_frames
from video.conftest import spec_of

DOMAIN = Video()
SPEC = spec_of(3, 20, 64, 64, rate=10.0)


def read(png: bytes) -> NDArray[np.uint8]:
    return np.asarray(Pillow.open(io.BytesIO(png)).convert("RGB"))


@pytest.mark.parametrize(
    ("text", "cell"),
    [
        ("all x 8x8", (20, 8, 8)),
        ("1x8x8", (1, 8, 8)),
        ("allx64 × 3", (20, 64, 3)),
        ("0.5s x 16x16", (5, 16, 16)),
        ("0.01 s x 1x1", (1, 1, 1)),
        ("1 x 1/8 x 1/3", (1, 8, 22)),
        ("allx1/64x1/99", (20, 1, 1)),
    ],
)
def test_cells_as_users_write_them(text: str, cell: tuple[int, ...]) -> None:
    assert DOMAIN.parse_cell(text, SPEC) == cell


@pytest.mark.parametrize(
    "text",
    [
        "8x8",
        "8",
        "all",
        "1.5x8x8",
        "0x8x8",
        "21x8x8",
        "3s x 8x8",
        "all x 8x65",
        "1x2/8x8",
        "1x1/0x8",
        "1/8x8x8",
        "",
    ],
)
def test_cells_that_are_none(text: str) -> None:
    with pytest.raises(UsageError, match=r"expected a cell"):
        DOMAIN.parse_cell(text, SPEC)


def test_seconds_need_a_rate() -> None:
    with pytest.raises(UsageError, match=r"rate is not known: give the cell in frames, not as '0\.5s'"):
        DOMAIN.parse_cell("0.5s x 8x8", spec_of(3, 20, 64, 64))


def test_the_default_cell_is_a_tube() -> None:
    assert DOMAIN.cell(SPEC) == (20, 8, 8)
    assert DOMAIN.cell(spec_of(1, 1, 3, 9)) == (1, 1, 2)


@pytest.mark.parametrize("frames", [1, 2, 7, 8, 9, 300])
def test_a_strip_shows_first_and_last(frames: int) -> None:
    shown = strip_frames(frames)
    assert (shown[0], shown[-1]) == (0, frames - 1)
    assert len(shown) == len(set(shown.tolist())) == min(frames, STRIP_FRAMES)


def test_a_strip_has_its_frames_side_by_side() -> None:
    spec = spec_of(1, 8, READABLE, 40)
    x = np.broadcast_to(
        np.arange(8, dtype=np.float32)[None, :, None, None] / np.float32(8), spec.shape
    ).copy()
    strip = read(DOMAIN.picture(x, spec))
    assert strip.shape == (READABLE, 320, 3)
    assert strip[0, ::40, 0].tolist() == [round(255 * k / 8) for k in range(8)]
    changed = x.copy()
    changed[0, 5, 3, 7] += 0.1
    assert np.argwhere(read(DOMAIN.change(x, changed, spec))[..., 0] == 255).tolist() == [[3, 5 * 40 + 7]]


def test_touched_cells_are_tinted_in_their_own_frames() -> None:
    spec = spec_of(3, 8, READABLE, 40)
    grid = Grid(spec, (2, 80, 20))  # 4 x 2 x 2 cells
    assignment = np.zeros(16, np.int16)
    assignment[2 * 4 + 1] = 1  # frames 4 and 5, above, on the right
    layers = (Layer("noise", 0.1, 0),)
    png = DOMAIN.cells_touched(np.full(spec.shape, 0.5, np.float32), grid, assignment, spec, layers)
    shown = read(png).astype(int)
    assert png == DOMAIN.cells_touched(np.full(spec.shape, 0.5, np.float32), grid, assignment, spec)
    coloured = np.ptp(shown, axis=-1) > 20
    boxes = np.flatnonzero(coloured.any(axis=0)), np.flatnonzero(coloured.any(axis=1))
    assert set(boxes[0].tolist()) == {*range(180, 200), *range(220, 240)}
    assert set(boxes[1].tolist()) == set(range(80))
    assert tint(0)


def test_shares_of_a_map_are_those_of_all_frames() -> None:
    spec = spec_of(1, 20, READABLE, 16)
    values = np.zeros(spec.shape[1:], np.float32)
    values[1] = 1  # the greatest twentieth lies in a frame that the strip leaves out
    assert 1 not in strip_frames(20)
    shown = read(DOMAIN.explained(np.full(spec.shape, 0.5, np.float32), values, spec))
    others = read(DOMAIN.explained(np.full(spec.shape, 0.5, np.float32), np.roll(values, -1, axis=0), spec))
    assert shown[:, :16].mean() < others[:, :16].mean() - 20


def test_a_region_is_an_animation_of_the_mask() -> None:
    mask = np.random.default_rng(0).random((20, 9, 7)) < 0.5
    spec = spec_of(3, 20, 9, 7)
    with Pillow.open(io.BytesIO(DOMAIN.region(mask, spec))) as image:
        assert image.n_frames == 20  # type: ignore[attr-defined]
        for place in range(20):
            image.seek(place)
            assert np.array_equal(np.asarray(image.convert("L")) == 255, mask[place])
