from pathlib import Path
from typing import Any

import pytest
from pydantic import ValidationError

from brittle.data import DATA, DataOptions


@pytest.mark.parametrize(
    "wrong",
    [{"size": (0, 5)}, {"limit": 0}, {"bounds": (1, 0)}, {"bounds": (0, float("inf"))}, {"colour": "red"}],
)
def test_nonsense_is_refused(wrong: dict[str, Any]) -> None:
    with pytest.raises(ValidationError):
        DataOptions(**wrong)


def test_options_survive_plain_data() -> None:
    options = DataOptions(size=(5, 7), limit=3, bounds=(-1, 1), labels=Path("labels.csv"))
    assert DataOptions.model_validate(options.model_dump(mode="json")) == options


@pytest.mark.parametrize("name", DATA.names())
def test_every_reader_describes_itself_and_declines_what_is_not_its_own(name: str, tmp_path: Path) -> None:
    reader = DATA.load(name)
    assert reader.__doc__ and "\n" not in reader.__doc__
    assert not reader().fits(tmp_path / "nowhere", DataOptions())
    assert not reader().fits(tmp_path, DataOptions())
