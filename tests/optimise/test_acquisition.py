"""Acquisitions: log EI where it is hard, candidates, and learned ones that begin as log EI exactly."""

from itertools import pairwise
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from safetensors.numpy import save_file

from brittle.core.errors import UsageError
from brittle.core.seeds import generator
from brittle.optimise.acquisition import UCB, LogEI, Thompson, log_expected_improvement
from brittle.optimise.candidates import candidates, climbed
from brittle.optimise.gp import Posterior, posterior
from brittle.optimise.hand import HandPrior
from brittle.optimise.history import History, no_history
from brittle.optimise.kinds import Line
from brittle.optimise.learned_acquisition import (
    CANDIDATE_FEATURES,
    FORMAT,
    Correction,
    Critic,
    Policy,
    critic_features,
    mlp,
    open_acquisition,
    state_features,
)
from brittle.optimise.optimiser import Optimiser
from brittle.optimise.space import Space
from brittle.store.learned import write_learned

CRITICS = ("critic_a", "critic_b")
SQUARE = Space(a=Line(0, 1), b=Line(0, 1))


def bowl(point: Any) -> float:
    return float((point["a"] - 0.3) ** 2 + (point["b"] - 0.6) ** 2)


def model_of(n: int = 8) -> Posterior:
    x = np.random.default_rng(0).random((n, 2))
    history = History(x, np.square(x - 0.4).sum(axis=1))
    return posterior(HandPrior(range(2)), history)


@pytest.mark.parametrize("z", [-40.0, -12.0, -5.0, -1.0001, -1.0, -0.9999, 0.0, 2.0, 9.0])
@pytest.mark.parametrize("deviation", [1e-6, 1.0, 1e3])
def test_log_expected_improvement_is_its_integral(z: float, deviation: float) -> None:
    from scipy.integrate import quad

    # with y = best - deviation u: EI = deviation * integral of u phi(z - u), here with phi(z) taken out
    integral = quad(lambda u: u * np.exp(z * u - u * u / 2), 0, max(z, 0) + 40, epsabs=0, epsrel=1e-11)[0]
    expected = np.log(deviation) - z * z / 2 - np.log(2 * np.pi) / 2 + np.log(integral)
    found = log_expected_improvement(np.array([-z * deviation]), np.array([deviation]), 0.0)
    assert found[0] == pytest.approx(expected, rel=1e-9, abs=1e-9)


def test_log_expected_improvement_is_finite_and_grows_in_z_at_extremes() -> None:
    z = -np.concatenate([np.geomspace(1e8, 1e-3, 400), [0.0]])
    found = log_expected_improvement(-z * 1e-6, np.full(len(z), 1e-6), 0.0)
    assert np.isfinite(found).all() and (np.diff(found) > 0).all()


def test_upper_bounds_and_draws() -> None:
    model = model_of()
    x = np.random.default_rng(1).random((50, 2))
    mean, deviation = model(x)
    assert np.allclose(UCB(3.0).scores(model, x, 5), 3 * deviation - mean)
    first, again, other = (Thompson(s).scores(model, x, 5) for s in (0, 0, 1))
    assert np.array_equal(first, again) and not np.array_equal(first, other)
    assert np.array_equal(first, -model.draws(x, 1, generator(0, "thompson", 8))[0])


def test_half_of_the_candidates_are_near_the_best() -> None:
    best = np.array([[0.5, 0.5], [0.1, 0.9]])
    points = candidates(SQUARE, best, 400, np.random.default_rng(0))
    assert points.shape == (400, 2) and (points >= 0).all() and (points <= 1).all()
    near = np.abs(points[:, None] - best).max(axis=2).min(axis=1) < 0.02
    assert near[200:].mean() > 0.3 > 0.05 > near[:200].mean()
    assert candidates(SQUARE, best[:0], 7, np.random.default_rng(0)).shape == (7, 2)


def test_the_best_candidate_climbs_to_the_top() -> None:
    top = np.array([0.271828, 0.99])
    points = np.random.default_rng(0).random((50, 2))
    before = points.copy()
    found = climbed(SQUARE, points, lambda x: -np.square(x - top).sum(axis=1), np.random.default_rng(1))
    assert np.allclose(found, top, atol=2e-3) and np.array_equal(points, before)


