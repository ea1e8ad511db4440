"""Arrays of clips, and models that want their axes in another order."""

import numpy as np
import pytest

from brittle.core.errors import DataError, ModelError
from brittle.data import DataOptions, open_data
from brittle.models import ModelOptions, open_model
from brittle.models.layout import channel_axis
from video.conftest import AXES

X = np.random.default_rng(0).integers(0, 256, (2, 5, 8, 9, 3), np.uint8)  # n, t, h, w, c


@pytest.mark.parametrize("order", [(0, 1, 2, 3, 4), (0, 4, 1, 2, 3), (0, 1, 4, 2, 3)])
def test_channels_stand_last_first_or_behind_the_frames(order: tuple[int, ...]) -> None:
    data = open_data((X.transpose(order), None), (3, 5, 8, 9))
    assert data.spec.axes == AXES
    codes = data.spec.encode(data.open("000001").x)
    assert np.array_equal(codes, np.moveaxis(X[1], -1, 0))


def test_grey_clips_need_no_channel_axis() -> None:
    assert open_data((X[..., 0], None), (1, 5, 8, 9)).spec.shape == (1, 5, 8, 9)


def test_the_rate_of_an_npz_is_kept(tmp_path) -> None:  # type: ignore[no-untyped-def]
    np.savez(tmp_path / "clips.npz", x=X, y=[0, 1], rate=12.5)
    assert open_data(tmp_path / "clips.npz").spec.rate == 12.5


def test_arrays_are_not_sampled_again() -> None:
    with pytest.raises(DataError, match="arrays are not resized; leave --size and --frames out"):
        open_data((X, None), (3, None, 8, 9), options=DataOptions(frames=4))


@pytest.mark.parametrize(
    ("shape", "axis"),
    [
        ((3, 16, 224, 224), 0),
        ((16, 3, 224, 224), 1),
        ((16, 224, 224, 3), -1),
        ((1, 16, 64, 64), 0),
        ((None, 3, None, None), 1),
        ((None, None, None, None), 0),
    ],
)
def test_layouts_that_say_themselves(shape: tuple[int | None, ...], axis: int) -> None:
    assert channel_axis(shape, "auto") == axis


@pytest.mark.parametrize("shape", [(3, 3, 64, 64), (1, 3, 64, 64), (16, 1, 64, 3)])
def test_ambiguous_layouts_must_be_stated(shape: tuple[int, ...]) -> None:
    with pytest.raises(ModelError, match=r"may be \w+ or \w+; state one with --layout"):
        channel_axis(shape, "auto")
    assert channel_axis(shape, "frames_first") == 1


@pytest.mark.parametrize(
    ("layout", "shape"),
    [
        ("frames_first", (2, 5, 3, 8, 9)),
        ("channels_last", (2, 5, 8, 9, 3)),
        ("channels_first", (2, 3, 5, 8, 9)),
    ],
)
def test_a_model_is_asked_in_its_own_order(layout: str, shape: tuple[int, ...]) -> None:
    seen = []

    def model(x: np.ndarray) -> np.ndarray:
        seen.append(x)
        return np.zeros((len(x), 2))

    x = np.moveaxis(X, -1, 1).astype(np.float32)
    open_model(model, ModelOptions(layout=layout)).ask(x)  # type: ignore[arg-type]
    assert seen[0].shape == shape
    assert seen[0].flags.c_contiguous
    assert np.array_equal(np.sort(seen[0].ravel()), np.sort(x.ravel()))
