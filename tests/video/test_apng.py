"""Animations hold every frame exactly, also those that equal the one before."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from brittle.core.errors import DataError
from brittle.domains.apng import read_apng, write_apng
from brittle.domains.video import Video
from video.conftest import spec_of

CLIPS = st.tuples(st.integers(1, 20), st.integers(1, 9), st.integers(1, 9), st.sampled_from([1, 3]))
DOMAIN = Video()


@given(st.data(), CLIPS, st.floats(0.01, 240))
@settings(max_examples=60, deadline=None)
def test_every_frame_comes_back(data: st.DataObject, shape: tuple[int, ...], rate: float) -> None:
    frames = data.draw(arrays(np.uint8, shape))
    again = data.draw(st.integers(0, len(frames) - 1))
    frames[again:] = frames[again]  # equal neighbours
    stored = write_apng(frames, rate)
    assert stored == write_apng(frames, rate)
    assert np.array_equal(read_apng(stored, shape), frames)


@given(st.data(), CLIPS, st.sampled_from([(0.0, 1.0), (0.0, 255.0), (-1.0, 1.0)]))
@settings(max_examples=30, deadline=None)
def test_eight_bit_clips_are_stored_exactly(
    data: st.DataObject, shape: tuple[int, ...], bounds: tuple[float, float]
) -> None:
    spec = spec_of(shape[3], *shape[:3], bounds=bounds)
    x = spec.decode(data.draw(arrays(np.uint8, spec.shape)))
    assert DOMAIN.suffix(spec) == ".png"
    assert np.array_equal(DOMAIN.from_bytes(DOMAIN.to_bytes(x, spec), spec), x)


def test_other_clips_are_stored_as_npy() -> None:
    for spec in (spec_of(3, 4, 5, 6, bits=None), spec_of(2, 4, 5, 6)):
        x = np.random.default_rng(0).random(spec.shape, np.float32)
        x = spec.decode(spec.encode(x))
        assert DOMAIN.suffix(spec) == ".npy"
        assert np.array_equal(DOMAIN.from_bytes(DOMAIN.to_bytes(x, spec), spec), x)


def test_other_readers_of_animations_see_every_frame() -> None:
    av = pytest.importorskip("av")
    import io

    frames = np.random.default_rng(0).integers(0, 256, (6, 21, 33, 3), np.uint8)
    frames[3] = frames[2]
    with av.open(io.BytesIO(write_apng(frames, 10)), format="apng") as container:
        read = np.stack([frame.to_ndarray(format="rgb24") for frame in container.decode(video=0)])
    assert np.array_equal(read[:6], frames)


def test_damaged_animations_are_one_line() -> None:
    spec = spec_of(3, 4, 8, 8)
    stored = DOMAIN.to_bytes(np.zeros(spec.shape, np.float32), spec)
    for damaged in (
        b"",
        stored[:20],
        stored[: len(stored) // 2],
        stored[:60] + b"\0" + stored[61:],
        b"GIF89a",
    ):
        with pytest.raises(DataError, match=r"expected a stored .*clip") as caught:
            DOMAIN.from_bytes(damaged, spec)
        assert "\n" not in str(caught.value)
    with pytest.raises(DataError, match="expected a stored clip of 5 frames of RGB 8x8, got 4 of RGB 8x8"):
        DOMAIN.from_bytes(stored, spec_of(3, 5, 8, 8))
