"""The built-in clips: what a camera sees, that it is always the same, and what does not fit."""

import json
import sys
from hashlib import sha256
from pathlib import Path
from shutil import copytree

import numpy as np
import pytest

from brittle.core.errors import DataError
from brittle.core.sample import Array
from brittle.core.seeds import generator
from brittle.data import DataOptions, open_data
from brittle.data.camera import (
    FOLDER,
    MOVES,
    SCENES,
    SHOTS,
    SPEC,
    Window,
    draw_path,
    draw_window,
    film,
    make_clip,
    open_scenes,
    pixels_seen,
)

SHAPE = (3, 16, 64, 64)
STILL = np.zeros((16, 4))
CODES = np.random.default_rng(0).integers(0, 256, (3, 256, 256), np.uint8)
PHOTO: Array = CODES.astype(np.float32) / np.float32(255)


def test_a_still_camera_sees_the_photo_as_it_is() -> None:
    clip = film(PHOTO, Window(100 + 80j, side=64, angle=0), STILL)
    assert clip.shape == SHAPE
    np.testing.assert_array_equal(clip, np.repeat(CODES[:, None, 48:112, 68:132], 16, axis=1))


def test_a_camera_that_moves_by_pixels_sees_the_photo_moved() -> None:
    path = STILL.copy()
    path[:, 0], path[:, 1] = 2 * np.arange(16) / 64, -np.arange(16) / 64  # right, and up
    clip = film(PHOTO, Window(100 + 80j, side=64, angle=0), path)
    for frame in range(16):
        top, left = 48 - frame, 68 + 2 * frame
        np.testing.assert_array_equal(clip[:, frame], CODES[:, top : top + 64, left : left + 64])


def test_a_quarter_turn_clockwise_turns_the_picture_anticlockwise() -> None:
    path = STILL.copy()
    path[:, 3] = np.pi / 2
    clip = film(PHOTO, Window(100 + 80j, side=64, angle=0), path)
    np.testing.assert_array_equal(clip[:, 0], np.rot90(CODES[:, 48:112, 68:132], axes=(1, 2)))


def test_half_the_window_shows_half_of_the_photo_twice_as_large() -> None:
    path = STILL.copy()
    path[:, 2] = np.log(0.5)
    seen = pixels_seen(Window(100 + 80j, side=64, angle=0), path)
    assert (seen.real.min(), seen.real.max()) == pytest.approx((84.25, 115.75))
    assert (seen.imag.min(), seen.imag.max()) == pytest.approx((64.25, 95.75))


@pytest.mark.parametrize("column, names", [*enumerate(zip(MOVES[::2], MOVES[1::2], strict=True))])
def test_without_jitter_a_camera_makes_its_move_and_no_other(column: int, names: tuple[str, str]) -> None:
    paths = [draw_path(move, generator(0, column), jitter=0) for move in names]
    np.testing.assert_array_equal(paths[0], -paths[1])
    assert not np.delete(paths[0], column, axis=1).any()
    speeds = np.abs(np.diff(paths[0][:, column]))
    assert (np.diff(np.sign(np.diff(paths[0][:, column]))) == 0).all(), "it never turns back"
    assert speeds.max() < 2.4 * speeds.min(), "speed is nearly constant"


def test_no_move_leaves_the_photo() -> None:
    for k in range(80):
        rng = generator(k)
        seen = pixels_seen(draw_window(PHOTO, rng), draw_path(MOVES[k % 8], rng))
        assert min(seen.real.min(), seen.imag.min()) > 0
        assert max(seen.real.max(), seen.imag.max()) < 256


def test_clips_are_the_same_for_ever() -> None:
    clips = [make_clip(PHOTO, move, generator(0, move)) for move in MOVES]
    again = make_clip(PHOTO, MOVES[0], generator(0, MOVES[0]))
    np.testing.assert_array_equal(clips[0], again)
    digest = sha256(np.stack(clips).tobytes()).hexdigest()
    assert digest[:16] == "f8ae3ee427a61d46", "other clips need another VERSION in data/camera.py"


