import io

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from numpy.typing import NDArray
from PIL import Image as Pillow

from brittle.core.canvas import Layer
from brittle.core.errors import DataError, UsageError
from brittle.core.grid import Grid
from brittle.core.sample import InputSpec
from brittle.domains.image import Image
from brittle.domains.tints import tint, tints

AXES = ("channel", "height", "width")
DOMAIN = Image()
PHOTO = InputSpec((3, 32, 48), AXES, bits=8)
SMALL = InputSpec((1, 9, 9), AXES, bits=8)
GREY = SMALL.decode(np.random.default_rng(0).integers(0, 256, SMALL.shape, np.uint8))


def read(png: bytes) -> NDArray[np.uint8]:
    return np.asarray(Pillow.open(io.BytesIO(png)))


@st.composite
def specs(draw: st.DrawFn, channels: tuple[int, ...], bits: int | None) -> InputSpec:
    sides = st.integers(1, 12)
    shape = (draw(st.sampled_from(channels)), draw(sides), draw(sides))
    bounds = draw(st.sampled_from([(0.0, 1.0), (0.0, 255.0), (-1.0, 1.0)]))
    return InputSpec(shape, AXES, bounds, bits)


@given(st.data(), specs((1, 3), bits=8))
@settings(max_examples=50, deadline=None)
def test_eight_bit_images_survive_png_bit_for_bit(data: st.DataObject, spec: InputSpec) -> None:
    x = spec.decode(data.draw(arrays(np.uint8, spec.shape)))
    stored = DOMAIN.to_bytes(x, spec)
    assert DOMAIN.suffix(spec) == ".png"
    assert stored.startswith(b"\x89PNG")
    assert np.array_equal(DOMAIN.from_bytes(stored, spec), x)


@given(st.data(), specs((1, 2, 3, 5), bits=None))
@settings(max_examples=50, deadline=None)
def test_floats_survive_npy_bit_for_bit(data: st.DataObject, spec: InputSpec) -> None:
    low, high = spec.bounds
    x = data.draw(arrays(np.float32, spec.shape, elements=st.floats(low, high, width=32)))
    assert DOMAIN.suffix(spec) == ".npy"
    back = DOMAIN.from_bytes(DOMAIN.to_bytes(x, spec), spec)
    assert back.dtype == np.float32
    assert back.tobytes() == x.tobytes()


def test_other_eight_bit_channels_are_stored_as_npy() -> None:
    spec = InputSpec((4, 5, 6), AXES, bits=8)
    x = spec.decode(np.arange(120, dtype=np.uint8).reshape(4, 5, 6))
    assert DOMAIN.suffix(spec) == ".npy"
    assert np.array_equal(DOMAIN.from_bytes(DOMAIN.to_bytes(x, spec), spec), x)


@given(st.binary(max_size=200) | st.integers(8, 90).map(lambda size: DOMAIN.to_bytes(GREY, SMALL)[:size]))
@settings(max_examples=100, deadline=None)
def test_damaged_files_raise_one_clear_line(content: bytes) -> None:
    for spec in (SMALL, InputSpec(SMALL.shape, AXES)):
        with pytest.raises(DataError, match="stored") as caught:
            DOMAIN.from_bytes(content, spec)
        assert "\n" not in str(caught.value)


def test_files_of_another_form_are_refused() -> None:
    x = np.zeros(PHOTO.shape, np.float32)
    with pytest.raises(DataError, match="expected a stored image of L 9x9, got RGB 32x48"):
        DOMAIN.from_bytes(DOMAIN.to_bytes(x, PHOTO), SMALL)
    floats = InputSpec(PHOTO.shape, AXES)
    with pytest.raises(DataError, match=r"expected shape \(3, 32, 48\)"):
        DOMAIN.from_bytes(DOMAIN.to_bytes(x[:, 1:], floats), floats)
    out = io.BytesIO()
    np.save(out, np.array([{}], object), allow_pickle=True)
    with pytest.raises(DataError, match="damaged"):
        DOMAIN.from_bytes(out.getvalue(), floats)


def test_default_cell_is_a_fourteenth_of_each_side() -> None:
    for sides, cell in (((224, 224), (16, 16)), ((32, 48), (2, 3)), ((8, 1), (1, 1))):
        assert DOMAIN.cell(InputSpec((3, *sides), AXES)) == cell


