"""The weights of rlab as files: bad ones are said in one line, good ones choose as learning valued."""

from pathlib import Path
from typing import Any

import numpy as np
import pytest

from brittle.core.errors import UsageError
from brittle.learning.rlab.dueling import initial_weights
from brittle.searches import open_search
from brittle.searches.rlab.net import Dueling
from brittle.searches.rlab.search import SHIPPED
from brittle.searches.rlab.view import AMOUNT, LAYER, WORLD, View
from brittle.store.dueling import DENSE, DuelingWeights, read_dueling, write_dueling


def damaged(file: Path) -> None:
    file.write_bytes(file.read_bytes()[:100])


def foreign(file: Path) -> None:
    from safetensors.numpy import save

    file.write_bytes(save({"tiles": np.zeros((1, 3, 4, 4), np.float32)}, {"brittle": "brittle-tile-1"}))


def missing(file: Path) -> None:
    file.unlink()


def nan(file: Path) -> None:
    dense = initial_weights(8, np.random.default_rng(0))
    dense["value"][0][0, 0] = np.nan
    write_dueling(file, dense, {})


def other_view(file: Path) -> None:
    dense = initial_weights(8, np.random.default_rng(0))
    weight, bias = dense["trunk.0"]
    write_dueling(file, {**dense, "trunk.0": (weight[:, 1:], bias)}, {})


@pytest.mark.parametrize(
    ("harm", "says"),
    [
        (damaged, "damaged or no safetensors"),
        (foreign, "holds no agent of rlab"),
        (missing, "cannot read the agent file"),
        (nan, "NaN or infinite"),
        (other_view, "sees another view"),
    ],
)
def test_a_bad_weights_file_gives_one_clear_line(weights: str, harm: Any, says: str) -> None:
    harm(Path(weights))
    with pytest.raises(UsageError, match=says) as error:
        open_search("rlab", weights=weights)
    assert "\n" not in str(error.value)


def test_bad_settings_give_one_clear_line(weights: str) -> None:
    with pytest.raises(UsageError, match="fixed_n: Input should be greater than or equal to 1, got 0"):
        open_search("rlab", fixed_n=0, weights=weights)
    with pytest.raises(UsageError, match="did you mean 'fixed_n'"):
        open_search("rlab", fixedn=2)


def test_weights_read_back_as_they_were_written(tmp_path: Path) -> None:
    dense = initial_weights(16, np.random.default_rng(1))
    file = tmp_path / "a.safetensors"
    write_dueling(file, dense, {})
    read = read_dueling(file, WORLD, AMOUNT, LAYER)
    assert all(np.array_equal(read.dense[n][i], dense[n][i]) for n in dense for i in (0, 1))
    before = file.read_bytes()
    write_dueling(file, dense, {})
    assert file.read_bytes() == before


def test_files_name_the_branch_of_layers_as_the_format_does(weights: str) -> None:
    from safetensors.numpy import load_file

    shipped, written = (set(load_file(file)) for file in (SHIPPED, weights))
    assert shipped == written and "colour.0.weight" in written and "layer.0.weight" not in written
    assert set(read_dueling(SHIPPED, WORLD, AMOUNT, LAYER).dense) == set(DENSE)


def test_an_audit_chooses_without_torch_what_learning_valued_most() -> None:
    torch: Any = pytest.importorskip("torch")
    from brittle.learning.rlab.dueling import QValues

    rng = np.random.default_rng(5)
    dense = initial_weights(12, rng)
    flat_weights = {
        f"{n}.{i}": torch.tensor(part) for n, pair in dense.items() for i, part in enumerate(pair)
    }
    views = [
        View(*(rng.normal(size=s).astype(np.float32) for s in ((WORLD,), (6, AMOUNT), (4, LAYER))))
        for _ in range(20)
    ]
    batch = {
        name: torch.from_numpy(np.stack([getattr(v, name) for v in views]))
        for name in ("world", "amounts", "layers")
    }
    batch["offered"] = torch.ones((20, 6), dtype=torch.bool)
    amount, layer = QValues(flat_weights, batch, "").best()
    agent = Dueling(DuelingWeights(dense))
    chosen = [agent.choose(v, 0.0) for v in views]
    assert [c.amount for c in chosen] == amount.tolist() and len(set(amount.tolist())) > 1
    assert [c.layer - 1 for c in chosen] == layer.tolist()