def test_there_are_three_clips_of_each_move() -> None:
    data = open_data("camera", SHAPE, outputs=8)
    assert (data.name, data.spec, data.classes) == ("camera", SPEC, MOVES)
    assert (data.spec.rate, data.spec.bits, data.spec.axes[1]) == (16.0, 8, "frame")
    assert [id for id in data.ids if id.startswith("pan-left")] == ["pan-left-1", "pan-left-2", "pan-left-3"]
    samples = [data.open(id) for id in data.ids[::3]]
    assert [sample.label for sample in samples] == list(range(8))
    for sample in samples:
        data.spec.check(sample.x, sample.id)
        assert np.abs(np.diff(sample.x, axis=1)).mean() > 0.01, "something moves"
    np.testing.assert_array_equal(samples[1].x, data.open(data.ids[3]).x)


def test_opposite_moves_show_the_same_scenes_and_every_scene_four_moves() -> None:
    shown = np.array([place for _, place in SHOTS.values()]).reshape(4, 2, 3)
    np.testing.assert_array_equal(shown[:, 0], shown[:, 1])
    assert np.bincount(shown.ravel()).tolist() == [4] * len(SCENES)


def test_the_digest_is_of_ids_scenes_and_version(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    digest = open_data("camera", SHAPE).sha256
    assert digest == open_data("camera", SHAPE, outputs=8).sha256
    assert digest != open_data("camera", SHAPE, options=DataOptions(limit=8)).sha256
    with monkeypatch.context() as patch:
        patch.setattr("brittle.data.camera.VERSION", 0)
        assert digest != open_data("camera", SHAPE).sha256
    copytree(FOLDER, tmp_path / "scenes")
    monkeypatch.setattr("brittle.data.camera.FOLDER", tmp_path / "scenes")
    assert digest == open_data("camera", SHAPE).sha256
    (tmp_path / "scenes" / "coffee.jpg").write_bytes((FOLDER / "brick.jpg").read_bytes())
    assert digest != open_data("camera", SHAPE).sha256


def test_a_limit_leaves_some_of_every_move() -> None:
    data = open_data("camera", SHAPE, options=DataOptions(limit=8))
    assert [id.rpartition("-")[0].replace("-", " ") for id in data.ids] == list(MOVES)


@pytest.mark.parametrize(
    "wanted, options, words",
    [
        ((3, 224, 224), DataOptions(), r"clips \(3 x 16 x 64 x 64\), but the model takes 3 x 224 x 224"),
        ((3, 8, 64, 64), DataOptions(), "but the model takes 3 x 8 x 64 x 64"),
        ((3, None, None, None), DataOptions(size=(32, 32)), "are not resized; leave --size"),
        (SHAPE, DataOptions(frames=8), "are not resized; leave --size and --frames out"),
    ],
)
def test_what_does_not_fit_is_one_line(
    wanted: tuple[int | None, ...], options: DataOptions, words: str
) -> None:
    with pytest.raises(DataError, match=words):
        open_data("camera", wanted, options=options)


def test_labels_must_be_classes_of_the_model() -> None:
    data = open_data("camera", SHAPE, outputs=4)
    assert data.open("tilt-down-1").label == 3
    with pytest.raises(DataError, match="expected a label of 0 to 3, got 4"):
        data.open("zoom-in-1")
    with pytest.raises(DataError, match="no sample 'zoom-in-9' in camera"):
        data.open("zoom-in-9")


def test_they_need_no_extra(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("brittle.data.photos.find_spec", lambda name: None)
    for extra in ("foolbox", "torch", "av", "onnx", "skimage"):
        monkeypatch.setitem(sys.modules, extra, None)
    data = open_data("camera", SHAPE, outputs=8)
    assert len(data.ids) == 24
    assert data.open("pan-left-1").x.shape == SHAPE


def test_every_scene_is_what_its_card_says() -> None:
    card = json.loads((FOLDER / "card.json").read_text(encoding="utf-8"))
    assert list(card["scenes"]) == [f"{name}.jpg" for name in SCENES]
    assert {path.name for path in FOLDER.glob("*.jpg")} == set(card["scenes"])
    for name, said in card["scenes"].items():
        assert sha256((FOLDER / name).read_bytes()).hexdigest() == said["sha256"]
        assert said["licence"] == "CC0-1.0" or said["licence"].startswith("public domain")
        assert {"shows", "author", "source", "stated", "file", "file_sha256", "crop"} <= set(said)
    assert sum(path.stat().st_size for path in FOLDER.iterdir()) < 250_000


def test_scenes_are_squares_with_texture() -> None:
    scenes = open_scenes()
    assert tuple(scenes.ids) == SCENES
    for scene in map(scenes.open, scenes.ids):
        assert scene.x.shape == PHOTO.shape
        assert scene.x.std() > 0.05
