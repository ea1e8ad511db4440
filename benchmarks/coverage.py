"""How often 95 % intervals hold the truth, on values whose mean and median are known: Markdown.

    python benchmarks/coverage.py --trials 5000 --seed 0

Every trial draws n values and asks each method for an interval. “Percentiles” is the bootstrap that reports
had before; BCa is SciPy's; both, bootstrap-t and ours draw 2,000 resamples. A method that gives no interval,
as BCa of equal values, has missed.
"""

import argparse
import warnings
from collections import defaultdict
from collections.abc import Callable, Iterator
from importlib.metadata import version
from platform import python_version

import numpy as np
from numpy.typing import NDArray
from scipy import stats

from brittle.report.intervals import (
    RESAMPLES,
    TAIL,
    Interval,
    Values,
    mean_interval,
    median_interval,
    newcombe,
    ratio_interval,
)
from paired import median_ratio

SIZES = (8, 17, 50)
MANY = 4_000_000  # values that stand for a whole population
Draw = Callable[[np.random.Generator, int], Values]
Method = Callable[[Values, np.random.Generator], Interval | None]


def lognormal(rng: np.random.Generator, n: int) -> Values:
    """Of sigma 1."""
    return rng.lognormal(0, 1, n)


def exponential(rng: np.random.Generator, n: int) -> Values:
    """Of mean 1."""
    return rng.exponential(1, n)


def queries(rng: np.random.Generator, n: int) -> Values:
    """Query counts: two in five flip at query 2, the others geometrically, within a budget of 250."""
    later = np.minimum(2 + rng.geometric(1 / 60, n), 250)
    return np.asarray(np.where(rng.random(n) < 0.4, 2.0, later))


def two_points(rng: np.random.Generator, n: int) -> Values:
    """10, or 100 with probability 1/4."""
    return np.asarray(np.where(rng.random(n) < 0.25, 100.0, 10.0))


def differences(rng: np.random.Generator, n: int) -> Values:
    """Paired differences of two lognormals that share half their variance."""
    ours, theirs = pairs(rng, n)
    return np.asarray(ours - theirs)


def pairs(rng: np.random.Generator, n: int) -> Values:
    """Two lognormals that share half their variance, ours 0.8 times theirs."""
    shared, *own = rng.normal(0, 0.5**0.5, (3, n))
    return np.asarray(np.exp(shared + np.stack(own)) * [[0.8], [1.0]])


def query_pairs(rng: np.random.Generator, n: int) -> Values:
    """Query counts of two searches that find the same samples hard, half the time."""
    ours, theirs = queries(rng, n), queries(rng, n)
    return np.stack([ours, np.where(rng.random(n) < 0.5, ours, theirs)])


def percentiles(statistic: Callable[..., Values]) -> Method:
    """Percentile bootstrap of a statistic that takes `axis`."""

    def interval(values: Values, rng: np.random.Generator) -> Interval:
        found = statistic(values[..., _resamples(values.shape[-1], rng)], axis=-1)
        return Interval(*np.quantile(found, [TAIL, 1 - TAIL]))

    return interval


def student(values: Values, rng: np.random.Generator) -> Interval:
    """Student's t."""
    half = stats.t.ppf(1 - TAIL, len(values) - 1) * stats.sem(values)
    return Interval(values.mean() - half, values.mean() + half)


def bca(values: Values, rng: np.random.Generator) -> Interval:
    """SciPy's bias-corrected and accelerated bootstrap of the mean."""
    return Interval(*stats.bootstrap((values,), np.mean, n_resamples=RESAMPLES, rng=rng).confidence_interval)


def bootstrap_t(values: Values, rng: np.random.Generator) -> Interval:
    """Bootstrap-t alone, without resamples of one value."""
    drawn = values[_resamples(len(values), rng)]
    drawn = drawn[np.ptp(drawn, axis=1) > 0]
    t = (drawn.mean(axis=1) - values.mean()) / drawn.std(axis=1, ddof=1)
    low, high = np.quantile(t, [TAIL, 1 - TAIL]) if len(t) else (0, 0)
    return Interval(values.mean() - high * values.std(ddof=1), values.mean() - low * values.std(ddof=1))


def ratio_of_means(values: Values, axis: int) -> Values:
    """Mean of the first row over that of the second."""
    ours, theirs = values.mean(axis=axis)
    return np.asarray(ours / theirs)


def _resamples(count: int, rng: np.random.Generator) -> NDArray[np.int64]:
    return rng.integers(count, size=(RESAMPLES, count))


