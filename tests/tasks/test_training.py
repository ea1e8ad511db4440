"""What all trainings share: settings by name, and the command and versions that a card tells."""

from pathlib import Path
from typing import Any

import pytest

from brittle.core.errors import UsageError
from brittle.learning.settings import DuelingSettings, LearningSettings, TileSettings
from brittle.settings import Settings, setting
from brittle.store.versions import versions_of
from brittle.tasks.train.card import command_of, out_file


class Pace(Settings):
    """Settings of something that is learned."""

    steps: int = setting(10, "steps", ge=1)
    rate: float = setting(0.1, "rate", gt=0)
    max_l2: float | None = setting(None, "limit", gt=0)


@pytest.mark.parametrize(
    ("kind", "values", "says"),
    [
        (LearningSettings, {"qeries": 1}, "there is no setting 'qeries' of agents; did you mean 'queries'?"),
        (LearningSettings, {"games": 0}, "games: Input should be greater than or equal to 1, got 0"),
        (LearningSettings, {"target_kl": 0}, "target_kl: Input should be greater than 0, got 0"),
        (DuelingSettings, {"most": 2}, "most: Input should be less than or equal to 1, got 2"),
        (DuelingSettings, {"rate": 0.0}, "rate: Input should be greater than 0, got 0.0"),
        (TileSettings, {"steps": 0}, "steps: Input should be greater than or equal to 1, got 0"),
    ],
)
def test_what_makes_no_sense_is_one_line(kind: type[Settings], values: dict[str, Any], says: str) -> None:
    with pytest.raises(UsageError) as error:
        kind.build(values, "agents")
    assert str(error.value) == says


@pytest.mark.parametrize("kind", [LearningSettings, DuelingSettings, TileSettings])
def test_every_setting_of_a_training_is_described_and_an_option(kind: type[Settings]) -> None:
    for name, field in kind.model_fields.items():
        shown: Any = field.json_schema_extra
        assert field.description and shown["group"] == "training", name


def test_epsilon_falls_linearly_to_the_least() -> None:
    settings = DuelingSettings(rounds=10, explore=0.5, most=0.8, least=0.1)
    found = [settings.epsilon(round_) for round_ in range(1, 11)]
    assert found[:5] == pytest.approx([0.8, 0.64, 0.48, 0.32, 0.16]) and found[5:] == [0.1] * 5


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
