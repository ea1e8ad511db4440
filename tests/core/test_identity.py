"""What makes two files, or two answers, the same."""

from hashlib import sha256
from pathlib import Path

import numpy as np
import pytest

from brittle.core import identity
from brittle.core.errors import DataError
from brittle.core.identity import changed_answer, hash_contents, hash_file, identity_rows
from brittle.core.sample import InputSpec

CLASSES = ("cat", "dog", "3")


def test_the_rows_depend_on_the_spec_alone_and_are_what_a_file_can_hold() -> None:
    spec = InputSpec((3, 8, 8), ("channel", "height", "width"), (-1.0, 3.0), bits=8)
    rows = identity_rows(spec)
    assert rows.shape == (2, 3, 8, 8) and rows.dtype == np.float32
    assert rows.min() >= -1 and rows.max() <= 3
    np.testing.assert_array_equal(rows, spec.decode(spec.encode(rows)))
    np.testing.assert_array_equal(rows, identity_rows(spec))
    assert rows[0].mean() > 0.7 and rows[1].mean() < -0.2  # a model that sees only the mean tells them apart


@pytest.mark.parametrize(
    ("before", "now", "says"),
    [
        ([[0.91, 0.05, 0.04]] * 2, [[0.91, 0.05, 0.04]] * 2, ""),
        ([[0.91, 0.05, 0.04]], [[0.92, 0.048, 0.0401]], ""),  # other hardware, a few decimals
        ([[0.0001, 0.9999, 0.0]], [[0.0002, 0.9998, 0.0]], ""),  # four decimals of an endpoint
        ([[0.05, 0.04, 0.91]], [[0.80, 0.08, 0.12]], "class 3 was 0.91, now 0.12"),
        ([[0.999, 0.001, 0.0]], [[0.9985, 0.0015, 0.0]], "class dog was 0.001, now 0.0015"),
        ([[None, 0.5, 0.5]], [[None, 0.5, 0.5]], ""),
        ([[None, 0.5, 0.5]], [[0.2, 0.5, 0.5]], "class cat was NaN, now 0.2"),
        ([None, [0.5, 0.5]], [None, [0.5, 0.5]], ""),
        ([[0.5, 0.5]], [None], "a row was answered, now an error"),
        ([[0.5, 0.5]], [[0.5, 0.3, 0.2]], "there were 2 classes, now 3"),
    ],
)
def test_a_changed_answer_is_named(before: list[object], now: list[object], says: str) -> None:
    assert changed_answer(before, now, CLASSES) == says  # type: ignore[arg-type]


def test_a_file_is_its_contents_and_what_is_none_is_never_read(tmp_path: Path) -> None:
    file = tmp_path / "a"
    file.write_bytes(b"x" * 1_000_000)
    assert hash_file(file) == hash_contents(file) == sha256(b"x" * 1_000_000).hexdigest()
    (tmp_path / "loop").symlink_to(tmp_path / "loop")
    (tmp_path / "endless").symlink_to("/dev/zero")
    for name in ("loop", "endless", "missing", "."):
        assert hash_contents(tmp_path / name) == "no file"


def test_a_file_that_tells_of_more_than_there_is_is_refused(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(identity, "LARGEST", 2**31)
    with (tmp_path / "huge").open("wb") as file:
        file.truncate(2**32)
    with pytest.raises(DataError, match=r"expected files of at most 2 GiB, got .*huge of 4; drop it"):
        hash_contents(tmp_path / "huge")
