"""The network: a new one is the hand-made player bit by bit, and torch and NumPy agree."""

from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from brittle.agent.network import LARGEST_CORRECTION, Network, Shape, fresh
from brittle.core.play import Odds, View

SHAPE = Shape(world=5, operators=3, places=4, sizes=2, kinds=("blur", "noise", "remove"))
OPERATORS = ("noise", "noise", "blur", "jpeg", "remove")


def seen(seed: int, operators: int = 5, places: int = 9) -> tuple[View, Odds]:
    rng = np.random.default_rng(seed)
    sides = (SHAPE.world,), (operators, SHAPE.operators), (places, SHAPE.places)
    view = View(*(2 * rng.normal(size=s).astype(np.float32) for s in sides))
    odds = rng.random((operators, places, SHAPE.sizes))
    odds[rng.random(odds.shape) < 0.3] = 0
    return view, odds


def shaken(seed: int = 0) -> Network:
    """A network that corrects something."""
    rng = np.random.default_rng(seed)
    new = fresh(SHAPE, seed)
    weights = {k: (w + 0.3 * rng.normal(size=w.shape)).astype(np.float32) for k, w in new.weights.items()}
    return Network(SHAPE, weights)


@given(st.integers(0, 2**32), st.integers(1, 30), st.integers(1, 50))
@settings(max_examples=30, deadline=None)
def test_a_new_network_leaves_the_odds_as_they_are_bit_by_bit(seed: int, operators: int, places: int) -> None:
    view, odds = seen(seed, operators, places)
    names = tuple(OPERATORS[i % 5] for i in range(operators))
    assert np.array_equal(fresh(SHAPE, seed)(names, view, odds), odds)


@given(st.integers(0, 2**32))
@settings(max_examples=30, deadline=None)
def test_corrections_are_bounded_and_what_is_impossible_stays_so(seed: int) -> None:
    view, odds = seen(seed)
    corrected = shaken(seed % 7)(OPERATORS, view, odds)
    assert np.array_equal(corrected == 0, odds == 0)
    change = np.log(corrected[odds > 0] / odds[odds > 0])
    assert np.abs(change).max() <= LARGEST_CORRECTION + 1e-5 and np.ptp(change) > 1e-3


def test_places_are_treated_alike_wherever_they_are() -> None:
    view, odds = seen(3)
    order = np.random.default_rng(0).permutation(9)
    network = shaken()
    moved = network(OPERATORS, View(view.world, view.operators, view.places[order]), odds[:, order])
    assert np.allclose(moved, network(OPERATORS, view, odds)[:, order], rtol=1e-4)


def test_extreme_features_and_odds_give_finite_odds() -> None:
    view, odds = seen(4)
    wild = View(*(np.full_like(part, 1e30) for part in (view.world, view.operators, view.places)))
    for given_odds in (odds * 1e-280, odds * 1e280, np.zeros_like(odds)):
        assert np.isfinite(shaken()(OPERATORS, wild, given_odds)).all()


def test_torch_and_numpy_give_the_same_odds_and_weights() -> None:
    torch: Any = pytest.importorskip("torch")
    pytest.importorskip("stable_baselines3")
    from gymnasium import spaces

    from brittle.learning.policy import AgentPolicy

    space = spaces.Dict({"odds": spaces.Box(0, 1, (5, 9, 2), np.float32)})
    network, policy = shaken(), None
    policy = AgentPolicy(space, spaces.Discrete(90), lambda _: 1e-3, network=network, operators=OPERATORS)
    for seed in range(5):
        view, odds = seen(seed)
        odds /= odds.sum()
        parts = {"world": view.world, "operators": view.operators, "places": view.places, "odds": odds}
        obs = {key: torch.from_numpy(np.asarray(part, np.float32)[None]) for key, part in parts.items()}
        distribution: Any = policy.get_distribution(obs).distribution
        chances = distribution.probs.detach().numpy()[0]
        ours = network(OPERATORS, view, odds)
        assert np.allclose(chances, (ours / ours.sum()).reshape(-1), rtol=2e-4, atol=1e-8)
    back = policy.export()
    assert all(np.array_equal(back.weights[k], w) for k, w in network.weights.items())
