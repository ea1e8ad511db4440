"""The user's own functions as models."""

from collections.abc import Iterator
from itertools import count
from pathlib import Path

import numpy as np
import pytest

from brittle.core.errors import ModelError, UsageError
from brittle.models import ModelOptions, open_model

X = np.random.default_rng(2).random((3, 3, 2, 2), dtype=np.float32)
NAMES = (f"brittle_user_model_{i}" for i in count())


@pytest.fixture
def module(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """A new file that can be imported by its stem."""
    monkeypatch.syspath_prepend(str(tmp_path))
    yield tmp_path / f"{next(NAMES)}.py"


def test_a_function_on_a_batch(module: Path) -> None:
    module.write_text("def predict(x):\n    return x.mean(axis=(2, 3)).tolist()\n")
    backend = open_model(f"{module.stem}:predict")
    np.testing.assert_allclose(backend.ask(X), X.mean(axis=(2, 3)), rtol=1e-6)
    assert len(backend.sha256) == 64
    assert (backend.shape, backend.classes, backend.outputs, backend.local) == (None, None, None, True)


def test_a_function_without_parameters_makes_the_model(module: Path) -> None:
    module.write_text(
        "def load():\n    return lambda x: x.mean(axis=(2, 3))\n"
        "load.classes = ['r', 'g', 'b']\nload.input_shape = (3, 2, 2)\nload.bounds = (0, 1)\n"
    )
    backend = open_model(f"{module.stem}:load")
    assert (backend.classes, backend.outputs, backend.shape, backend.bounds) == (
        ("r", "g", "b"),
        3,
        (3, 2, 2),
        (0.0, 1.0),
    )
    assert backend.ask(X).shape == (3, 3)


def test_declared_output_is_in_force_unless_stated(module: Path) -> None:
    module.write_text("def predict(x):\n    return x\npredict.output = 'logits'\n")
    path = f"{module.stem}:predict"
    assert open_model(path).settings.output == "logits"
    assert open_model(path, ModelOptions(output="probabilities")).settings.output == "probabilities"


def test_a_model_that_declares_channels_last_gets_them() -> None:
    class Means:
        input_shape = (2, 2, 3)

        def __call__(self, x: np.ndarray) -> np.ndarray:
            return np.asarray(x.mean(axis=(1, 2)))

    backend = open_model(Means())
    assert backend.shape == (3, 2, 2)
    np.testing.assert_allclose(backend.ask(X), X.mean(axis=(2, 3)), rtol=1e-6)


def test_a_function_that_works_in_place_leaves_the_caller_alone() -> None:
    def model(x: np.ndarray) -> np.ndarray:
        x -= 0.5
        return np.asarray(x.mean(axis=(2, 3)))

    before = X.copy()
    open_model(model).ask(X)
    np.testing.assert_array_equal(X, before)


def test_torch_answers_are_taken() -> None:
    torch = pytest.importorskip("torch")
    backend = open_model(lambda x: torch.ones(len(x), 2, requires_grad=True))
    np.testing.assert_array_equal(backend.ask(X), np.ones((3, 2)))


def test_what_the_function_raises_is_passed_on() -> None:
    def model(x: np.ndarray) -> np.ndarray:
        raise ZeroDivisionError("mine")

    with pytest.raises(ZeroDivisionError, match="mine"):
        open_model(model).ask(X)


@pytest.mark.parametrize("answer", [[[1.0], [1.0, 2.0]], "cat", {"a": 1}])
def test_answers_that_are_no_numbers(answer: object) -> None:
    with pytest.raises(ModelError, match=r"to answer numbers of shape \(n, classes\)"):
        open_model(lambda x: answer).ask(X)


@pytest.mark.parametrize(
    ("code", "name", "error", "says"),
    [
        ("def predict(x): pass\n", "predikt", UsageError, "did you mean 'predict'"),
        ("1 / 0\n", "predict", UsageError, "ZeroDivisionError"),
        ("def load():\n    raise OSError('no weights')\n", "load", ModelError, "OSError: no weights"),
        ("def load():\n    return 3\n", "load", ModelError, "callable, got int"),
        ("def f(x): pass\nf.bounds = 3\n", "f", ModelError, "bounds as two numbers"),
    ],
)
def test_code_that_gives_no_model(
    module: Path, code: str, name: str, error: type[Exception], says: str
) -> None:
    module.write_text(code)
    with pytest.raises(error, match=says):
        open_model(f"{module.stem}:{name}")


def test_a_module_that_is_not_there() -> None:
    with pytest.raises(UsageError, match="no module named 'nowhere_at_all'"):
        open_model("nowhere_at_all:predict")
