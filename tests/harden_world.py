"""A tiny network to harden, its samples, and settings that take a moment."""

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from sklearn.datasets import load_digits
from sklearn.linear_model import LogisticRegression

import brittle

HOSTILE = "<script>alert(1)</script>"
QUICK: dict[str, Any] = {
    "steps": 60,
    "batch": 32,
    "samples": 10,
    "budget": 40,
    "distortions": ("gaussian_noise", "dead_pixels"),
    "audits": ("ripple",),
    "keep_clean": 100,
    "rate": 0.03,
    "epsilon": 1.0,
    "model_options": {"threads": 1},  # the network is so small that threads would wait for each other
}
NETWORK = '''
"""A network for tests, as a user would write it."""
import numpy as np
import torch


def make():
    weights = np.load("{weights}")
    net = torch.nn.Sequential(torch.nn.Flatten(), torch.nn.BatchNorm1d(64), torch.nn.Linear(64, 10))
    with torch.no_grad():
        net[2].weight.copy_(torch.from_numpy(weights["coef"]))
        net[2].bias.copy_(torch.from_numpy(weights["intercept"]))
    return net


def plain(x):
    return x.reshape(len(x), -1)[:, :10]
'''


@dataclass(frozen=True)
class World:
    """A model as ONNX and as code, labelled samples, hostile class names."""

    onnx: Path
    data: Path
    classes: Path

    def harden(self, out: Path, **settings: Any) -> brittle.Hardening:
        """Harden the ONNX file."""
        asked = {**QUICK, "model_options": {"classes": str(self.classes), "threads": 1}, **settings}
        return brittle.harden(self.onnx, self.data, out=out, **asked)


def make_world(folder: Path) -> World:
    """Digits of scikit-learn, the first 600 of them, and a linear model of the others."""
    from tasks.conftest import _write_onnx

    x, y = load_digits(return_X_y=True)
    model = LogisticRegression(max_iter=300, C=3.0).fit(x[600:] / 16, y[600:])
    codes = np.round(x[:600] * 255 / 16).astype(np.uint8).reshape(-1, 1, 8, 8)
    np.savez(folder / "digits.npz", x=codes, y=y[:600], writer=np.arange(600) // 20)
    coef = model.coef_ + 0.6 * np.random.default_rng(0).normal(size=model.coef_.shape)  # easily flipped
    weights = {"coef": coef.astype(np.float32), "intercept": model.intercept_.astype(np.float32)}
    np.savez(folder / "weights.npz", **weights)
    _write_onnx(folder / "digits.onnx", coef, model.intercept_)
    (folder / "digit_nets.py").write_text(NETWORK.format(weights=(folder / "weights.npz").as_posix()))
    (folder / "classes.txt").write_text("\n".join([HOSTILE, *"123456789"]))
    return World(folder / "digits.onnx", folder / "digits.npz", folder / "classes.txt")