@pytest.mark.parametrize(
    ("text", "cell"), [("8x16", (8, 16)), ("4", (4, 4)), (" 8 X 9 ", (8, 9)), ("2×3", (2, 3))]
)
def test_cells_as_users_write_them(text: str, cell: tuple[int, int]) -> None:
    assert DOMAIN.parse_cell(text, PHOTO) == cell


@pytest.mark.parametrize("text", ["", "big", "8x", "8x8x8", "-1", "1.5"])
def test_unreadable_cells(text: str) -> None:
    with pytest.raises(UsageError, match="expected a cell as HEIGHTxWIDTH, such as 8x8"):
        DOMAIN.parse_cell(text, PHOTO)


@pytest.mark.parametrize(("text", "axis"), [("0", "height"), ("33", "height"), ("8x49", "width")])
def test_cells_that_do_not_fit(text: str, axis: str) -> None:
    with pytest.raises(UsageError, match=f"expected a cell of 1 to .* along {axis}"):
        DOMAIN.parse_cell(text, PHOTO)


@pytest.mark.parametrize("channels", [1, 2, 3, 5])
def test_pictures_are_readable_and_true(channels: int) -> None:
    spec = InputSpec((channels, 8, 10), AXES, (-1.0, 1.0))
    x = np.full(spec.shape, -1, np.float32)
    x[:, 2, 3] = 1
    pixels = read(DOMAIN.picture(x, spec))
    assert pixels.shape == ((128, 160, 3) if channels == 3 else (128, 160))
    assert np.all(pixels[32:48, 48:64] == 255)
    assert (pixels == 255).mean() == 1 / 80


def test_large_pictures_are_not_enlarged() -> None:
    spec = InputSpec((3, 200, 100), AXES, bits=8)
    assert read(DOMAIN.picture(np.zeros(spec.shape, np.float32), spec)).shape == (200, 100, 3)


def test_change_is_amplified_about_mid_grey() -> None:
    spec = InputSpec((1, 160, 160), AXES, bits=8)
    x = np.full(spec.shape, 0.5, np.float32)
    assert np.all(read(DOMAIN.change(x, x, spec)) == 128)
    changed = x.copy()
    changed[0, 0, :3] += np.array([0.02, -0.02, 0.01], np.float32)
    assert read(DOMAIN.change(x, changed, spec))[0, :4].tolist() == [255, 0, 191, 128]


def test_touched_cells_are_tinted_and_outlined() -> None:
    x = np.full(PHOTO.shape, 0.5, np.float32)
    grid = Grid(PHOTO, (8, 12))
    assignment = np.zeros(grid.cells, np.int16)
    assignment[[1, 6]] = (1, 2)
    pixels = read(DOMAIN.cells_touched(x, grid, assignment, PHOTO)).reshape(4, 32, 4, 48, 3)
    cells = pixels.transpose(0, 2, 1, 3, 4).reshape(16, 32, 48, 3)
    for cell, hue in ((1, tint(0)), (6, tint(1))):
        red, green, blue = cells[cell, 0, 0].tolist()
        assert f"#{red:02x}{green:02x}{blue:02x}" == hue
        assert cells[cell, 16, 24].tolist() != cells[cell, 0, 0].tolist()
    untouched = np.delete(cells, [1, 6], axis=0)
    assert untouched.std() == 0
    assert untouched.max() < 128


def test_layers_of_one_distortion_share_a_tint() -> None:
    layers = [Layer("blur", 1, 0), Layer("blur", 2, 0), Layer("noise", 1, 0)]
    x = np.full(PHOTO.shape, 0.5, np.float32)
    grid = Grid(PHOTO, (32, 12))
    pixels = read(DOMAIN.cells_touched(x, grid, np.array([1, 2, 3, 0], np.int16), PHOTO, layers))
    first, second, third, _ = (pixels[:, 48 * i : 48 * (i + 1)] for i in range(4))
    assert np.array_equal(first, second)
    assert not np.array_equal(first, third)
    assert tints(layers) == {"blur": tint(0), "noise": tint(1)}


def test_tints_differ_and_stay() -> None:
    assert tint(0) == "#e69f00"
    assert len({tint(index) for index in range(60)}) == 60
