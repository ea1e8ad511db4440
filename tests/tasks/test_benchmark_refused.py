"""What no hard set can be made of is refused in one line, and what lies in the folder is left alone."""

from pathlib import Path
from typing import Any

import numpy as np
import pytest

import brittle
from brittle.core.errors import BrittleError
from hard_nets import SIDE, Net, made, pictures

BAD: dict[str, tuple[dict[str, Any], str]] = {
    "no labels": ({"data": (pictures()[0], None)}, "it has no label"),
    "free floats": (
        {"data": (np.random.default_rng(0).random((30, 3, 16, 16), np.float32), pictures()[1])},
        "8-bit images",
    ),
    "other classes": ({"models": [Net(1, SIDE), Net(2, 8, classes=("circle", "square", "moon"))]}, "moon"),
    "a level out of reach": ({"levels": (1, 100)}, "cannot be brought to the level"),
    "nobody right": ({"data": (pictures()[0], (pictures()[1] + 1) % 3)}, "untouched, it is wrong for"),
    "a level that is none": ({"ssim": (1.5,), "levels": ()}, "below 1"),
    "two kinds of levels": ({"rms": (0.1,)}, "expected one of"),
    "a kind that is none": ({"kinds": "fog"}, "'fog'"),
    "flips of several": ({"levels": "flip:2", "kinds": "cells"}, "one surrogate"),
    "a search of another board": ({"kinds": "cells", "search": "ripple"}, "on the cells board"),
    "one sample": ({"data": (pictures()[0][:1], pictures()[1][:1])}, "more samples"),
    "a distortion that is none": ({"distortions": "gausian_blur"}, "did you mean 'gaussian_blur'"),
}


@pytest.mark.parametrize("name", BAD)
def test_bad_input_is_one_line(name: str, tmp_path: Path) -> None:
    settings, told = BAD[name]
    with pytest.raises(BrittleError) as error:
        made(tmp_path / "hard", **settings)
    assert told in str(error.value) and "\n" not in str(error.value)


def test_a_surrogate_that_fails_is_named(tmp_path: Path) -> None:
    class Broken(Net):
        def __call__(self, x: np.ndarray) -> np.ndarray:
            raise RuntimeError("no weights")

    with pytest.raises(brittle.BrittleError, match=r"net7.*no weights"):
        made(tmp_path / "hard", models=[Net(1, SIDE), Broken(7, 8)])


def test_a_folder_of_other_things_is_left_alone(tmp_path: Path) -> None:
    (tmp_path / "mine.txt").write_text("mine")
    with pytest.raises(BrittleError, match="other files"):
        made(tmp_path)
    assert [path.name for path in tmp_path.iterdir()] == ["mine.txt"]
