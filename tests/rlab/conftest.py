"""Weights for rlab."""

from pathlib import Path

import numpy as np
import pytest

from brittle.learning.rlab.dueling import initial_weights
from brittle.store.dueling import write_dueling


@pytest.fixture
def weights(tmp_path: Path) -> str:
    """A file of random weights."""
    file = tmp_path / "agent.safetensors"
    write_dueling(file, initial_weights(8, np.random.default_rng(1)), {"kind": "rlab"})
    return str(file)
