"""Made-up heartbeats for tests: traces in mV, csv tables of them, a model that knows them."""

from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from brittle.core.sample import Array, InputSpec

RATE, LENGTH = 250, 200
SPEC = InputSpec((1, LENGTH), ("channel", "time"), (-8.192, 8.19175), 16, RATE, "mV", ("II",))
NAMES = ("N", "V")


def beat(label: int, seed: int, samples: int = LENGTH, rate: float = RATE) -> NDArray[np.float64]:
    """One lead, R peaks every 0.8 s from 0.4 s on: narrow for label 0, wide and inverted for 1."""
    rng = np.random.default_rng([seed, label])
    time = np.arange(samples) / rate
    width, height = ((0.012, 1.0), (0.05, -1.2))[label]
    around = (time % 0.8) - 0.4
    wave = height * np.exp(-0.5 * (around / width) ** 2) + 0.25 * np.exp(-0.5 * ((around - 0.25) / 0.04) ** 2)
    return np.asarray(wave * rng.uniform(0.8, 1.2) + 0.01 * rng.standard_normal(samples))


def knows_beats(x: Array) -> Array:
    """A model: probabilities of N and V by the likeness with an average beat of each."""
    kinds = np.stack([beat(label, 0)[: x.shape[-1]] for label in (0, 1)])
    logits = x[:, 0].astype(np.float64) @ (kinds / np.linalg.norm(kinds, axis=1, keepdims=True)).T
    powers = np.exp(logits - logits.max(axis=1, keepdims=True))
    return np.asarray(powers / powers.sum(axis=1, keepdims=True), np.float32)


def write_table(path: Path, lead: NDArray[np.float64], rate: float | None = RATE, name: str = "II") -> None:
    """A csv of one lead, with a column of times unless rate is None."""
    rows = [f"time,{name}" if rate else name]
    for k, value in enumerate(lead):
        rows.append(f"{k / rate:.6f},{value:.6f}" if rate else f"{value:.6f}")
    path.write_text("\n".join(rows) + "\n", encoding="utf-8")
