"""The regression recovers weights that are known, and says how well it knows them."""

import numpy as np
import pytest

from brittle.explainers.regression import Floats, fit, fit_likeliest, log_odds


def answers(counts: tuple[int, ...], rows: int, noise: float = 0.0) -> tuple[Floats, Floats, Floats]:
    """Random masks, a smooth field of true weights, and what a linear model answers to the masks."""
    rng = np.random.default_rng(0)
    places = np.indices(counts).reshape(len(counts), -1).T / np.array(counts)
    weights = np.exp(-(((places - 0.4) / 0.15) ** 2).sum(axis=1))
    masks = rng.random((rows, len(weights)))
    return masks, weights, masks @ weights + noise * rng.standard_normal(rows)


@pytest.mark.parametrize("counts", [(60,), (8, 8), (4, 4, 4)])
def test_the_weights_of_a_linear_model_are_recovered(counts: tuple[int, ...]) -> None:
    masks, weights, y = answers(counts, 200)
    assert np.allclose(fit(masks, y, counts).mean, weights, atol=0.02)


def test_a_smooth_field_is_recovered_from_fewer_rows_than_cells() -> None:
    masks, weights, y = answers((60,), 40, noise=0.02)
    assert np.corrcoef(fit(masks, y, (60,)).mean, weights)[0, 1] > 0.98


def test_deviations_are_those_of_the_draws_and_cover_the_truth() -> None:
    masks, weights, y = answers((60,), 60, noise=0.05)
    posterior, rng = fit(masks, y, (60,)), np.random.default_rng(1)
    draws = np.stack([posterior.draw(rng) for _ in range(2000)])
    assert np.allclose(draws.mean(axis=0), posterior.mean, atol=0.1 * posterior.sd.max())
    assert np.allclose(draws.std(axis=0), posterior.sd, rtol=0.1)
    assert 0.5 < np.sqrt(np.mean(((posterior.mean - weights) / posterior.sd) ** 2)) < 2


def test_deviations_are_those_of_the_closed_form() -> None:
    """Against the textbook's K - K X'(X K X' + noise)^-1 X K, from either side of rows = cells."""
    for rows in (5, 40):
        masks, _, y = answers((12,), rows, noise=0.1)
        posterior = fit(masks, y, (12,), lengths=(2.5,))
        x, kernel = masks - masks.mean(axis=0), posterior.root @ posterior.root.T
        seen = x @ kernel @ x.T
        noise = _noise(posterior.mean, kernel @ x.T, seen, y - y.mean())
        gain = np.linalg.solve(seen + noise * np.eye(rows), x @ kernel)
        wanted = posterior.signal * np.sqrt(np.diag(kernel - kernel @ x.T @ gain))
        assert np.allclose(posterior.sd, wanted, rtol=1e-3)


def _noise(mean: Floats, across: Floats, seen: Floats, y: Floats) -> float:
    """The ratio of noise to signal under which the closed form has this mean."""
    ratios = np.logspace(-5, 5, 4001)
    values, vectors = np.linalg.eigh(seen)
    parts = vectors.T @ y
    means = across @ (vectors @ (parts[:, None] / (np.maximum(values, 0)[:, None] + ratios)))
    return float(ratios[np.argmin(np.abs(means - mean[:, None]).sum(axis=0))])


@pytest.mark.parametrize(("rows", "counts"), [(1, (4,)), (2, (1,)), (2, (5,)), (30, (1,)), (5, (32, 32))])
def test_few_rows_and_few_cells(rows: int, counts: tuple[int, ...]) -> None:
    masks, _, y = answers(counts, rows)
    posterior = fit(masks, y, counts)
    assert posterior.mean.shape == posterior.sd.shape == (np.prod(counts),)
    assert np.isfinite(posterior.mean).all() and np.isfinite(posterior.sd).all()


def test_constant_answers_give_no_weight_and_no_doubt() -> None:
    masks, _, _ = answers((20,), 30)
    posterior = fit(masks, np.full(30, 0.1), (20,))
    assert not posterior.mean.any() and not posterior.sd.any()
    assert not posterior.draw(np.random.default_rng(0)).any()


def test_masks_that_are_all_alike_give_no_weight() -> None:
    posterior = fit(np.ones((10, 5)), np.random.default_rng(0).random(10), (5,))
    assert not posterior.mean.any()


def test_log_odds_are_clipped() -> None:
    odds = log_odds(np.array([0.0, 0.5, 1.0]))
    assert odds == pytest.approx([-np.log(999), 0, np.log(999)])


@pytest.mark.parametrize("true", [(20, 1), (1, 12), (6, 6)])
def test_of_several_grids_that_counts_on_which_the_answers_are_likeliest(true: tuple[int, ...]) -> None:
    kept = {counts: answers(counts, 50)[0] for counts in [(6, 6), (20, 1), (1, 12)]}
    _, weights, y = answers(true, 50)
    posterior = fit_likeliest({counts: masks.astype(np.float32) for counts, masks in kept.items()}, y)
    assert posterior.counts == true and np.corrcoef(posterior.mean, weights)[0, 1] > 0.95
