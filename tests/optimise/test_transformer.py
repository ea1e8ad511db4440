"""The transformer deep kernel in NumPy: of a set, empty or not; as in torch; as in a file."""

from pathlib import Path
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

from brittle.core.errors import UsageError
from brittle.optimise.gp import posterior
from brittle.optimise.history import History, no_history
from brittle.optimise.learned import open_prior, stored_network
from brittle.optimise.prior import Given
from brittle.optimise.transformer import Shape, TransformerPrior, Usual
from brittle.store.learned import write_learned
from brittle.store.priors import FORMAT, write_prior

STANDARD = Usual()
SHAPES = [Shape(3, 16, 2, 4, 5), Shape(3, 16, 0, 4, 5)]


def prior_of(shape: Shape = SHAPES[0], usual: Usual = STANDARD) -> TransformerPrior:
    rng = np.random.default_rng(0)
    weights = {name: rng.normal(size=sides) / 2 for name, sides in shape.weights().items()}
    return TransformerPrior(shape, weights, usual)


def points(count: int, seed: int = 1) -> NDArray[np.float64]:
    return np.random.default_rng(seed).random((count, 3))


def history_of(count: int) -> History:
    return History(points(count, 2), np.random.default_rng(3).normal(size=count))


def said(given: Given, x: NDArray[np.float64]) -> list[NDArray[np.float64]]:
    return [given.mean(x), given.covariance(x, x), given.covariance(x[:3], x), given.variance(x)]


@pytest.mark.parametrize("shape", SHAPES, ids=["transformer", "mlp"])
@pytest.mark.parametrize("count", [0, 1, 9])
def test_it_is_the_network_that_learned_in_torch(shape: Shape, count: int) -> None:
    torch: Any = pytest.importorskip("torch")
    from brittle.learning.prior.network import covariance, queries

    prior, history, x = prior_of(shape), history_of(count), points(7)
    w = {name: torch.tensor(values) for name, values in prior.weights.items()}
    given = prior.given(history)
    tokens = torch.tensor((history.y - given.shift) / given.scale)[None]
    q = queries(w, shape, torch.tensor(history.x)[None], tokens, torch.tensor(x)[None])
    mean = (q @ w["mean"] + w["mean_bias"])[0].numpy()
    assert given.mean(x) == pytest.approx(mean, abs=1e-5)
    assert given.covariance(x, x) == pytest.approx(
        covariance(w, q, torch.tensor(x)[None])[0].numpy(), abs=1e-5
    )


def test_the_order_of_a_history_does_not_matter() -> None:
    prior, history, x = prior_of(), history_of(9), points(6)
    order = np.random.default_rng(4).permutation(9)
    mixed = History(history.x[order], history.y[order])
    for one, other in zip(said(prior.given(history), x), said(prior.given(mixed), x), strict=True):
        assert one == pytest.approx(other, abs=1e-9)
    for one, other in zip(posterior(prior, history)(x), posterior(prior, mixed)(x), strict=True):
        assert one == pytest.approx(other, abs=1e-6)


def test_points_do_not_see_each_other_but_the_history() -> None:
    prior, history, x = prior_of(), history_of(5), points(8)
    given = prior.given(history)
    assert given.mean(x)[2:4] == pytest.approx(given.mean(x[2:4]), abs=1e-9)
    assert given.covariance(x, x)[2, 5] == pytest.approx(given.covariance(x[2:3], x[5:6])[0, 0], abs=1e-9)
    moved = prior.given(History(history.x, history.y + np.array([0, 0, 3.0, 0, 0])))
    assert np.abs(moved.mean(x) - given.mean(x)).max() > 1e-3
    plain = prior_of(SHAPES[1])
    assert plain.given(history).mean(x) == pytest.approx(plain.given(no_history(3)).mean(x))


