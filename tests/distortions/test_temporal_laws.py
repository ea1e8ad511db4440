"""What each distortion over time does, measured on clips where the answer is known."""

import sys
from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

from brittle.core.errors import MissingExtraError
from brittle.core.sample import Array, InputSpec
from brittle.distortions import open_distortion, suited
from brittle.distortions.packet_loss import REFRESH, SLICES

AXES = ("channel", "frame", "height", "width")
CLIP = InputSpec((3, 20, 24, 32), AXES, bits=8, rate=12.5)
seeds = st.integers(0, 2**32 - 1)
few = settings(max_examples=20, deadline=None)


def flat(spec: InputSpec, value: float) -> Array:
    return np.full(spec.shape, value, np.float32)


def numbered(spec: InputSpec) -> Array:
    """A clip whose every value says which frame it is of: t / frames."""
    times = np.arange(spec.shape[1], dtype=np.float32)[:, None, None]
    return np.broadcast_to(times / spec.shape[1], spec.shape)


def distorted(name: str, x: Array, spec: InputSpec, level: float, seed: int = 0) -> Array:
    return open_distortion(name)(x, spec, level, np.random.default_rng(seed))


def shown_frames(name: str, level: float, seed: int = 0, spec: InputSpec = CLIP) -> NDArray[np.int_]:
    """Of which frame each value is, shape (frames, height, width); the same in every channel."""
    shown = distorted(name, numbered(spec), spec, level, seed)
    assert (shown == shown[:1]).all()
    frames: NDArray[np.int_] = np.rint(shown[0] * spec.shape[1]).astype(np.int_)
    return frames


def stops(name: str, level: float, seed: int) -> NDArray[np.float64]:
    """Light on a grey clip, shape (frames, height); the same along rows and in every channel."""
    value = distorted(name, flat(CLIP, 0.25), CLIP, level, seed)
    assert (value == value[:1, :, :, :1]).all()
    return 2.2 * np.log2(value[0, :, :, 0].astype(np.float64) / 0.25)


@pytest.mark.parametrize("name", ["frame_hold", "frame_delay", "frame_blend", "packet_loss", "camera_shake"])
def test_nothing_becomes_of_one_frame(name: str) -> None:
    spec = InputSpec((2, 1, 9, 7), AXES)
    x = np.random.default_rng(0).random(spec.shape, np.float32)
    for level in open_distortion(name).levels:
        np.testing.assert_array_equal(distorted(name, x, spec, level), x)


@pytest.mark.parametrize("name", ["frame_hold", "frame_delay", "packet_loss"])
@few
@given(seed=seeds, shape=st.tuples(*(st.integers(1, n) for n in (4, 30, 12, 12))))
def test_frames_are_late_never_early_and_the_first_is_kept(
    name: str, seed: int, shape: tuple[int, ...]
) -> None:
    spec = InputSpec(shape, AXES)
    times = np.arange(shape[1])[:, None, None]
    for level in open_distortion(name).levels:
        frames = shown_frames(name, level, seed, spec)
        assert (frames[0] == 0).all()
        assert (frames <= times).all()
        assert (np.diff(frames, axis=0) >= 0).all()
        assert (frames < times).any() or shape[1] == 1


@few
@given(seed=seeds, frames=st.integers(2, 40))
def test_a_hold_is_one_run_within_that_of_a_stronger_level(seed: int, frames: int) -> None:
    spec = InputSpec((1, frames, 1, 1), AXES)
    runs = []
    for level in open_distortion("frame_hold").levels:
        shown = shown_frames("frame_hold", level, seed, spec)[:, 0, 0]
        held = np.flatnonzero(shown < np.arange(frames))
        assert len(held) == min(max(1, round(level * frames)), frames - 1)
        assert held[-1] - held[0] == len(held) - 1
        assert (shown[held] == held[0] - 1).all()
        runs.append(set(held))
    assert runs[0] <= runs[1] <= runs[2]


def test_holds_differ_between_draws() -> None:
    assert len({shown_frames("frame_hold", 0.25, seed).tobytes() for seed in range(8)}) > 3


@pytest.mark.parametrize(("level", "late"), [(0.01, 1), (0.1, 2), (0.2, 4)])
def test_a_delayed_clip_is_late_by_its_level(level: float, late: int) -> None:
    assert list(shown_frames("frame_delay", level)[:, 5, 5]) == [0] * late + list(range(20 - late))


@pytest.mark.parametrize("level", [3, 5, 9])
def test_a_blended_frame_is_the_mean_of_its_neighbours(level: int) -> None:
    x = np.random.default_rng(0).random(CLIP.shape, np.float32)
    out, reach = distorted("frame_blend", x, CLIP, level), level // 2
    np.testing.assert_allclose(out[:, 10], x[:, 10 - reach : 11 + reach].mean(axis=1), atol=1e-6)
    np.testing.assert_allclose(out.mean(axis=1), x.mean(axis=1), atol=1e-6)


