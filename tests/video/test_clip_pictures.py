"""What of a clip is shown: which frames, when they are, and the animation to look at."""

import io

import numpy as np
import pytest
from PIL import Image as Pillow
from PIL import ImageSequence

from brittle.core.sample import InputSpec
from brittle.domains.ecg import Ecg
from brittle.domains.glow import GLOW
from brittle.domains.heat import heated
from brittle.domains.image import Image
from brittle.domains.pixels import READABLE
from brittle.domains.video import MOST_PLAYED, Video
from video.conftest import spec_of

DOMAIN = Video()


@pytest.mark.parametrize(
    ("frames", "rate", "said"),
    [
        (20, 5.0, "frames 1, 4, 6, 9, 12, 15, 17, 20 of 20, 0 to 3.8 s"),
        (20, None, "frames 1, 4, 6, 9, 12, 15, 17, 20 of 20"),
        (3, 30.0, "frames 1, 2, 3 of 3, 0 to 0.0667 s"),
        (1, None, "frames 1 of 1"),
    ],
)
def test_a_strip_says_its_frames_and_times(frames: int, rate: float | None, said: str) -> None:
    assert DOMAIN.extent(spec_of(3, frames, 8, 8, rate=rate)) == said


def test_inputs_that_stand_still_have_neither() -> None:
    image, signal = spec_of(3, 1, 8, 8), InputSpec((1, 50), ("channel", "time"))
    x = np.zeros((3, 8, 8), np.float32)
    assert Image().extent(image) == Ecg().extent(signal) == ""
    assert Image().animation((x,), image) is None and Ecg().animation((x,), signal) is None


@pytest.mark.parametrize("channels", [1, 2, 3])
def test_clips_play_side_by_side_in_step_at_their_own_speed(channels: int) -> None:
    spec = spec_of(channels, 5, 16, 16, rate=4.0)
    levels = np.arange(5, dtype=np.float32)[None, :, None, None] / np.float32(5)
    x = np.broadcast_to(levels, spec.shape).copy()
    with Pillow.open(io.BytesIO(DOMAIN.animation((x, 1 - x), spec))) as film:
        assert film.size == (33 * 5, 16 * 5) and max(film.size) >= READABLE
        assert film.info["loop"] == 0
        for place, frame in enumerate(ImageSequence.Iterator(film)):
            shown = np.asarray(frame.convert("L"))
            assert frame.info["duration"] == 250
            assert (shown[:, :80] == round(51 * place)).all() and (shown[:, 85:] == 255 - 51 * place).all()


@pytest.mark.parametrize("frames", [1, 32, 33, 64, 300])
def test_long_clips_leave_frames_out_and_keep_their_length(frames: int) -> None:
    spec = spec_of(1, frames, 4, 4, rate=10.0)
    found = DOMAIN.animation((np.random.default_rng(0).random(spec.shape, np.float32),), spec)
    with Pillow.open(io.BytesIO(found)) as film:
        shown: int = getattr(film, "n_frames", 1)
        film.load()
        length = shown * film.info["duration"]
    assert frames / 2 - 1 < shown <= MOST_PLAYED or frames > 2 * MOST_PLAYED
    assert shown <= MOST_PLAYED and 0 <= length - 100 * frames < 100 * frames / shown


def test_the_outline_of_a_mask_ends_with_its_frame() -> None:
    spec = spec_of(1, 8, READABLE, 40)
    mask = np.zeros(spec.shape[1:], bool)
    mask[3, :, 20:] = True
    x, values = np.full(spec.shape, 0.5, np.float32), np.zeros(spec.shape[1:], np.float32)
    plain, marked = (
        np.asarray(Pillow.open(io.BytesIO(DOMAIN.explained(x, values, spec, kept)))) for kept in (None, mask)
    )
    changed = (plain != marked).any(axis=(0, 2)).reshape(8, 40).any(axis=1)
    assert changed.tolist() == [place == 3 for place in range(8)]


def test_heat_is_black_where_nothing_is_and_brightest_at_the_greatest() -> None:
    shown = heated(np.array([[0.0, 1.0], [2.0, 4.0]]))
    assert shown[0, 0].tolist() == [0, 0, 0] and shown[1, 1].tolist() == list(GLOW[0])
    assert np.diff(shown.astype(int).sum(axis=-1).reshape(-1)).min() > 0
    assert not heated(np.zeros((2, 3))).any()
