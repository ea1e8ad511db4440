"""A small real model and real data for whole audits: digits of scikit-learn, a network in ONNX."""

from pathlib import Path

import numpy as np
import pytest
from onnx import TensorProto, checker, helper, numpy_helper, save
from sklearn.datasets import load_digits
from sklearn.linear_model import LogisticRegression

from brittle.store import live
from brittle.tasks.watching import telling

MODULE = '''
"""Models for tests, as a user would write them."""
import time
import numpy as np

W = np.load("{weights}")
input_shape = (1, 8, 8)


def digits(x):
    """Rows of any batch are answered alike."""
    logits = (x.reshape(len(x), 1, -1) * W["coef"]).sum(-1) + W["intercept"]
    return logits


def slow(x):
    time.sleep(0.02)
    return digits(x)


def half(x):
    """Cannot take the inputs whose first pixel is bright."""
    out = digits(x)
    out[x[:, 0, 3, 3] > 0.9] = np.nan
    return out


def broken(x):
    raise RuntimeError("no weights")


def narrow(x):
    return digits(x)[:, :1]


digits.input_shape = slow.input_shape = half.input_shape = broken.input_shape = (1, 8, 8)
'''


@pytest.fixture(scope="session")
def digits(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with digits.onnx, digits.npz (60 samples) and victims.py."""
    folder = tmp_path_factory.mktemp("digits")
    x, y = load_digits(return_X_y=True)
    model = LogisticRegression(max_iter=300, C=3.0).fit(x[600:] / 16, y[600:])
    codes = np.round(x[:60] * 255 / 16).astype(np.uint8).reshape(-1, 1, 8, 8)
    np.savez(folder / "digits.npz", x=codes, y=y[:60])
    np.savez(folder / "weights.npz", coef=model.coef_, intercept=model.intercept_)
    (folder / "victims.py").write_text(MODULE.format(weights=(folder / "weights.npz").as_posix()))
    _write_onnx(folder / "digits.onnx", model.coef_, model.intercept_)
    return folder


@pytest.fixture
def eager(monkeypatch: pytest.MonkeyPatch) -> None:
    """Look and tell all the time, as these runs are short."""
    monkeypatch.setattr(live, "LOOKS_EVERY", 0.0)
    monkeypatch.setattr(telling, "APART", 0.0)
    monkeypatch.setattr(telling, "SHARE", float("inf"))


def _write_onnx(path: Path, coef: np.ndarray, intercept: np.ndarray) -> None:
    nodes = [
        helper.make_node("Flatten", ["x"], ["flat"]),
        helper.make_node("Gemm", ["flat", "w", "b"], ["logits"], transB=1),
    ]
    weights = {"w": coef.astype(np.float32), "b": intercept.astype(np.float32)}
    graph = helper.make_graph(
        nodes,
        "digits",
        [helper.make_tensor_value_info("x", TensorProto.FLOAT, ["n", 1, 8, 8])],
        [helper.make_tensor_value_info("logits", TensorProto.FLOAT, ["n", 10])],
        [numpy_helper.from_array(value, name) for name, value in weights.items()],
    )
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=8)
    checker.check_model(model)
    save(model, str(path))


@pytest.fixture
def victim(digits: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> tuple[Path, Path]:
    """A model and data; the working folder is empty."""
    monkeypatch.chdir(tmp_path)
    return digits / "digits.onnx", digits / "digits.npz"
