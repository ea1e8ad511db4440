from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from brittle.core.errors import DataError
from brittle.data import DataOptions, open_data

Draw = Callable[..., Path]
ASSETS = Path(__file__).parents[2].parent / "shared" / "assets"


def test_folder_sorts_nests_and_skips_what_is_hidden(draw: Draw, tmp_path: Path) -> None:
    for name in (
        "dog/b.png",
        "cat/z.jpg",
        "cat/deep/a.png",
        "cat/.hidden.png",
        ".git/x.png",
        "__MACOSX/x.png",
    ):
        draw(name)
    (tmp_path / "cat" / "notes.txt").write_text("not an image")
    data = open_data(tmp_path)
    assert list(data.ids) == ["cat/deep/a.png", "cat/z.jpg", "dog/b.png"]
    assert [data.open(id).label for id in data.ids] == [0, 0, 1]
    assert data.classes == ("cat", "dog")
    assert data.name == tmp_path.name


def test_pixels_are_exact_where_nothing_is_resized(draw: Draw, tmp_path: Path) -> None:
    path = draw("cat/1.png", height=6, width=8)
    sample = open_data(tmp_path, (3, 6, 8)).open("cat/1.png")
    codes = np.moveaxis(np.asarray(Image.open(path)), -1, 0)
    assert sample.spec.shape == (3, 6, 8)
    assert sample.spec.bits == 8
    assert sample.x.dtype == np.float32
    assert np.array_equal(sample.spec.encode(sample.x), codes)
    assert np.array_equal(sample.x, sample.spec.decode(codes))


def test_stated_bounds_scale_images(draw: Draw, tmp_path: Path) -> None:
    draw("1.png")
    data = open_data(tmp_path, options=DataOptions(bounds=(0, 255)))
    x = data.open("1.png").x
    assert x.max() > 200
    assert np.array_equal(x, np.rint(x))


def test_other_aspects_are_cropped_about_the_centre(tmp_path: Path) -> None:
    wide = np.zeros((10, 30, 3), np.uint8)
    wide[:, 10:20] = 200
    Image.fromarray(wide).save(tmp_path / "wide.png")
    sample = open_data(tmp_path, (3, 5, 5)).open("wide.png")
    assert np.all(sample.spec.encode(sample.x)[:, 1:-1, 1:-1] == 200)


def test_grey_model_gets_grey_and_colour_model_gets_colour(draw: Draw, tmp_path: Path) -> None:
    draw("colour.png")
    draw("grey.png", mode="L")
    assert open_data(tmp_path, (1, 6, 8)).open("colour.png").x.shape == (1, 6, 8)
    x = open_data(tmp_path, (3, 6, 8)).open("grey.png").x
    assert np.array_equal(x[0], x[2])


def test_exif_orientation_is_applied_to_pixels_and_size(tmp_path: Path) -> None:
    lying = np.zeros((4, 8, 3), np.uint8)
    lying[:, :4] = 255
    exif = Image.Exif()
    exif[0x0112] = 6  # turn clockwise to stand upright
    Image.fromarray(lying).save(tmp_path / "phone.png", exif=exif)
    data = open_data(tmp_path)
    x = data.open("phone.png").x
    assert x.shape == data.spec.shape == (3, 8, 4)
    assert x[:, :4].min() == 1.0
    assert x[:, 4:].max() == 0.0


def test_transparency_is_laid_over_white(tmp_path: Path) -> None:
    Image.new("RGBA", (4, 4), (255, 0, 0, 0)).save(tmp_path / "clear.png")
    assert open_data(tmp_path).open("clear.png").x.min() == 1.0


def test_sixteen_bit_greys_are_scaled_not_clipped(tmp_path: Path) -> None:
    deep = np.array([[0, 257 * 100], [257 * 200, 65535]], np.uint16)
    Image.fromarray(deep).save(tmp_path / "deep.png")
    sample = open_data(tmp_path, (1, 2, 2)).open("deep.png")
    assert sample.spec.encode(sample.x).ravel().tolist() == [0, 100, 200, 255]


def test_single_image_and_bare_folder_have_no_labels(draw: Draw, tmp_path: Path) -> None:
    path = draw("b.png")
    draw("a.jpg")
    assert list(open_data(str(path)).ids) == ["b.png"]
    data = open_data(tmp_path)
    assert list(data.ids) == ["a.jpg", "b.png"]
    assert data.classes is None
    assert all(data.open(id).label is None for id in data.ids)


@pytest.mark.parametrize("suffix", ["png", "jpg", "bmp", "webp", "tiff", "gif"])
def test_common_formats_open(draw: Draw, tmp_path: Path, suffix: str) -> None:
    draw(f"cat/1.{suffix}")
    assert open_data(tmp_path).open(f"cat/1.{suffix}").x.shape == (3, 6, 8)


def test_stated_size_wins_for_free_models(draw: Draw, tmp_path: Path) -> None:
    draw("a.png")
    draw("b.png", height=30, width=20)
    data = open_data(tmp_path, (3, None, None), options=DataOptions(size=(5, 7)))
    assert [data.open(id).x.shape for id in data.ids] == [(3, 5, 7)] * 2


def test_without_a_size_all_must_be_as_the_first(draw: Draw, tmp_path: Path) -> None:
    draw("a.png")
    draw("b.png", height=30, width=20)
    data = open_data(tmp_path, (3, None, None))
    assert data.open("a.png").x.shape == (3, 6, 8)
    with pytest.raises(DataError, match=r"b\.png: expected 6x8 .* got 30x20; pass --size"):
        data.open("b.png")