def layers(name: str, sizes: list[int], last: float = 1.0, seed: int = 0) -> dict[str, np.ndarray]:
    rng, arrays = np.random.default_rng(seed), {}
    for i, (a, b) in enumerate(pairwise(sizes)):
        scale = last if i == len(sizes) - 2 else 1.0
        arrays[f"{name}{i}"] = (scale * rng.normal(size=(a, b)) / np.sqrt(a)).astype(np.float32)
        arrays[f"{name}{i}_bias"] = np.zeros(b, np.float32)
    return arrays


def correction(last: float) -> dict[str, np.ndarray]:
    weight = {"weight": np.ones(1, np.float32)}
    return {**layers("correction", [CANDIDATE_FEATURES, 16, 1], last), **weight}


def critics(features: int, state: int) -> dict[str, np.ndarray]:
    arrays = layers("policy", [state, 16, 2 * features])
    for i, name in enumerate(CRITICS):
        arrays |= layers(name, [state + features + 3, 16, 1], seed=i)
    return arrays


def test_a_correction_of_zero_is_log_ei_query_for_query() -> None:
    def asked(acquisition: Any) -> list[dict[str, Any]]:
        optimiser, points = Optimiser(SQUARE, 10, acquisition=acquisition), []
        for _ in range(10):
            points.append(optimiser.ask())
            optimiser.tell(points[-1], bowl(points[-1]))
        return points

    zero, one = Correction(correction(0.0)), Correction(correction(1.0))
    assert asked(zero) == asked(LogEI()) != asked(one)


def test_learned_acquisitions_answer_for_every_history() -> None:
    for n in (0, 1, 8):
        model = model_of(n) if n else posterior(HandPrior(range(2)), no_history(2))
        x = np.random.default_rng(1).random((9, 2))
        state = len(state_features(model, 5))
        arrays = critics(2, state)
        for acquisition in (Correction(correction(1.0)), Critic(arrays), Policy(arrays)):
            scores = acquisition.scores(model, x, 5)
            assert scores.shape == (9,) and np.isfinite(scores).all()
        each = [mlp(arrays, name, critic_features(model, x, 5)) for name in CRITICS]
        assert np.allclose(Critic(arrays).scores(model, x, 5), np.min(each, axis=0)[:, 0])
        drawn = Critic(arrays).proposals(model, 5, np.random.default_rng(0))
        assert drawn.shape[1] == 2 and (drawn > 0).all() and (drawn < 1).all()


def test_the_policy_plays_what_it_draws() -> None:
    arrays = critics(2, 5)
    optimiser = Optimiser(SQUARE, 6, acquisition=Policy(arrays))
    for _ in range(6):
        point = optimiser.ask()
        optimiser.tell(point, bowl(point))
    arrays = {
        **arrays,
        "policy1": 0 * arrays["policy1"],
        "policy1_bias": np.array([9, -9, -9, -9], np.float32),
    }
    optimiser.acquisition = Policy(arrays)
    assert optimiser.ask() == {"a": pytest.approx(1, abs=1e-3), "b": pytest.approx(0, abs=1e-3)}


def test_files_of_acquisitions_are_opened_or_refused_with_one_line(tmp_path: Path) -> None:
    sac, ppo = tmp_path / "sac.safetensors", tmp_path / "ppo.safetensors"
    write_learned(sac, critics(2, 5), {"format": FORMAT, "kind": "sac", "features": 2}, {})
    write_learned(ppo, correction(1.0), {"format": FORMAT, "kind": "ppo", "features": 2}, {})
    assert isinstance(open_acquisition(sac, 2), Critic)
    assert isinstance(open_acquisition(sac, 2, policy=True), Policy)
    assert isinstance(open_acquisition(ppo, 30), Correction)
    with pytest.raises(UsageError, match="trained on points of 2 features, this space has 3"):
        open_acquisition(sac, 3)
    broken = {**correction(1.0), "correction1": np.ones((5, 1), np.float32)}
    for arrays, about in (
        (broken, {"format": FORMAT, "kind": "ppo"}),
        ({}, {"format": FORMAT, "kind": "sac", "features": 2}),
        (correction(1.0), {"format": FORMAT, "kind": "other"}),
        (correction(1.0), {"format": "something", "kind": "ppo"}),
    ):
        write_learned(tmp_path / "bad.safetensors", arrays, about, {})
        with pytest.raises(UsageError, match="brittle train --kind acquisition"):
            open_acquisition(tmp_path / "bad.safetensors", 2)
    save_file({"x": np.zeros(1)}, tmp_path / "foreign.safetensors")
    with pytest.raises(UsageError, match="expected a file of an acquisition"):
        open_acquisition(tmp_path / "foreign.safetensors", 2)
