from pathlib import Path
from typing import Any

import numpy as np
import pytest
from sklearn.datasets import load_digits

from brittle.core.errors import DataError
from brittle.core.sample import InputSpec
from brittle.data import DataOptions, open_data

RNG = np.random.default_rng(0)
CODES = RNG.integers(0, 256, (5, 3, 6, 8)).astype(np.uint8)
NO_TEXTS = np.full((5, 1), 0x7FFFFFFF, np.uint32).view("U1")[:, 0]
"""Characters beyond Unicode, on which NumPy fails."""


def save(path: Path, **arrays: Any) -> Path:
    np.savez(path / "set.npz", **arrays)
    return path / "set.npz"


def spec_of(x: Any, wanted: tuple[int | None, ...] | None = None, **options: Any) -> InputSpec:
    return open_data((x, None), wanted, options=DataOptions(**options)).spec


def test_real_digits(tmp_path: Path) -> None:
    digits = load_digits()
    x = (digits.images / 16).astype(np.float32)
    data = open_data(save(tmp_path, x=x, y=digits.target), (1, 8, 8), outputs=10)
    assert data.name == "set"
    assert len(data.ids) == 1797
    assert data.spec == InputSpec((1, 8, 8), ("channel", "height", "width"))
    sample = data.open(data.ids[42])
    assert sample.label == digits.target[42]
    assert np.array_equal(sample.x[0], x[42])


def test_codes_are_scaled_to_the_bounds() -> None:
    data = open_data((CODES, None))
    assert data.spec.bits == 8
    assert data.spec.bounds == (0, 1)
    assert np.array_equal(data.open("000001").x, data.spec.decode(CODES[1]))
    assert open_data((CODES, None), options=DataOptions(bounds=(-1, 1))).open("000000").x.min() < -0.9
    assert spec_of(CODES.astype(np.uint16)).bits == 16


def test_bounds_of_floats_are_found_or_must_be_stated() -> None:
    x = RNG.uniform(0, 1, (4, 3, 6, 8)).astype(np.float32)
    assert spec_of(x).bounds == (0, 1)
    assert spec_of(x * 200).bounds == (0, 255)
    assert spec_of(x - 3, bounds=(-3, 3)).bounds == (-3, 3)
    for other in (x - 3, x * 300):
        with pytest.raises(DataError, match=r"expected values in \[0, 1\] or \[0, 255\].*state"):
            spec_of(other)


def test_floats_that_are_all_codes_count_as_eight_bit() -> None:
    x = CODES.astype(np.float32) / 255
    assert spec_of(x).bits == 8
    assert spec_of(CODES.astype(np.float64)).bits == 8
    assert spec_of(x * 2 - 1, bounds=(-1, 1)).bits == 8
    x[-1, -1, -1, -1] = 0.5
    assert spec_of(x).bits is None


def test_one_broken_row_does_not_decide_for_all() -> None:
    x = CODES.astype(np.float32) / 255
    x[2, 0, 0, 0] = np.nan
    x[3, 0, 0, 0] = np.inf
    data = open_data((x, None))
    assert data.spec.bits == 8
    data.open("000001")
    for bad in ("000002", "000003"):
        with pytest.raises(DataError, match=f"sample {bad}: 1 values are NaN or infinite"):
            data.open(bad)


def test_row_outside_the_stated_bounds_fails_alone() -> None:
    x = RNG.uniform(0, 1, (4, 1, 6, 8)).astype(np.float32)
    x[2] += 5
    data = open_data((x, None), options=DataOptions(bounds=(0, 1)))
    data.open("000001")
    with pytest.raises(DataError, match=r"sample 000002: expected values in \[0, 1\]"):
        data.open("000002")


