"""Files of video as samples: which frames, how fast, and one line for each that cannot be used."""

from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

from brittle.core.errors import DataError, MissingExtraError
from brittle.core.sample import Sample
from brittle.data import DataOptions, Dataset, open_data
from brittle.data.clips import _fitted
from video.conftest import Film, grey_frames

WANTED = (3, 4, 48, 64)
ASSETS = Path(__file__).parents[3] / "shared/assets/data/video/ucf101"


def opened(path: Path, wanted: tuple[int | None, ...] | None = WANTED, **options: Any) -> Dataset:
    return open_data(path, wanted, options=DataOptions(**options))


def frames_of(sample: Sample) -> list[int]:
    """Which of grey_frames a sample shows."""
    codes = sample.spec.encode(sample.x)
    assert (codes == codes[:, :, :1, :1]).all()
    return [int(level) // 10 for level in codes[0, :, 0, 0]]


@pytest.mark.parametrize(
    ("count", "shown"),
    [(4, [0, 1, 2, 3]), (7, [0, 1, 2, 3]), (8, [0, 2, 4, 6]), (23, [0, 5, 10, 15]), (25, [0, 6, 12, 18])],
)
def test_without_a_stride_frames_are_spread_over_the_clip(film: Film, count: int, shown: list[int]) -> None:
    sample = opened(film("a.mkv", grey_frames(count))).open("a.mkv")
    assert frames_of(sample) == shown
    assert sample.spec.rate == pytest.approx(10 / (shown[1] or 1))


def test_a_stride_is_kept_and_said(film: Film) -> None:
    data = opened(film("a.mkv", grey_frames(25)), stride=3)
    assert frames_of(data.open("a.mkv")) == [0, 3, 6, 9]
    assert data.name == "a.mkv (4 frames, 3 apart)"
    assert data.spec.rate == pytest.approx(10 / 3)
    assert data.spec.axes == ("channel", "frame", "height", "width")


def test_windows_stand_side_by_side(film: Film) -> None:
    path = film("a.mkv", grey_frames(25))
    spread = opened(path, windows=2)
    assert [frames_of(spread.open(id)) for id in spread.ids] == [[0, 3, 6, 9], [12, 15, 18, 21]]
    strided = opened(path, windows=9, stride=2)
    assert strided.ids == ("a.mkv-1of3", "a.mkv-2of3", "a.mkv-3of3")
    assert [frames_of(strided.open(id))[0] for id in strided.ids] == [0, 8, 16]
    assert opened(film("short.mkv", grey_frames(5)), windows=3).ids == ("short.mkv-1of1",)


def test_class_folders_of_clips(film: Film) -> None:
    for name in ("dog/b.mkv", "cat/a.mp4", "cat/deep/c.mkv", "dog/.hidden.mkv"):
        path = film(name, grey_frames(6))
    (path.parents[1] / "cat/notes.png").write_bytes(b"no clip")
    data = opened(path.parents[1])
    assert data.ids == ("cat/a.mp4", "cat/deep/c.mkv", "dog/b.mkv")
    assert data.classes == ("cat", "dog")
    assert [data.open(id).label for id in data.ids] == [0, 0, 1]


def test_a_table_of_clips(film: Film, tmp_path: Path) -> None:
    film("a.mkv", grey_frames(6))
    (tmp_path / "labels.csv").write_text("file,label\na.mkv,7\n")
    assert opened(tmp_path).open("a.mkv").label == 7


def test_a_gif_is_a_clip_where_the_model_takes_clips(tmp_path: Path) -> None:
    pytest.importorskip("av")
    frames = [Image.fromarray(frame) for frame in grey_frames(5)]
    frames[0].save(tmp_path / "a.gif", save_all=True, append_images=frames[1:], duration=100)
    assert opened(tmp_path / "a.gif").spec.shape == WANTED
    assert open_data(tmp_path / "a.gif", (3, 48, 64)).spec.shape == (3, 48, 64)


def test_greyscale_and_size_as_the_model_takes_them(film: Film) -> None:
    path = film("a.mkv", grey_frames(6))
    assert opened(path, (1, 4, 24, 30)).open("a.mkv").x.shape == (1, 4, 24, 30)
    assert opened(path, (3, None, None, None), frames=2, size=(10, 20)).spec.shape == (3, 2, 10, 20)
    assert opened(path, (3, None, None, None), frames=2).spec.shape == (3, 2, 48, 64)


def test_resizing_is_bilinear_between_pixels() -> None:
    frame = np.arange(16, dtype=np.uint8).reshape(4, 4, 1).repeat(3, axis=2) * np.uint8(16)
    half = _fitted(frame, (3, 1, 2, 2))[0]
    assert half.tolist() == [[40, 72], [168, 200]]  # means of two by two
    assert np.array_equal(_fitted(frame, (3, 1, 4, 4)), np.moveaxis(frame, -1, 0))


def test_turned_clips_stand_upright(film: Film) -> None:
    frames = grey_frames(4)
    frames[:, :8] = (200, 0, 0)  # a red bar above
    lying = np.rot90(frames, -1, axes=(1, 2))  # clockwise
    path = film("a.mp4", np.ascontiguousarray(lying), turned=90)
    x = opened(path, (3, 4, None, None)).open("a.mp4").x
    assert x.shape == (3, 4, 48, 64)
    assert x[0, :, :6].mean() > 0.7 > x[0, :, 12:].max()


def test_what_cannot_be_used_is_one_line(film: Film, tmp_path: Path) -> None:
    good = film("cat/good.mkv", grey_frames(9))
    film("cat/short.mkv", grey_frames(3))
    film("cat/uneven.mkv", grey_frames(9), times=[0, 1, 2, 3, 4, 40, 41, 42, 43])
    (tmp_path / "cat/empty.mkv").write_bytes(b"")
    (tmp_path / "cat/text.mp4").write_text("not a film\n")
    (tmp_path / "cat/list.mp4").write_text("#EXTM3U\n#EXTINF:1,\ngood.mkv\n#EXT-X-ENDLIST\n")
    (tmp_path / "cat/broken.mkv").write_bytes(good.read_bytes()[:200])
    _sound(tmp_path / "cat/sound.mkv")
    data = opened(tmp_path)
    said = {
        "short": "expected at least 4 frames, got 3",
        "uneven": "expected an even rate",
        "empty": "cannot be read as a clip",
        "text": "cannot be read as a clip",
        "list": "cannot be read as a clip",
        "broken": "cannot be read as a clip|expected at least",
        "sound": "it has no pictures",
    }
    assert data.open("cat/good.mkv").x.shape == WANTED
    for name, text in said.items():
        id = next(one for one in data.ids if Path(one).stem == name)
        with pytest.raises(DataError, match=text) as caught:
            data.open(id)
        assert str(tmp_path / id) in str(caught.value)
        assert "\n" not in str(caught.value)


def test_clips_that_do_not_fit_the_model(film: Film) -> None:
    path = film("a.mkv", grey_frames(6))
    for wanted, options, text in [
        ((3, 48, 64), {}, "holds clips .*, but the model takes 3 x 48 x 64"),
        ((3, None, 48, 64), {}, "takes any number of frames; state how many with --frames"),
        ((3, 4, 48, 64), {"frames": 5}, "clips would be 3 x 5 x 48 x 64; leave --frames or --size out"),
    ]:
        with pytest.raises(DataError, match=text):
            opened(path, wanted, **options)


def test_without_pyav_the_extra_is_named(film: Film, monkeypatch: pytest.MonkeyPatch) -> None:
    path = film("a.mkv", grey_frames(6))
    monkeypatch.setitem(__import__("sys").modules, "av", None)
    with pytest.raises(MissingExtraError, match="video"):
        opened(path)


@pytest.mark.skipif(not ASSETS.exists(), reason="needs the shared clips")
def test_real_clips_are_read_as_their_nets_were_fed() -> None:
    pytest.importorskip("av")
    with np.load(ASSETS / "clips_20x64x64.npz", allow_pickle=False) as stored:
        files, clips = stored["files"].tolist()[::8], stored["clips"][::8]
    for file, clip in zip(files, clips, strict=True):
        sample = opened(ASSETS / file, (3, 20, 64, 64)).open(file)
        assert np.array_equal(np.moveaxis(sample.spec.encode(sample.x), 0, -1), clip)


def _sound(path: Path) -> None:
    import av

    with av.open(str(path), "w") as container:
        stream = container.add_stream("pcm_s16le", rate=8000)
        frame = av.AudioFrame.from_ndarray(np.zeros((1, 800), np.int16), format="s16", layout="mono")
        frame.sample_rate = 8000
        container.mux(stream.encode(frame))
        container.mux(stream.encode())