def test_the_first_readable_image_gives_the_size(draw: Draw, tmp_path: Path) -> None:
    (tmp_path / "a.png").write_bytes(b"nothing")
    draw("b.png")
    assert open_data(tmp_path).spec.shape == (3, 6, 8)


def test_limit_leaves_every_class_its_share(draw: Draw, tmp_path: Path) -> None:
    for name in ("a/1.png", "a/2.png", "b/1.png"):
        draw(name)
    assert list(open_data(tmp_path, options=DataOptions(limit=2)).ids) == ["a/1.png", "a/2.png"]  # of three


def test_fingerprint_follows_the_set(draw: Draw, tmp_path: Path) -> None:
    draw("cat/1.png")
    draw("dog/1.png")
    first = open_data(tmp_path).sha256
    assert open_data(tmp_path).sha256 == first
    draw("dog/2.png")
    added = open_data(tmp_path).sha256
    (tmp_path / "dog" / "2.png").rename(tmp_path / "cat" / "2.png")
    relabelled = open_data(tmp_path).sha256
    with (tmp_path / "cat" / "2.png").open("ab") as file:
        file.write(b"more")
    assert len({first, added, relabelled, open_data(tmp_path).sha256}) == 4


def test_samples_are_opened_lazily(draw: Draw, tmp_path: Path) -> None:
    draw("cat/1.png")
    damaged = draw("cat/2.png", height=50, width=50)
    damaged.write_bytes(damaged.read_bytes()[:900])
    (tmp_path / "cat" / "3.png").write_bytes(b"")
    data = open_data(tmp_path, (3, 6, 8))
    assert data.open("cat/1.png").label == 0
    for bad in ("cat/2.png", "cat/3.png"):
        with pytest.raises(DataError, match=r"[23]\.png: cannot be read as an image") as caught:
            data.open(bad)
        assert "\n" not in str(caught.value)


def test_truncated_jpeg_is_one_clear_line(draw: Draw, tmp_path: Path) -> None:
    path = draw("cat/1.jpg", height=200, width=200)
    path.write_bytes(path.read_bytes()[:4000])
    with pytest.raises(DataError, match=r"1\.jpg: .*truncated"):
        open_data(tmp_path, (3, 20, 20)).open("cat/1.jpg")


def test_decompression_bomb_fails_when_opened(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    Image.new("L", (200, 200)).save(tmp_path / "bomb.png")
    monkeypatch.setattr("brittle.data.images.MOST_PIXELS", 10_000)
    data = open_data(tmp_path, (3, 8, 8))
    with pytest.raises(DataError, match=r"bomb\.png: 200x200 pixels are more than 10000"):
        data.open("bomb.png")


def test_only_image_readers_of_pillow_are_used(tmp_path: Path) -> None:
    (tmp_path / "script.png").write_bytes(b"%!PS-Adobe-3.0 EPSF-3.0\n%%BoundingBox: 0 0 9 9\n")
    with pytest.raises(DataError, match="not an image, or damaged"):
        open_data(tmp_path, (3, 8, 8)).open("script.png")


def test_thirty_two_bit_pixels_are_refused(tmp_path: Path) -> None:
    Image.fromarray(np.ones((4, 4), np.float32)).save(tmp_path / "float.tiff")
    with pytest.raises(DataError, match="expected 8 or 16 bits"):
        open_data(tmp_path, (3, 4, 4)).open("float.tiff")


def test_what_cannot_be_opened_says_why(draw: Draw, tmp_path: Path) -> None:
    (tmp_path / "empty").mkdir()
    (tmp_path / "notes.txt").write_text("hello")
    for source, words in (
        (tmp_path / "nowhere", "no such file or folder"),
        (tmp_path / "empty", "no images or clips in"),
        (tmp_path / "notes.txt", "cannot tell what"),
        ([1, 2], "got a list"),
    ):
        with pytest.raises(DataError, match=words):
            open_data(source)  # type: ignore[arg-type]
    draw("one.png")
    for wanted, words in (
        ((4, 8, 8), "the model takes 4 x 8 x 8"),
        ((1, 300), "the model takes 1 x 300"),
        ((3, None, 99), "images would be 3 x 6 x 8; pass --size"),
    ):
        with pytest.raises(DataError, match=words):
            open_data(tmp_path / "one.png", wanted)
    with pytest.raises(DataError, match="leave --size out"):
        open_data(tmp_path / "one.png", (3, 8, 8), options=DataOptions(size=(9, 9)))
    with pytest.raises(DataError, match="no sample 'two'"):
        open_data(tmp_path / "one.png").open("two")


def test_images_beside_class_folders_are_not_dropped_silently(draw: Draw, tmp_path: Path) -> None:
    draw("cat/1.png")
    draw("stray.png")
    with pytest.raises(DataError, match=r"1 files \(such as stray\.png\) lie beside"):
        open_data(tmp_path)


def test_closed_folder_is_one_clear_line(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(self: Path) -> None:
        raise PermissionError(13, "Permission denied")

    monkeypatch.setattr(Path, "iterdir", refuse)
    with pytest.raises(DataError, match="cannot be read: Permission denied"):
        open_data(tmp_path)


@pytest.mark.skipif(not ASSETS.exists(), reason="needs the shared assets")
def test_real_labelled_images() -> None:
    data = open_data(ASSETS / "data" / "imagenet", (3, 224, 224), outputs=1000)
    samples = [data.open(id) for id in data.ids[:3]]
    assert [s.label for s in samples] == [388, 326, 967]
    assert all(s.x.shape == (3, 224, 224) and s.x.std() > 0.05 for s in samples)
