"""A tiny hard set, and a model that knows it, as a user would write it."""

from collections.abc import Callable, Sequence
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from brittle.cli import cli
from brittle.store.hard_set import HardSet
from score.made_set import make_set

MODULE = """
import numpy as np

def colours(x):
    return x.mean(axis=(2, 3))

def four(x):
    return np.zeros((len(x), 4))

colours.input_shape = four.input_shape = (3, None, None)
"""

Command = Callable[[Sequence[str]], Result]


@pytest.fixture
def hard(tmp_path: Path) -> HardSet:
    """The set."""
    return make_set(tmp_path / "hard")


@pytest.fixture
def command(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Command:
    """Runs the command line where scored_nets.py lies."""
    (tmp_path / "scored_nets.py").write_text(MODULE)
    monkeypatch.chdir(tmp_path)
    monkeypatch.syspath_prepend(str(tmp_path))
    return lambda words: CliRunner().invoke(cli, list(words))
