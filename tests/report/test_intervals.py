"""Intervals, against published values, exact probabilities, laws, and how often they hold the truth."""

from collections.abc import Callable
from math import comb, exp

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from brittle.report.intervals import (
    FEWEST,
    Interval,
    Values,
    mean_interval,
    median_interval,
    newcombe,
    ratio_interval,
    wilson,
)

ROWS = st.lists(st.integers(-500, 500), min_size=FEWEST, max_size=30).map(lambda row: np.array(row) / 8)
T_29 = 2.045  # Student's t of 29 degrees of freedom that 2.5 % lie above


def mean_of(values: Values, seed: int = 0) -> Interval:
    found = mean_interval(values, np.random.default_rng(seed))
    assert found
    return found


def ratio_of(ours: Values, theirs: Values) -> Interval:
    found = ratio_interval(ours, theirs, np.random.default_rng(0))
    assert found
    return found


def coverage(
    draw: Callable[[np.random.Generator], Interval | None], truth: float, trials: int = 400
) -> float:
    """How often what is drawn holds the truth."""
    found = [draw(np.random.default_rng(trial)) for trial in range(trials)]
    return float(np.mean([bool(one and one.low <= truth <= one.high) for one in found]))


def test_wilson_agrees_with_its_published_values() -> None:
    # Newcombe 1998, Statistics in Medicine 17:857, table I, method 3.
    for hits, trials, low, high in [(81, 263, 0.2553, 0.3662), (15, 148, 0.0624, 0.1605), (0, 20, 0, 0.1611)]:
        found = wilson(hits, trials)
        assert found is not None
        assert found.to_list() == pytest.approx([low, high], abs=5e-5)


@pytest.mark.parametrize(
    ("counts", "low", "high"),
    [
        ((14, 5, 0, 22), 0.011, 0.226),  # Altman et al., Statistics with Confidence, 2000, table 6.2
        ((1, 1, 7, 12), -0.507, -0.026),  # Fagerland et al. 2014, Statistics in Medicine 33:2850
    ],
)
def test_newcombe_agrees_with_its_published_values(counts: tuple[int, ...], low: float, high: float) -> None:
    found = newcombe(*counts)
    assert found is not None
    assert found.to_list() == pytest.approx([low, high], abs=5e-4)


@given(*[st.integers(0, 30)] * 4)
def test_newcombe_holds_the_difference_and_turns_with_it(a: int, b: int, c: int, d: int) -> None:
    found, turned = newcombe(a, b, c, d), newcombe(a, c, b, d)
    if a + b + c + d == 0:
        assert found is None
        return
    assert found and turned
    assert -1 - 1e-12 <= found.low <= (b - c) / (a + b + c + d) <= found.high <= 1 + 1e-12
    assert found.to_list() == pytest.approx([-turned.high, -turned.low], abs=1e-12)
    assert found.low < found.high  # even where both agree on every sample


def test_median_ranks_are_the_closest_that_hold_95_percent() -> None:
    for n in range(FEWEST, 300):
        found = median_interval(np.random.default_rng(n).permutation(np.arange(1.0, n + 1)))
        assert found and found.low + found.high == n + 1
        misses = [
            sum(comb(n, k) for k in range(rank)) / 2 ** (n - 1)
            for rank in map(int, (found.low, found.low + 1))
        ]
        assert misses[0] <= 0.05 < misses[1], n


@pytest.mark.parametrize("n", [8, 17, 50])
def test_medians_of_skewed_values_are_held(n: int) -> None:
    assert coverage(lambda rng: median_interval(rng.lognormal(0, 1, n)), 1.0) >= 0.93


def test_a_mean_is_never_surer_than_student_nor_much_less_sure_on_normal_values() -> None:
    widths = []
    for seed in range(20):
        values = np.random.default_rng(seed).normal(5, 1, 30)
        found, half = mean_of(values), T_29 * values.std(ddof=1) / 30**0.5
        assert found.low <= values.mean() - half * 0.999 and values.mean() + half * 0.999 <= found.high
        widths.append((found.high - found.low) / (2 * half))
    assert np.mean(widths) < 1.08


def test_the_upper_end_of_a_skewed_mean_is_that_of_its_studentised_resamples() -> None:
    values = np.exp(np.linspace(-1.5, 1.5, 8))
    drawn = np.random.default_rng(1).choice(values, (100_000, 8))
    away = (drawn.mean(axis=1) - values.mean()) / (drawn.std(axis=1, ddof=1) + 1e-9)
    expected = values.mean() - np.quantile(away, 0.025) * values.std(ddof=1)
    assert np.mean([mean_of(values, seed).high for seed in range(30)]) == pytest.approx(expected, rel=0.02)


