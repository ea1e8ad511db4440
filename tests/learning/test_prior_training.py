"""Learning priors: better than at first, the same file for a seed, on again after a stop."""

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from click.testing import CliRunner

import brittle
from brittle.cli import cli
from brittle.core.errors import UsageError
from brittle.core.seeds import generator
from brittle.optimise.gp import posterior
from brittle.optimise.history import History
from brittle.optimise.learned import open_prior
from brittle.optimise.prior import Prior
from brittle.optimise.transformer import Shape, TransformerPrior, Usual

pytest.importorskip("torch")

from brittle.learning.prior.empirical import counted
from brittle.learning.prior.network import Batch, fresh_weights, loss_of
from brittle.learning.prior.source import TableSource, standardised
from brittle.learning.prior.tables import ANCHORS, OWN, WaveTable
from brittle.learning.prior.training import PriorTraining, Schedule
from ripple_games import IMAGE, model_of, samples_of

SCHEDULE = Schedule(steps=120, batch=16, context=12, targets=16, rate=1e-2, seed=0)
SHAPE = Shape(2, 16, 1, 2, 4)
SHORT: dict[str, Any] = {"steps": 12, "batch": 4, "targets": 8, "context": 6, "width": 8}


class Slopes:
    """The same slope for all tasks, steeper or not: what a few points tell is how steep."""

    features, usual = 2, Usual(0.0, 1.0, 2.0)

    def batch(self, rng: np.random.Generator, tasks: int, context: int, targets: int) -> Batch:
        x, steepness = rng.random((tasks, context + targets, 2)), rng.uniform(0.5, 2, (tasks, 1))
        y = steepness * slope(x)
        return standardised(self.usual, x[:, :context], y[:, :context], x[:, context:], y[:, context:])

    def at_anchors(self, rng: np.random.Generator) -> tuple[Any, Any]:
        x = rng.random((40, 2))
        return x, np.linspace(0.5, 2, 20)[:, None] * slope(x)


def slope(x: Any) -> Any:
    return 3 * x[..., 0] - 2 * x[..., 1]


def learned() -> PriorTraining:
    training = PriorTraining.begin(SHAPE, SCHEDULE)
    for _ in range(SCHEDULE.steps):
        training.learn(Slopes())
    return training


def prior_of(weights: dict[str, Any]) -> TransformerPrior:
    arrays = {name: w.detach().numpy().astype(np.float64) for name, w in weights.items()}
    return TransformerPrior(SHAPE, arrays, Slopes.usual)


def error_of(prior: Prior) -> float:
    """Root mean square error after three points, of slopes that nobody learned from."""
    squares, rng = [], np.random.default_rng(7)
    for steepness in rng.uniform(0.5, 2, 30):
        x = rng.random((23, 2))
        mean, _ = posterior(prior, History(x[:3], steepness * slope(x[:3]))).predict(x[3:])
        squares.append(np.mean((mean - steepness * slope(x[3:])) ** 2))
    return float(np.sqrt(np.mean(squares)))


def test_a_learned_prior_predicts_better_than_the_kernel_it_began_with() -> None:
    training = learned()
    assert np.mean(training.losses[-20:]) < np.mean(training.losses[:10]) - 0.5
    assert error_of(prior_of(training.weights)) < 0.6 * error_of(prior_of(fresh_weights(SHAPE, 0)))


def test_the_loss_is_the_joint_likelihood_of_the_targets_given_the_context() -> None:
    """Checked against a normal distribution of NumPy, from the forward pass of audits."""
    import torch

    batch = Slopes().batch(np.random.default_rng(0), 2, 5, 4)
    weights = fresh_weights(SHAPE, 3)
    weights["mean"] = torch.linspace(-1, 1, SHAPE.width)
    arrays = {name: w.detach().numpy().astype(np.float64) for name, w in weights.items()}
    total = 0.0
    for number in range(2):
        context, x = batch.context_x[number].astype(float), batch.x[number].astype(float)
        y = batch.context_y[number].astype(float)
        # standard already: a weight this great keeps it so
        found = posterior(TransformerPrior(SHAPE, arrays, Usual(0, 1, 1e12)), History(context, y))
        mean, _ = found(x)
        covariance = found.covariance(x) + found.given.noise * np.eye(4)
        residual = batch.y[number] - mean
        logs = np.linalg.slogdet(2 * np.pi * covariance)[1]
        total += 0.5 * (residual @ np.linalg.solve(covariance, residual) + logs) / 4
    assert float(loss_of(weights, SHAPE, batch).detach()) == pytest.approx(total / 2, abs=1e-3)


def test_no_target_is_seen_before_it_is_predicted() -> None:
    """What features and units are made of does not change with the values of targets."""
    rng = np.random.default_rng(0)
    tables = [
        WaveTable(rng.normal(size=(30, 10)).astype(np.float32), rng.normal(size=30).astype(np.float32), 1.0)
        for _ in range(3)
    ]
    batch = TableSource.of(tables, 2, 3).batch(generator(0), 8, 6, 20)
    for seen, wanted in zip(np.abs(batch.context_x), np.abs(batch.x), strict=True):
        assert not (wanted[:, None] == seen).all(axis=2).any()
    usual, x, y = Usual(), np.zeros((1, 4, 2)), np.arange(4.0)[None]
    one, other = (standardised(usual, x[:, :2], y[:, :2], x, add + y) for add in (0, 100))
    assert np.array_equal(one.context_y, other.context_y)