@pytest.mark.parametrize("count", [0, 1])
def test_an_empty_history_and_repeated_points_are_no_trouble(count: int) -> None:
    prior, x = prior_of(), points(4)
    history = History(np.repeat(points(1), 12 * count, axis=0), np.full(12 * count, 2.0))
    mean, deviation = posterior(prior, history)(np.concatenate([x, history.x]))
    assert np.isfinite(mean).all() and (deviation > 0).all()
    given = prior.given(history)
    assert np.linalg.eigvalsh(given.covariance(x, x)).min() > -1e-9
    assert given.covariance(x, x).diagonal() == pytest.approx(given.variance(x), abs=1e-9)
    assert given.context.shape == (16,) and np.isfinite(given.context).all()


def test_values_are_standardised_by_what_is_usual_and_then_by_the_run() -> None:
    usual = Usual(shift=5.0, scale=2.0, weight=3.0)
    assert usual.of(np.empty(0)) == (5.0, 2.0)
    y = np.random.default_rng(0).normal(-40, 7, 5000)
    shift, scale = usual.of(y)
    assert shift == pytest.approx(y.mean(), abs=0.1) and scale == pytest.approx(y.std(), rel=0.02)
    x, history = points(4), history_of(6)
    one = posterior(prior_of(usual=Usual(0, 1, 3)), history).predict(x)
    other = posterior(prior_of(usual=Usual(5, 10, 3)), History(history.x, 10 * history.y + 5)).predict(x)
    assert other[0] == pytest.approx(10 * one[0] + 5) and other[1] == pytest.approx(10 * one[1])


@pytest.mark.parametrize("shape", SHAPES, ids=["transformer", "mlp"])
def test_a_file_holds_all_of_it(shape: Shape, tmp_path: Path) -> None:
    prior, x, history = prior_of(shape, usual=Usual(1.5, 2.5, 4.0)), points(5), history_of(4)
    for name in ("a", "b"):
        write_prior(tmp_path / f"{name}.safetensors", stored_network(prior, {"family": "bowls"}), {"k": 1})
    read = open_prior(tmp_path / "a.safetensors")
    assert (tmp_path / "a.safetensors").read_bytes() == (tmp_path / "b.safetensors").read_bytes()
    assert read.features == 3 and read.of == {"family": "bowls"} and read.name.startswith("a ")
    for one, other in zip(said(read.prior.given(history), x), said(prior.given(history), x), strict=True):
        assert one == pytest.approx(other, abs=1e-5)


@pytest.mark.parametrize(
    "damage", ["cut", "text", "format", "missing", "nan", "shape", "heads", "huge", "usual", "form", "about"]
)
def test_a_damaged_file_gives_one_clear_line(damage: str, tmp_path: Path) -> None:
    file, stored = tmp_path / "p.safetensors", stored_network(prior_of(), {"family": "bowls"})
    arrays, about = dict(stored.arrays), {**stored.about}
    whole: dict[str, Any] = {"format": FORMAT, "form": "transformer", "about": about, "of": stored.of}
    if damage == "missing":
        del arrays["null"]
    elif damage == "nan":
        arrays["mean"] = np.full(16, np.nan, np.float32)
    elif damage == "shape":
        arrays["mean"] = np.zeros(15, np.float32)
    elif damage == "heads":
        about["heads"] = 3
    elif damage == "huge":
        about["blocks"] = 10**9
    elif damage == "usual":
        about["usual"] = {"shift": 0, "scale": 0, "weight": 1}
    elif damage in ("format", "form", "about"):
        whole[damage] = "other"
    write_learned(file, arrays, whole, {})
    if damage == "cut":
        file.write_bytes(file.read_bytes()[:-50])
    elif damage == "text":
        file.write_text("not a safetensors file at all")
    with pytest.raises(UsageError) as error:
        open_prior(file)
    assert "\n" not in str(error.value) and str(file) in str(error.value)
    assert "brittle train --kind prior" in str(error.value)