@pytest.mark.parametrize("level", open_distortion("flicker").levels)
@pytest.mark.parametrize("seed", range(4))
def test_flicker_lights_whole_frames_by_its_level(level: float, seed: int) -> None:
    light = stops("flicker", level, seed)
    assert (light == light[:, :1]).all()
    assert np.abs(light).max() == pytest.approx(level, rel=1e-3)
    pulse = light[:, 0]
    # A sine: each value is the same multiple of the sum of its neighbours, whatever the beat and phase.
    around = pulse[:-2] + pulse[2:]
    assert np.linalg.matrix_rank(np.stack([pulse[1:-1], around]), tol=1e-3) == 1
    assert 1 <= (np.diff(np.sign(pulse)) != 0).sum() < 20


@pytest.mark.parametrize("seed", range(6))
def test_bands_roll_evenly_over_the_rows(seed: int) -> None:
    light = stops("rolling_bands", 0.5, seed)
    assert 0.45 < np.abs(light).max() < 0.501
    assert 2 <= (np.diff(np.sign(light), axis=1) != 0).sum(axis=1).max() <= 9
    # One wave that travels: two standing ones, a quarter of a turn apart.
    assert np.linalg.matrix_rank(light, tol=1e-3) == 2
    assert np.abs(np.diff(light, axis=0)).max() > 0.5 * 2 * np.pi * 0.03 * 0.9


@pytest.mark.parametrize("name", ["flicker", "rolling_bands"])
def test_light_is_the_same_pattern_at_every_level(name: str) -> None:
    np.testing.assert_allclose(stops(name, 1.0, 3), 4 * stops(name, 0.25, 3), atol=1e-3)


def lost(level: float, seed: int) -> NDArray[np.bool_]:
    """Slices that are stale, shape (frames, *SLICES); each is stale as a whole."""
    down, across = SLICES
    frames = shown_frames("packet_loss", level, seed).reshape(20, down, 24 // down, across, 32 // across)
    assert (frames == frames[:, :, :1, :, :1]).all()
    return frames[:, :, 0, :, 0] < np.arange(20)[:, None, None]


@few
@given(seed=seeds)
def test_stronger_packet_loss_loses_the_slices_of_a_weaker_one(seed: int) -> None:
    weak, middle, strong = (lost(level, seed) for level in open_distortion("packet_loss").levels)
    assert (weak <= middle).all()
    assert (middle <= strong).all()
    assert weak.sum() >= 3  # round(0.01 * 19 * 16)


def test_what_is_lost_comes_back_at_the_next_refresh() -> None:
    for seed in range(6):
        stale = lost(0.01, seed)
        ends = {t + 1 for t, (now, then) in enumerate(pairwise(stale)) if (now & ~then).any()}
        assert len({t % REFRESH for t in ends}) <= 1
        assert stale.sum(axis=0).max() <= 2 * REFRESH


@pytest.mark.parametrize("level", open_distortion("camera_shake").levels)
@pytest.mark.parametrize("seed", range(4))
def test_shaken_frames_are_moved_by_the_level(level: float, seed: int) -> None:
    spec = InputSpec((2, 20, 64, 96), AXES)
    x = np.empty(spec.shape, np.float32)
    x[0], x[1] = (np.arange(64) / 96)[:, None], np.arange(96) / 96
    moved = (distorted("camera_shake", x, spec, level, seed) - x)[..., 20:44, 20:76]
    path = moved[..., 0, 0]
    np.testing.assert_allclose(moved, np.broadcast_to(path[..., None, None], moved.shape), atol=1e-5)
    np.testing.assert_allclose(path.mean(axis=1), 0, atol=1e-5)
    assert np.sqrt(np.square(path).sum(axis=0).mean()) == pytest.approx(level, rel=1e-3)


@few
@given(seed=seeds, shape=st.tuples(*(st.integers(1, n) for n in (4, 8, 9, 9))))
def test_a_shaken_picture_is_mirrored_at_its_borders(seed: int, shape: tuple[int, ...]) -> None:
    spec = InputSpec(shape, AXES)
    out = distorted("camera_shake", flat(spec, 0.7), spec, 0.5, seed)
    np.testing.assert_allclose(out, 0.7, atol=1e-6)


@pytest.mark.parametrize("shape", [(3, 5, 33, 47), (1, 2, 16, 17), (2, 3, 7, 5), (3, 1, 20, 20)])
def test_h264_takes_clips_of_any_size(shape: tuple[int, ...]) -> None:
    pytest.importorskip("av")
    spec = InputSpec(shape, AXES, bits=8)
    out = distorted("h264", flat(spec, 102 / 255), spec, 23)
    np.testing.assert_allclose(out, 102 / 255, atol=2 / 255)


def test_h264_keeps_the_order_of_frames() -> None:
    pytest.importorskip("av")
    assert (np.diff(distorted("h264", numbered(CLIP), CLIP, 23).mean(axis=(0, 2, 3))) > 0).all()


def test_without_its_extra_h264_says_so_and_palettes_stay_as_they_are(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    before = suited(CLIP)
    monkeypatch.setitem(sys.modules, "av", None)
    with pytest.raises(MissingExtraError, match="the distortion h264 needs the extra 'video'"):
        open_distortion("h264")
    assert suited(CLIP) == before