@pytest.mark.parametrize(
    ("shape", "wanted", "expected"),
    [
        ((2, 6, 8, 3), None, (3, 6, 8)),
        ((2, 6, 8, 1), (1, 6, 8), (1, 6, 8)),
        ((2, 6, 8, 3), (3, None, None), (3, 6, 8)),
        ((2, 3, 8, 3), (3, 8, 3), (3, 8, 3)),
        ((2, 3, 8, 3), (3, 3, 8), (3, 3, 8)),
        ((2, 5, 6, 8), None, (5, 6, 8)),
        ((2, 6, 8), None, (1, 6, 8)),
        ((2, 6, 8), (1, 6, 8), (1, 6, 8)),
        ((2, 1, 300), (1, 300), (1, 300)),
        ((2, 300, 1), (1, None), (1, 300)),
    ],
)
def test_channel_axis_comes_first(
    shape: tuple[int, ...], wanted: tuple[int | None, ...] | None, expected: tuple[int, ...]
) -> None:
    x = RNG.uniform(0, 1, shape).astype(np.float32)
    data = open_data((x, None), wanted)
    sample = data.open("000001")
    assert data.spec.shape == sample.x.shape == expected
    assert len(data.spec.axes) == len(expected)
    assert np.array_equal(np.sort(sample.x, axis=None), np.sort(x[1], axis=None))
    if shape[-1] in (1, 3) and len(shape) == 4 and expected[0] == shape[-1] != shape[1]:
        assert np.array_equal(np.moveaxis(sample.x, 0, -1), x[1])


def test_signals_keep_free_values() -> None:
    spec = spec_of(np.zeros((2, 1, 300), np.float32), (1, 300), bounds=(-5, 5))
    assert spec.axes == ("channel", "time")
    assert spec.bits is None


def test_samples_are_copies_of_a_set_held_once() -> None:
    x = RNG.uniform(0, 1, (4, 3, 6, 8)).astype(np.float32)
    before = x.copy()
    data = open_data((x, None))
    data.open("000000").x[:] = 0
    assert np.array_equal(x, before)
    assert np.shares_memory(data.x, x)  # type: ignore[attr-defined]


def test_labels_by_name_and_limit(tmp_path: Path) -> None:
    path = save(tmp_path, x=CODES, y=np.array(["dog", "cat", "dog", "cow", "cat"]))
    data = open_data(path, classes=("cat", "dog", "cow"), options=DataOptions(limit=4))
    assert [data.open(id).label for id in data.ids] == [1, 0, 1, 2]


def test_label_outside_fails_alone() -> None:
    data = open_data((CODES, np.array([0, 1, 2, 3, 4])), outputs=4)
    assert data.open("000003").label == 3
    with pytest.raises(DataError, match="sample 000004: expected a label of 0 to 3, got 4"):
        data.open("000004")
    for missing in ("000005", "x", "4"):
        with pytest.raises(DataError, match="no sample"):
            data.open(missing)


def test_fingerprint_follows_the_arrays(tmp_path: Path) -> None:
    y = np.arange(5)
    prints = {open_data((x, labels)).sha256 for x, labels in ((CODES, y), (CODES, y[::-1]), (CODES + 1, y))}
    assert len(prints) == 3
    assert open_data((CODES.copy(), y)).sha256 in prints
    first = open_data(save(tmp_path, x=CODES, y=y)).sha256
    assert open_data(save(tmp_path, x=CODES, y=y)).sha256 == first
    assert open_data(save(tmp_path, x=CODES + 1, y=y)).sha256 != first


@pytest.mark.parametrize(
    ("arrays", "words"),
    [
        ({"images": CODES}, "expected an array x .* got images"),
        ({"x": np.array([{}, []], object)}, "pickled objects, which brittle never loads"),
        ({"x": CODES.astype(np.int64)}, "expected x of uint8 .* got int64"),
        ({"x": CODES[:0]}, r"expected samples in x, got shape \(0, 3, 6, 8\)"),
        ({"x": np.uint8(3)}, "expected samples in x"),
        ({"x": CODES[:, 0, 0]}, "expected samples of channels x height x width"),
        ({"x": CODES, "y": np.arange(4)}, r"one label for each of 5 samples in x, got y \(4,\)"),
        ({"x": CODES, "y": np.arange(5) / 2}, "whole numbers or class names, got float64; give the index"),
        ({"x": CODES, "y": np.array([0, 1, 2, 3, 0.5])}, "whole numbers or class names, got float64"),
        ({"x": CODES, "y": np.full(5, True)}, "whole numbers or class names, got bool"),
    ],
)
def test_unusable_arrays(tmp_path: Path, arrays: dict[str, Any], words: str) -> None:
    with pytest.raises(DataError, match=words) as caught:
        open_data(save(tmp_path, **arrays))
    assert "\n" not in str(caught.value)


