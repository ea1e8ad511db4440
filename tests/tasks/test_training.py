"""What all trainings share: settings by name, and the command and versions that a card tells."""

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from brittle.core.errors import UsageError
from brittle.tasks.train.card import command_of, out_file, settings_of, versions_of


@dataclass(frozen=True)
class Pace:
    steps: int = 10
    rate: float = 0.1
    max_l2: float | None = None


@pytest.mark.parametrize(
    ("values", "says"),
    [
        ({"stepps": 1}, "there is no setting 'stepps' of laps; did you mean 'steps'?"),
        ({"cel": 1}, "there is no setting 'cel' of laps; did you mean 'cell'?"),
        ({"steps": 0}, "expected steps of 1 or more, got 0"),
        ({"rate": 0.0}, "expected rate above 0, got 0.0"),
    ],
)
def test_what_makes_no_sense_is_one_line(values: dict[str, Any], says: str) -> None:
    with pytest.raises(UsageError) as error:
        settings_of(Pace, values, "laps", counts=("steps",), positive=("rate",), others=("cell",))
    assert str(error.value) == says


def test_what_makes_sense_is_taken() -> None:
    chosen = settings_of(Pace, {"steps": 1, "rate": 0.5}, "laps", counts=("steps",), positive=("rate",))
    assert chosen == Pace(1, 0.5)


def test_the_command_says_what_was_given_and_what_differs() -> None:
    given = {"model": ["a", "b"], "data": "d", "first": None, "cell": "8x8", "distortion": []}
    words = command_of("brittle train --kind lap", given, Pace(rate=0.5, max_l2=2.0), Path("far") / "l")
    assert words == (
        "brittle train --kind lap --model a --model b --data d --cell 8x8 --rate 0.5 --max-l2 2.0 --out l"
    )


def test_versions_are_of_what_is_installed() -> None:
    assert list(versions_of("brittle", "no-such-package", "numpy")) == ["brittle", "numpy"]


def test_the_file_to_write_ends_in_safetensors(tmp_path: Path) -> None:
    assert out_file(str(tmp_path / "a.safetensors")) == tmp_path / "a.safetensors"
    with pytest.raises(UsageError, match=r"end in \.safetensors"):
        out_file(tmp_path / "a.npz")
