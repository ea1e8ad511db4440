"""The recipes work as they are written, one after the other in one folder."""

import re
from pathlib import Path

import pytest

RECIPES = Path(__file__).parents[2] / "docs" / "recipes.md"
MAY_BE_MISSING = {"keras", "tensorboard", "wandb"}


def test_every_block_of_python_runs(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    blocks = re.findall(r"```python\n(.*?)```", RECIPES.read_text(), re.DOTALL)
    assert len(blocks) == 2 + len(MAY_BE_MISSING)
    for block in blocks:
        try:
            exec(compile(block, "recipes.md", "exec"), {"__name__": "recipe"})
        except ModuleNotFoundError as error:
            assert error.name in MAY_BE_MISSING
    told = capsys.readouterr().out
    assert re.search(r"brittle/asr (0\.\d+|1\.0)\n", told) and "brittle/median l2" in told
