"""Values of cells that soundings give, and whether their answers add up."""

from collections.abc import Callable

import numpy as np
import pytest

from brittle.explainers.masks import Floats
from brittle.explainers.regression import fit, log_odds
from brittle.explainers.survey.soundings import KEEP, SCATTER, SOUNDINGS, TAKE, Soundings

COUNTS = (5, 5)
WEIGHTS = np.zeros(25)
WEIGHTS[[7, 8, 12]] = 0.3


def heard(answer: Callable[[Floats], Floats], rows: int = 60) -> Soundings:
    """Random masks of each kind in turn, and answers to the share of WEIGHTS that they keep."""
    found = Soundings(COUNTS, np.empty((0, 25), np.float32), np.empty(0), np.empty(0, np.intp))
    rng = np.random.default_rng(0)
    for row in range(rows):
        shares = rng.random((1, 25)).astype(np.float32).astype(np.float64)
        found = found.with_more(shares, answer(shares @ WEIGHTS), row % len(SOUNDINGS))
    return found


def test_soundings_are_told_apart_by_kind() -> None:
    found = heard(lambda kept: kept)
    assert len(found) == 60 and np.bincount(found.by).tolist() == [20, 20, 20]
    keep, take, scatter = ((found.shares[found.by == i], found.p[found.by == i]) for i in range(3))
    assert np.allclose(found.kept, keep[1] @ keep[0] / keep[0].sum(axis=0))
    assert np.allclose(found.taken, -(take[1] @ (1 - take[0])) / (1 - take[0]).sum(axis=0))
    assert np.allclose(found.weights, fit(scatter[0].astype(float), scatter[1], COUNTS).mean)
    assert np.allclose(found.odds, fit(found.shares.astype(float), log_odds(found.p), COUNTS).mean)
    assert (KEEP, TAKE, SCATTER) == (0, 1, 2)


def test_without_random_masks_all_soundings_count() -> None:
    found = heard(lambda kept: kept, rows=2)
    assert np.allclose(found.weights, found.additive.mean)


@pytest.mark.parametrize("name", ["kept", "taken", "mean", "weights", "log_odds", "odds", "together"])
def test_the_cells_that_matter_have_the_greatest_values(name: str) -> None:
    values: Floats = getattr(heard(lambda kept: kept, rows=900), name)
    assert values[WEIGHTS > 0].mean() > np.quantile(values, 0.8)


def test_sums_add_up_and_products_do_not() -> None:
    assert heard(lambda kept: kept).adds_up()
    assert not heard(lambda kept: kept**4).adds_up()
    assert not heard(lambda kept: 0 * kept + 0.5).adds_up()  # nothing to foretell
    assert not heard(lambda kept: kept, rows=9).adds_up()