MEDIAN: dict[str, Method] = {
    "percentiles": percentiles(np.median),
    "ours": lambda values, rng: median_interval(values),
}
MEAN: dict[str, Method] = {
    "percentiles": percentiles(np.mean),
    "Student's t": student,
    "BCa": bca,
    "bootstrap-t": bootstrap_t,
    "ours": mean_interval,
}
RATIO: dict[str, Method] = {
    "percentiles": percentiles(ratio_of_means),
    "ours": lambda values, rng: ratio_interval(values[0], values[1], rng),
}
RATIO_OF_MEDIANS: dict[str, Method] = {
    "percentiles": lambda values, rng: median_ratio(values[0], values[1], rng).interval,
}


def table(
    title: str,
    draws: list[Draw],
    truth: Callable[[Values], float],
    methods: dict[str, Method],
    trials: int,
    seed: int,
) -> Iterator[str]:
    """Lines of one table: coverage in percent and the median width, for every distribution, n and method."""
    yield f"## {title}\n"
    yield "| | n | " + " | ".join(methods) + " |\n|---|---:|" + "---:|" * len(methods)
    for draw in draws:
        value = truth(draw(np.random.default_rng([seed, MANY]), MANY))
        for n in SIZES:
            hits, widths = defaultdict[str, int](int), defaultdict[str, list[float]](list)
            for trial in range(trials):
                values = draw(np.random.default_rng([seed, n, trial]), n)
                for name, method in methods.items():
                    found = method(values, np.random.default_rng([seed, n, trial, 1]))
                    if found and np.isfinite(found.low):
                        hits[name] += found.low <= value <= found.high
                        widths[name].append(found.high - found.low)
            cells = (f"{100 * hits[name] / trials:.1f} ({np.median(widths[name]):.3g})" for name in methods)
            yield f"| {draw.__name__.replace('_', ' ')} | {n} | " + " | ".join(cells) + " |"
    yield ""


def shares(trials: int, seed: int) -> Iterator[str]:
    """Lines of the table of paired differences of shares."""
    yield "## Paired difference of shares\n"
    yield "| in both, ours, theirs, neither | n | percentiles | Newcombe |\n|---|---:|---:|---:|"
    for chances in ((0.6, 0.15, 0.05, 0.2), (0.9, 0.06, 0.02, 0.02), (0.4, 0.1, 0.1, 0.4)):
        for n in SIZES:
            counts = np.random.default_rng([seed, n]).multinomial(n, chances, trials)
            drawn = [
                np.random.default_rng([seed, t]).multinomial(n, c / n, RESAMPLES)
                for t, c in enumerate(counts)
            ]
            ends = [np.quantile((d[:, 1] - d[:, 2]) / n, [TAIL, 1 - TAIL]) for d in drawn]
            value = chances[1] - chances[2]
            old = np.mean([low <= value <= high for low, high in ends])
            new = np.mean(
                [bool(i and i.low <= value <= i.high) for i in (newcombe(*c) for c in counts.tolist())]
            )
            yield f"| {', '.join(map(str, chances))} | {n} | {100 * old:.1f} | {100 * new:.1f} |"


def main() -> None:
    """Print the tables."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("--trials", type=int, default=5000)
    parser.add_argument("--seed", type=int, default=0)
    asked = parser.parse_args()
    warnings.simplefilter("ignore", stats.DegenerateDataWarning)
    warnings.filterwarnings("ignore", "invalid value", RuntimeWarning, "scipy")
    known = ", ".join(f"{name} {version(name)}" for name in ("brittle", "numpy", "scipy"))
    print(f"    python benchmarks/coverage.py --trials {asked.trials} --seed {asked.seed}\n")
    print(f"Measured with python {python_version()}, {known}. {asked.trials:,} trials a line.\n")
    single: list[Draw] = [lognormal, exponential, queries, two_points]
    both: list[Draw] = [pairs, query_pairs]

    def ratio(of: Callable[..., Values]) -> Callable[[Values], float]:
        return lambda values: float(np.divide(*of(values, axis=1)))

    for title, draws, truth, methods in (
        ("Medians", single, np.median, MEDIAN),
        ("Means", [*single, differences], np.mean, MEAN),
        ("Ratios of paired means", both, ratio(np.mean), RATIO),
        ("Ratios of paired medians", both[:1], ratio(np.median), RATIO_OF_MEDIANS),
    ):
        for line in table(title, draws, truth, methods, asked.trials, asked.seed):
            print(line, flush=True)
    print("\n".join(shares(asked.trials, asked.seed)))


if __name__ == "__main__":
    main()
