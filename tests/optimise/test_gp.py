"""Posteriors are exact, kernels are covariances, the hand-made prior is fitted as BoTorch fits its own."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from brittle.optimise.empirical import EmpiricalPrior
from brittle.optimise.gp import posterior, root_of
from brittle.optimise.hand import HandGiven, HandPrior
from brittle.optimise.history import History, no_history
from brittle.optimise.kernels import KERNELS, squared_distances
from brittle.optimise.prior import Prior


def history(n: int, d: int = 3, seed: int = 0) -> History:
    rng = np.random.default_rng(seed)
    x = rng.random((n, d))
    return History(x, 5 + 3 * np.sin(4 * x[:, 0]) + x[:, 1] ** 2 + 0.01 * rng.normal(size=n))


def priors(d: int = 3) -> dict[str, Prior]:
    rng = np.random.default_rng(1)
    anchors = rng.random((12, d))
    counted = EmpiricalPrior(anchors, rng.normal(size=12), rng.normal(size=(12, 2)), np.full(d, 0.5))
    fixed = HandPrior(range(d), "matern", np.full(d, 0.5), 0.01)
    return {"fixed": fixed, "fitted": HandPrior(range(d)), "empirical": counted}


@pytest.mark.parametrize("name", priors())
def test_the_posterior_is_the_conditional_of_the_joint_distribution(name: str) -> None:
    seen, x = history(15), np.random.default_rng(2).random((7, 3))
    model = posterior(priors()[name], seen)
    given_ = model.given
    everything = np.concatenate([seen.x, x])
    joint = given_.covariance(everything, everything)
    a, b, c = joint[:15, :15] + given_.noise * np.eye(15), joint[15:, :15], joint[15:, 15:]
    standard = (seen.y - given_.shift) / given_.scale
    mean = given_.mean(x) + b @ np.linalg.inv(a) @ (standard - given_.mean(seen.x))
    covariance = c - b @ np.linalg.inv(a) @ b.T
    assert np.allclose(model(x)[0], mean, atol=1e-6)
    assert np.allclose(model(x)[1], np.sqrt(np.diagonal(covariance)), atol=1e-6)
    assert np.allclose(model.covariance(x), covariance, atol=1e-6)
    assert np.allclose(given_.variance(x), np.diagonal(c), atol=1e-9)
    assert np.allclose(model.predict(x)[0], given_.shift + given_.scale * mean, atol=1e-6)


def test_the_posterior_is_that_of_gpytorch() -> None:
    torch, gpytorch = pytest.importorskip("torch"), pytest.importorskip("gpytorch")
    seen, x = history(20), np.random.default_rng(2).random((7, 3))
    model = posterior(priors()["fixed"], seen)

    class Exact(gpytorch.models.ExactGP):  # type: ignore[misc,name-defined]
        def __init__(self) -> None:
            noise = gpytorch.likelihoods.GaussianLikelihood()
            noise.noise = 0.01
            standard = (seen.y - seen.y.mean()) / seen.y.std(ddof=1)
            super().__init__(torch.tensor(seen.x), torch.tensor(standard), noise)
            self.mean = gpytorch.means.ConstantMean()
            self.mean.constant = float(model.given.mean(x)[0])
            self.kernel = gpytorch.kernels.MaternKernel(nu=2.5)
            self.kernel.lengthscale = 0.5

        def forward(self, at: object) -> object:
            return gpytorch.distributions.MultivariateNormal(self.mean(at), self.kernel(at))

    exact = Exact().double().eval()
    with torch.no_grad():
        expected = exact(torch.tensor(x))
    assert np.allclose(model(x)[0], expected.mean.numpy(), atol=1e-6)
    assert np.allclose(model(x)[1] ** 2, expected.variance.numpy(), atol=1e-6)


def test_the_fit_is_that_of_botorch() -> None:
    """Numbers of SingleTaskGP of BoTorch 0.18.1, fitted by fit_gpytorch_mll to the same 12 points."""
    rng = np.random.default_rng(0)
    x = rng.random((12, 3))
    y = 50 + 7 * np.sin(3 * x[:, 0]) + (x[:, 1] - 0.4) ** 2 + rng.normal(size=12)
    model = posterior(HandPrior(range(3)), History(x, y))
    assert isinstance(model.given, HandGiven)
    assert np.allclose(model.given.lengthscales, [0.140241, 1.562394, 0.690757], rtol=1e-3)
    assert model.given.noise == pytest.approx(0.006845, rel=1e-3)
    mean, deviation = model.predict(np.array([[0.5, 0.5, 0.5], [0.1, 0.9, 0.3]]))
    assert np.allclose(mean, [55.98673, 53.81867], atol=1e-3)
    assert np.allclose(deviation, [1.410669, 1.335775], atol=1e-3)


def test_parameters_of_several_features_share_a_lengthscale() -> None:
    seen = history(20, 4)
    lengths = HandPrior([0, 0, 1, 2]).given(seen).lengthscales
    assert lengths[0] == lengths[1] != lengths[2]


@settings(deadline=None, max_examples=25)
@given(
    st.integers(0, 10**6),
    st.integers(1, 25),
    st.sampled_from(sorted(priors())),
    st.sampled_from(sorted(KERNELS)),
)
def test_kernels_are_positive_semidefinite(seed: int, n: int, name: str, kernel: str) -> None:
    rng = np.random.default_rng(seed)
    x = rng.random((n, 3)) * rng.choice([1e-6, 1.0, 10.0])
    x[n // 2] = x[0]
    for covariance in (
        priors()[name].given(history(5)).covariance(x, x),
        KERNELS[kernel](squared_distances(x, x))[0],
    ):
        assert np.allclose(covariance, covariance.T, atol=1e-9)
        assert np.linalg.eigvalsh(covariance).min() > -1e-7


@pytest.mark.parametrize("name", KERNELS)
def test_derivatives_of_kernels_are_differences(name: str) -> None:
    squared = np.geomspace(1e-3, 20, 30)
    above, below = (KERNELS[name](squared * (1 + step))[0] for step in (1e-6, -1e-6))
    assert np.allclose(KERNELS[name](squared)[1], (above - below) / (2e-6 * squared), rtol=1e-4)


@pytest.mark.parametrize("name", priors())
def test_an_empty_history_one_value_equal_values_and_duplicates_do_no_harm(name: str) -> None:
    x = np.random.default_rng(3).random((4, 3))
    repeated = History(np.repeat(x[:1], 6, axis=0), np.array([1.0, 1, 1, 2, 2, 2]))
    equal = History(x, np.full(4, 7.0))
    huge = History(x, np.array([1e12, -1e12, 3, 4]))
    for seen in (no_history(3), History(x[:1], np.array([2.0])), repeated, equal, huge):
        model = posterior(priors()[name], seen)
        mean, deviation = model.predict(x)
        assert np.isfinite(mean).all() and (deviation > 0).all()
        assert model.draws(x, 3, np.random.default_rng(0)).shape == (3, 4)


def test_draws_have_the_posterior_s_mean_and_covariance() -> None:
    model, x = posterior(priors()["fixed"], history(6)), np.random.default_rng(4).random((3, 3))
    drawn = model.draws(x, 40000, np.random.default_rng(0))
    assert np.allclose(drawn.mean(axis=0), model(x)[0], atol=0.03)
    assert np.allclose(np.cov(drawn.T), model.covariance(x), atol=0.03)


def test_an_empirical_prior_is_what_was_counted_at_anchors_and_the_kernel_far_away() -> None:
    rng = np.random.default_rng(5)
    anchors, factors, expected = rng.random((8, 2)) * 4, rng.normal(size=(8, 3)), rng.normal(size=8)
    model = EmpiricalPrior(anchors, expected, factors, np.full(2, 0.5), own=0.0).given(no_history(2))
    assert np.allclose(model.mean(anchors), expected, atol=1e-3)
    assert np.allclose(model.covariance(anchors, anchors), factors @ factors.T, atol=1e-3)
    far = anchors + 100
    assert np.allclose(model.covariance(far, far), model.prior.base(far, far))
    assert np.allclose(model.mean(far), 0)


def test_a_matrix_that_is_no_covariance_is_refused() -> None:
    with pytest.raises(ValueError, match="positive semi-definite"):
        root_of(-np.eye(3))
    assert np.isfinite(root_of(np.ones((5, 5)))).all()
