"""Trust in surrogates: what they predicted against what was answered, whatever its scale."""

import numpy as np
import pytest

from brittle.core.goal import Goal
from brittle.searches.ripple.trust import FORGETTING, Watched, no_trust
from toy_surrogates import ToySurrogate
from whole_inputs import model_of, sample_of

LEAPS, FOLLOWS = 0, 1


def heard(predicted: list[list[float]], answered: list[float], anew: bool = True):  # type: ignore[no-untyped-def]
    trust = no_trust(len(predicted[0]))
    for falls, answer in zip(predicted, answered, strict=True):
        trust = trust.after(anew, np.array(falls), answer)
    return trust


def test_the_ratio_is_what_was_answered_for_a_nat_predicted() -> None:
    trust = heard([[2.0, 4.0], [2.0, 4.0]], [1.0, 1.0])
    assert trust.ratio[LEAPS] == pytest.approx([0.5, 0.25])
    assert trust.ratio[FOLLOWS] == pytest.approx([0, 0]) and trust.most == 0
    assert heard([[2.0], [2.0]], [-1.0, -1.0]).ratio[LEAPS] == pytest.approx([-0.5])


def test_who_was_not_asked_is_neither_praised_nor_blamed() -> None:
    one = heard([[2.0, 1.0]], [1.0])
    two = one.after(True, np.array([3.0, np.nan]), -3.0)
    assert np.array_equal(two.sums[:, LEAPS, 1], one.sums[:, LEAPS, 1])
    assert two.ratio[LEAPS, 0] < one.ratio[LEAPS, 0] and two.most == 1
    assert not two.sums[:, FOLLOWS].any()


def test_old_answers_fade() -> None:
    trust = heard([[1.0]] * 40, [0.0] * 20 + [1.0] * 20)
    assert trust.ratio[LEAPS, 0] == pytest.approx((1 - FORGETTING**20) / (1 - FORGETTING**40))


def test_the_correlation_is_that_of_the_weighted_falls() -> None:
    rng = np.random.default_rng(0)
    predicted = rng.normal(size=30)
    for sign in (1, -1):
        answered = sign * predicted + 0.5 * rng.normal(size=30)
        trust = heard([[p, 5.0] for p in predicted], list(answered))
        weights = FORGETTING ** np.arange(29, -1, -1)
        covariance = np.cov(predicted, answered, aweights=weights)
        exact = covariance[0, 1] / np.sqrt(covariance[0, 0] * covariance[1, 1])
        assert trust.correlation[LEAPS, 0] == pytest.approx(exact * weights.sum() / (1 + weights.sum()))
        assert trust.correlation[LEAPS, 1] == pytest.approx(0, abs=1e-3)  # it said the same every time
    assert no_trust(3).correlation.tolist() == [[0, 0, 0], [0, 0, 0]]


def test_a_watched_lead_says_how_far_its_own_margin_fell() -> None:
    sample = sample_of()
    lead = ToySurrogate(model_of()).on(sample, Goal(sample.label or 0))
    watched = Watched(lead)
    assert np.isnan(watched.fall)
    gradient = watched.gradient(sample.x[None])
    assert np.array_equal(gradient, lead.gradient(sample.x[None]))
    downhill = (sample.x - 0.1 * gradient[0]).astype(np.float32)
    watched.gradient(downhill[None])
    assert watched.fall == pytest.approx(float(0.1 * np.square(gradient).sum()), rel=1e-3)
    assert watched.rows == lead.rows == 3 and watched.name == lead.name
