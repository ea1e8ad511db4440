"""Learning acquisitions: a file that optimise reads, the same for a seed, and on again after a stop."""

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from click.testing import CliRunner

import brittle
from brittle.cli import cli
from brittle.core.errors import UsageError
from brittle.optimise.acquisition import log_expected_improvement
from brittle.optimise.families import family
from brittle.optimise.gp import posterior
from brittle.optimise.learned import stored_network
from brittle.optimise.learned_acquisition import critic_features
from brittle.optimise.transformer import Shape, TransformerPrior
from brittle.store.priors import write_prior

pytest.importorskip("torch")

import torch

from brittle.learning.acquisition.ppo import PPOTraining
from brittle.learning.acquisition.runs import begun
from brittle.learning.acquisition.sac import SACTraining
from brittle.learning.acquisition.seen import Seen

SHORT: dict[str, Any] = {"rounds": 3, "runs": 2, "evaluations": 3}


def prior() -> TransformerPrior:
    shape, rng = Shape(6, width=8, blocks=1, deep=4), np.random.default_rng(0)
    return TransformerPrior(shape, {name: rng.normal(size=s) / 3 for name, s in shape.weights().items()})


@pytest.fixture
def file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> str:
    monkeypatch.setattr("brittle.learning.acquisition.sac.UPDATES", 3)
    write_prior(tmp_path / "p.safetensors", stored_network(prior(), {"family": "hartmann6"}), {})
    return str(tmp_path / "p.safetensors")


@pytest.mark.parametrize("method", ["ppo", "sac"])
def test_the_same_seed_gives_the_same_file_also_after_a_stop(method: str, file: str, tmp_path: Path) -> None:
    def stop(now: Any) -> None:
        if now.step == 3:
            raise KeyboardInterrupt

    words = {**SHORT, "method": method}
    whole = brittle.train_acquisition("hartmann6", file, tmp_path / "a.safetensors", **words)
    with pytest.raises(KeyboardInterrupt):
        brittle.train_acquisition("hartmann6", file, tmp_path / "b.safetensors", watch=stop, **words)
    rounds: list[int] = []
    parted = brittle.train_acquisition(
        "hartmann6", file, tmp_path / "b.safetensors", watch=lambda now: rounds.append(now.step), **words
    )
    assert rounds == [3] and whole.read_bytes() == parted.read_bytes()
    other = brittle.train_acquisition("hartmann6", file, tmp_path / "c.safetensors", seed=1, **words)
    assert other.read_bytes() != whole.read_bytes()
    card = json.loads(whole.with_suffix(".json").read_text())
    assert card["evaluations"] == 3 * 2 * (3 + 3) and str(tmp_path) not in json.dumps(card)
    space = brittle.Space({f"x{i}": brittle.Line(0, 1) for i in range(6)})
    task = family("hartmann6").task(np.random.default_rng(0))
    found = brittle.optimise(
        lambda point: float(task.f(np.array([list(point.values())]))[0]),
        space,
        4,
        prior=file,
        acquisition=whole,
    )
    assert np.isfinite(found.value)


def test_ppo_begins_as_log_ei_and_then_does_not(file: str, tmp_path: Path) -> None:
    training = PPOTraining(family("hartmann6"), prior(), 0)
    assert not training.arrays["correction2"].any() and training.arrays["weight"][0] > 0
    training.round(1, 2, 3)
    assert training.arrays["correction2"].any()


def test_critics_are_shown_the_same_in_training_and_in_use() -> None:
    rng = np.random.default_rng(1)
    run = begun(family("hartmann6"), 5, rng)
    x = rng.random((1, 6))
    found = posterior(prior(), run.history)
    seen = Seen(prior())
    history = seen.history(run.history.x[None].astype(np.float32), run.history.y[None].astype(np.float32))
    shown = seen.known(history, torch.tensor(x, dtype=torch.float32))[0].numpy()
    assert shown == pytest.approx(critic_features(found, x, 5)[0, -3:], abs=2e-3)
    mean, deviation = found(x)
    assert shown[2] == pytest.approx(log_expected_improvement(mean, deviation, found.best)[0] / 4, abs=2e-3)


def test_sac_learns_what_its_rewards_are_worth(monkeypatch: pytest.MonkeyPatch) -> None:
    """Where every run gains about as much, critics come to say so."""
    monkeypatch.setattr("brittle.learning.acquisition.sac.UPDATES", 60)
    training = SACTraining(family("hartmann6"), prior(), 0)
    training.round(1, 4, 1)
    training.replay["rewards"][:] = 3.0
    rng = np.random.default_rng(0)
    for _ in range(150):
        training._learn(rng)
    state, x = (torch.from_numpy(training.replay[name][:, i]) for name, i in (("states", 0), ("x", 3)))
    history = training.seen.history(training.replay["x"][:, :3], training.replay["y"][:, :3])
    with torch.no_grad():
        worth = training._worth(training.weights, state, x, history)
    assert torch.stack(worth).numpy() == pytest.approx(3.0, abs=0.5)


def test_what_cannot_be_learned_is_said_in_one_line(file: str, tmp_path: Path) -> None:
    out = tmp_path / "o.safetensors"
    with pytest.raises(UsageError, match="10 axes"):
        brittle.train_acquisition("mix10", file, out)
    with pytest.raises(UsageError, match="no family"):
        brittle.train_acquisition("mix", file, out)
    result = CliRunner().invoke(cli, ["train", "--kind", "acquisition", "--out", str(out)])
    assert result.exit_code != 0 and "--prior" in result.output
