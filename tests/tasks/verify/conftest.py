"""A run that is true, and a copy of it to be forged."""

import shutil
from pathlib import Path
from typing import Any

import pytest

import brittle
from forged import rows_of


@pytest.fixture(scope="session")
def honest(digits: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A run of 60 samples that is true; tests copy it."""
    folder = tmp_path_factory.mktemp("honest") / "run"
    settings: dict[str, Any] = {"budget": 60, "search": "patchwork", "max_l2": 3.0, "batch": 16}
    brittle.audit(digits / "digits.onnx", digits / "digits.npz", out=folder, **settings)
    statuses = {row["status"] for row in rows_of(folder)}
    assert statuses == {"flipped", "survived", "misclassified"}
    return folder


@pytest.fixture
def run(honest: Path, tmp_path: Path) -> Path:
    """A copy of it, to be forged."""
    return Path(shutil.copytree(honest, tmp_path / "run"))