def test_wrong_shape_for_the_model() -> None:
    with pytest.raises(DataError, match=r"expected samples of 3 x 32 x any, got x \(5, 3, 6, 8\)"):
        open_data((CODES, None), (3, 32, None))
    with pytest.raises(DataError, match="arrays are not resized"):
        open_data((CODES, None), options=DataOptions(size=(9, 9)))


@pytest.mark.parametrize("content", [b"", b"no archive", b"PK\x03\x04broken"])
def test_files_that_are_no_npz(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "bad.npz"
    path.write_bytes(content)
    with pytest.raises(DataError, match=r"bad\.npz': expected an \.npz written by numpy\.savez"):
        open_data(path)


def test_truncated_and_single_arrays(tmp_path: Path) -> None:
    path = save(tmp_path, x=CODES)
    whole = path.read_bytes()
    damaged = whole[:300] + bytes([whole[300] ^ 255]) + whole[301:]
    for content in (whole[: len(whole) // 2], damaged):
        path.write_bytes(content)
        with pytest.raises(DataError, match="cannot be read"):
            open_data(path)
    with path.open("wb") as file:
        np.save(file, CODES)
    with pytest.raises(DataError, match="holds a single array"):
        open_data(path)


def test_samples_are_called_by_ids_of_the_file(tmp_path: Path) -> None:
    names = ["cat/b.png", "../a", "000001", "\u00e4 \x1b[1m", "<b>"]
    data = open_data(save(tmp_path, x=CODES, ids=np.array(names)))
    assert list(data.ids) == names
    for row, name in enumerate(names):
        sample = data.open(name)
        assert sample.id == name and np.array_equal(sample.x, data.spec.decode(CODES[row]))
    for other in ("000000", "000002"):
        with pytest.raises(DataError, match="no sample"):
            data.open(other)
    few = open_data(tmp_path / "set.npz", options=DataOptions(limit=2))
    assert list(few.ids) == names[:2]


@pytest.mark.parametrize(
    ("ids", "words"),
    [
        (np.arange(5), r"expected ids as texts, one for each of 5 samples in x, got int64 \(5,\); rename"),
        (np.array(["a", "b"]), "expected ids as texts, one for each of 5"),
        (np.array([["a"]] * 5), "expected ids as texts"),
        (np.array(list("abcda")), "expected ids that tell all samples apart, got 'a' 2 times"),
        (np.array(["a", "b", "c", "d", ""]), "got an empty one"),
        (np.array(list("abcde"), object), "pickled objects, which brittle never loads"),
        (NO_TEXTS, "cannot be read"),
    ],
)
def test_ids_that_name_no_sample_are_refused_in_one_line(tmp_path: Path, ids: Any, words: str) -> None:
    with pytest.raises(DataError, match=words) as caught:
        open_data(save(tmp_path, x=CODES, ids=ids))
    assert "\n" not in str(caught.value)


def test_labels_that_are_no_texts_are_refused_in_one_line(tmp_path: Path) -> None:
    with pytest.raises(DataError, match="expected labels y as texts, but they are damaged"):
        open_data(save(tmp_path, x=CODES, y=NO_TEXTS))
    with pytest.raises(DataError, match="cannot be read"):
        open_data(save(tmp_path, x=CODES[:, 0, 0], unit=NO_TEXTS[0:1]), (1, 8))
