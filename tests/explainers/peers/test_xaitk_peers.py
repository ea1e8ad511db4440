"""xaitk-saliency through our machinery: it finds what is planted, in its rows, the same for the same seed."""

import sys
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

from brittle.core.errors import MissingExtraError
from brittle.core.explain_run import attribute
from brittle.core.explainer import Attribution, Scene
from brittle.core.sample import Array, InputSpec, Sample
from brittle.core.veil import Veil
from brittle.explainers import open_explainer

SPEC = InputSpec((3, 40, 48), ("channel", "height", "width"), bits=8)
PLACE = (slice(8, 18), slice(26, 38))  # rows and columns of what is planted
SETTINGS: dict[str, dict[str, Any]] = {
    "xaitk-rise": {"cells": 5},
    "xaitk-sliding-window": {"width": 0.25},
}


@dataclass
class Planted:
    """A model of two classes that sees how much of the place is kept. rows: how many it was shown."""

    x: Array
    rows: int = 0

    def __call__(self, shown: Array) -> Array:
        self.rows += len(shown)
        whole = np.abs(self.x[:, *PLACE]).sum()
        kept = 1 - np.abs(shown[:, :, *PLACE] - self.x[:, *PLACE]).sum(axis=(1, 2, 3)) / whole
        p = 1 / (1 + np.exp(-12 * (kept - 0.5)))
        return np.stack([1 - p, p], axis=1).astype(np.float32)


def played(name: str, rows: int, seed: int = 0, spec: InputSpec = SPEC) -> tuple[Attribution, int]:
    """The map of one explainer, and how many rows the model was shown for it."""
    codes = np.random.default_rng(1).integers(60, 256, spec.shape)
    sample = Sample("a", spec.decode(codes.astype(np.uint8)), 1, spec)
    veil, model = Veil(sample, np.zeros_like(sample.x)), Planted(sample.x)
    clean, filled = np.array([[0, 1], [1, 0]], np.float32)
    scene = Scene(sample, veil.fill, 1, clean, filled, rows, np.random.default_rng(seed), (0.1, 0.5))
    run = attribute(open_explainer(name, **SETTINGS[name]), scene, veil, {"queries": 0})
    try:
        request = next(run)
        while True:
            shown = np.empty((len(request.moves), *spec.shape), np.float32)
            for mask, row in zip(request.moves, shown, strict=True):
                veil.render(mask, row)
            request = run.send(model(shown))
    except StopIteration as end:
        found: Attribution = end.value
        return found, model.rows


def share_inside(found: NDArray[Any]) -> float:
    """How much of the place is among as many elements of the map, the greatest ones."""
    inside = np.zeros(found.shape, bool)
    inside[PLACE] = True
    return float(inside.ravel()[np.argsort(-found, axis=None)[: inside.sum()]].mean())


@pytest.fixture(autouse=True)
def _installed() -> None:
    pytest.importorskip("xaitk_saliency", reason="the extra 'peers' is not installed")


@pytest.mark.parametrize("name", SETTINGS)
def test_it_points_at_what_is_planted(name: str) -> None:
    found, rows = played(name, 200)
    assert rows <= 200
    assert found.map.shape == (40, 48)
    row, column = np.unravel_index(found.map.argmax(), found.map.shape)
    assert 8 <= row < 18
    assert 26 <= column < 38
    assert share_inside(found.map) > 0.5


@pytest.mark.parametrize("rows", [1, 7, 33])
def test_rise_uses_all_rows_and_a_window_no_more(rows: int) -> None:
    assert played("xaitk-rise", rows)[1] == rows
    assert rows // 3 < played("xaitk-sliding-window", rows)[1] <= rows


def test_only_the_seed_decides() -> None:
    one, same, other = (played("xaitk-rise", 20, seed)[0].map for seed in (4, 4, 5))
    assert np.array_equal(one, same)
    assert not np.array_equal(one, other)


def test_a_signal_gets_one_line() -> None:
    signal = replace(SPEC, shape=(3, 90), axes=("channel", "time"))
    with pytest.raises(Exception, match="xaitk-rise needs inputs of channel, height, width; this input has"):
        played("xaitk-rise", 20, spec=signal)


@pytest.mark.parametrize("name", SETTINGS)
def test_without_the_extra_one_line_names_it(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    for part in ("rise_scoring", "occlusion_scoring"):
        module = f"xaitk_saliency.impls.gen_classifier_conf_sal.{part}"
        monkeypatch.setitem(sys.modules, module, None)
    with pytest.raises(MissingExtraError, match=rf"{name} needs the extra 'peers'.*\.\[peers\]"):
        open_explainer(name)