@pytest.mark.parametrize(("n", "least"), [(8, 0.88), (17, 0.90), (50, 0.92)])
def test_means_of_skewed_values_are_held_far_above_students_83_86_and_91_percent(
    n: int, least: float
) -> None:
    def draw(rng: np.random.Generator) -> Interval | None:
        return mean_interval(rng.lognormal(0, 1, n), rng)

    assert coverage(draw, exp(0.5)) >= least


def test_means_of_heavy_tails_on_both_sides_are_held() -> None:
    def draw(rng: np.random.Generator) -> Interval | None:
        return mean_interval(rng.lognormal(0, 1, 17) - rng.lognormal(0, 1, 17), rng)

    assert coverage(draw, 0.0) >= 0.94


def test_ratios_of_paired_means_are_held() -> None:
    def draw(rng: np.random.Generator) -> Interval | None:
        theirs = rng.lognormal(0, 1, 17)
        return ratio_interval(0.8 * theirs**0.5, theirs, rng)

    # Percentiles of pairs drawn again hold about 82 %.
    assert coverage(draw, 0.8 * exp(0.125) / exp(0.5)) >= 0.88


@pytest.mark.parametrize("n", range(FEWEST))
def test_few_values_have_no_interval(n: int) -> None:
    values, rng = np.arange(1.0, n + 1), np.random.default_rng(0)
    assert median_interval(values) is mean_interval(values, rng) is None
    if n:
        assert ratio_interval(values, values[::-1], rng) is None


def test_eight_values_have_one() -> None:
    values = np.arange(1.0, FEWEST + 1)
    assert median_interval(values) == Interval(1.0, 8.0)
    assert mean_of(values).low < 4.5 < mean_of(values).high
    assert ratio_of(values, values[::-1]).low < 1 < ratio_of(values, values[::-1]).high


@pytest.mark.parametrize("value", [0.0, 0.1, -3.7, 250.0])
def test_equal_values_give_that_value_and_no_warning(value: float) -> None:
    values = np.full(11, value)
    with np.errstate(all="raise"):
        assert median_interval(values) == mean_of(values) == Interval(value, value)
        if value > 0:
            assert ratio_of(2 * values, values) == Interval(2.0, 2.0)


def test_one_outlier_stretches_student_three_times_and_nothing_is_below_0() -> None:
    values = np.array([2.0] * 7 + [250.0])
    with np.errstate(all="raise"):
        found = mean_of(values)
    assert found.low == 0.0
    assert found.high == pytest.approx(33 + 3 * 2.3646 * 31, rel=1e-4)
    assert mean_of(values - 3).low < 0


@given(ROWS, st.randoms())
def test_the_order_of_values_does_not_matter(values: Values, random: "np.random.RandomState") -> None:
    shuffled = values.copy()
    random.shuffle(shuffled)
    assert mean_of(shuffled) == mean_of(values)
    assert median_interval(shuffled) == median_interval(values)


@given(ROWS, st.sampled_from([0.125, 0.5, 2.0, 64.0]))
def test_intervals_scale_with_the_values(values: Values, scale: float) -> None:
    for found, scaled in (
        (mean_of(values), mean_of(scale * values)),
        (median_interval(values), median_interval(scale * values)),
    ):
        assert found and scaled
        assert scaled.to_list() == [scale * found.low, scale * found.high]


@given(ROWS, st.integers(-100, -63))
def test_intervals_move_with_the_values(values: Values, by: int) -> None:
    below = values - 63  # all below 0, where no end is held at 0
    assert mean_of(below + by).to_list() == pytest.approx([end + by for end in mean_of(below).to_list()])


@given(ROWS)
def test_intervals_hold_mean_and_median(values: Values) -> None:
    mean, median = mean_of(values), median_interval(values)
    assert median and median.low <= np.median(values) <= median.high
    assert mean.low - 1e-9 <= values.mean() <= mean.high + 1e-9


@given(ROWS.map(lambda row: np.abs(row) + 0.25), st.sampled_from([0.25, 2.0]))
def test_a_ratio_lies_in_its_interval_and_scales(values: Values, scale: float) -> None:
    theirs = np.roll(values, 1)[::-1] + 1
    found, scaled = ratio_of(values, theirs), ratio_of(scale * values, theirs)
    assert 0 < found.low <= values.mean() / theirs.mean() * (1 + 1e-9)
    assert values.mean() / theirs.mean() <= found.high * (1 + 1e-9)
    assert scaled.to_list() == pytest.approx([scale * found.low, scale * found.high])