def test_the_same_seed_gives_the_same_file_also_after_a_stop(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("brittle.tasks.train.prior_training.CHECKPOINT_STEPS", 5)
    monkeypatch.setattr("brittle.tasks.train.prior_training.CURVE_STEPS", 2)
    monkeypatch.setattr("brittle.learning.prior.source.FAMILY_TASKS", 8)

    def stop(now: Any) -> None:
        if now.step == 8:
            raise KeyboardInterrupt

    words = {**SHORT, "family": "hartmann6"}
    whole = brittle.train_prior(out=tmp_path / "a.safetensors", **words)
    with pytest.raises(KeyboardInterrupt):
        brittle.train_prior(out=tmp_path / "b.safetensors", watch=stop, **words)
    steps: list[int] = []
    parted = brittle.train_prior(
        out=tmp_path / "b.safetensors", watch=lambda s: steps.append(s.step), **words
    )
    assert steps == [6, 8, 10, 12]
    assert whole.read_bytes() == parted.read_bytes()
    assert whole.with_suffix(".csv").read_text() == parted.with_suffix(".csv").read_text()
    assert not list(tmp_path.glob("*.part.*"))
    other = brittle.train_prior(out=tmp_path / "c.safetensors", seed=1, **words)
    assert other.read_bytes() != whole.read_bytes()
    assert open_prior(whole).of == {"family": "hartmann6"}


def photos_of(folder: Path) -> str:
    samples = samples_of(IMAGE, 5)
    np.savez(
        folder / "photos.npz", x=np.stack([s.x for s in samples]), y=np.array([s.label for s in samples])
    )
    return str(folder / "photos.npz")


def test_a_prior_of_waves_counts_its_rows_and_is_used_by_ripple(tmp_path: Path) -> None:
    model, data = model_of(IMAGE), photos_of(tmp_path)
    file = brittle.train_prior([model], data, tmp_path / "w.safetensors", first=4, **SHORT)
    card = json.loads(file.with_suffix(".json").read_text())
    played = ANCHORS + OWN + 1
    assert card["tables"] == 4 and 4 * played <= card["rows"] <= 4 * (played + 3)
    assert card["rows"] <= model.rows and str(tmp_path) not in json.dumps(card)
    assert card["command"].startswith("brittle train --kind prior ") and "--first 4" in card["command"]
    prior = open_prior(file)
    assert prior.of == {"waves": {"axes": ["height", "width"], "channels": 3}} and prior.features == 10


def test_an_empirical_prior_knows_means_and_covariances(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    prior, _ = counted(Slopes(), 0)
    assert error_of(prior) < 0.6 * error_of(prior_of(fresh_weights(SHAPE, 0)))
    monkeypatch.setattr("brittle.learning.prior.source.FAMILY_TASKS", 10)
    words: dict[str, Any] = {"family": "hartmann6", "form": "empirical"}
    file = brittle.train_prior(out=tmp_path / "e.safetensors", **words)
    again = brittle.train_prior(out=tmp_path / "f.safetensors", **words)
    assert file.read_bytes() == again.read_bytes()
    x = np.random.default_rng(0).random((5, 6))
    mean, deviation = posterior(open_prior(file).prior, History(x, x[:, 0]))(x)
    assert np.isfinite(mean).all() and (deviation > 0).all()


def test_tables_are_not_filled_twice_after_a_stop(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("brittle.tasks.train.wave_tables.GROUP", 2)
    data = photos_of(tmp_path)

    def stop(now: Any) -> None:
        if now.rows > 300:
            raise KeyboardInterrupt

    whole = brittle.train_prior([model_of(IMAGE)], data, tmp_path / "a.safetensors", **SHORT)
    with pytest.raises(KeyboardInterrupt):
        brittle.train_prior([model_of(IMAGE)], data, tmp_path / "b.safetensors", watch=stop, **SHORT)
    second = model_of(IMAGE)
    parted = brittle.train_prior([second], data, tmp_path / "b.safetensors", **SHORT)
    assert whole.read_bytes() == parted.read_bytes()
    assert second.rows < 2 * (ANCHORS + OWN + 4)


def test_what_cannot_be_learned_is_said_in_one_line(tmp_path: Path) -> None:
    out = tmp_path / "p.safetensors"
    for words, said in (
        ({}, "expected models"),
        ({"family": "bowl"}, "no family 'bowl'"),
        ({"family": "hartmann6", "models": [model_of(IMAGE)]}, "one of them"),
        ({"models": [model_of(IMAGE)]}, "--data"),
        ({"family": "hartmann6", "width": 6}, "multiple of 4"),
    ):
        with pytest.raises(UsageError, match=said):
            brittle.train_prior(out=out, **words)
    result = CliRunner().invoke(cli, ["train", "--kind", "prior", "--out", str(out)])
    assert result.exit_code != 0 and "--family" in result.output
