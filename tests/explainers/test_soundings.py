"""Values of cells that soundings give, and whether their answers add up."""

from collections.abc import Callable

import numpy as np
import pytest

from brittle.explainers.masks import Counts, Floats, averaged
from brittle.explainers.regression import fit, log_odds
from brittle.explainers.survey.soundings import KEEP, SCATTER, SOUNDINGS, TAKE, Soundings

COUNTS = (5, 5)
WEIGHTS = np.zeros(25)
WEIGHTS[[7, 8, 12]] = 0.3


def heard(answer: Callable[[Floats], Floats], rows: int = 60) -> Soundings:
    """Random masks of each kind in turn, and answers to the share of WEIGHTS that they keep."""
    found = Soundings({COUNTS: np.empty((0, 25), np.float32)}, np.empty(0), np.empty(0, np.intp))
    rng = np.random.default_rng(0)
    for row in range(rows):
        masks = rng.integers(0, 256, (1, *COUNTS), np.uint8)
        shares = averaged(masks, COUNTS).astype(np.float32).astype(np.float64)
        found = found.with_more(masks, answer(shares @ WEIGHTS), row % len(SOUNDINGS))
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


@pytest.mark.parametrize(("along", "counts"), [(0, (8, 1)), (1, (1, 6))])
def test_values_are_of_the_grid_on_which_the_answers_are_likeliest(along: int, counts: Counts) -> None:
    grids = ((4, 3), (8, 1), (1, 6))
    start = Soundings(
        {c: np.empty((0, c[0] * c[1]), np.float32) for c in grids}, np.empty(0), np.empty(0, np.intp)
    )
    masks = np.random.default_rng(0).integers(0, 256, (40, 8, 6), np.uint8)
    shown = masks.take(2, axis=1 + along).mean(axis=1) / 255
    found = start.with_more(masks, shown, SCATTER)
    assert found.counts == counts and found.shares.shape == (40, max(counts))
    assert found.kept.shape == found.odds.shape == found.together.shape == (max(counts),)
    assert found.odds.argmax() == found.together.argmax() == 2
