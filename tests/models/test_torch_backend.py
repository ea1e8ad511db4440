"""torch modules: exported where that works, used as they are where not."""

import re
from typing import Any

import numpy as np
import pytest

from brittle.core.errors import ModelError
from brittle.core.sample import InputSpec
from brittle.models import open_model
from brittle.models.classifier import ModelClassifier
from brittle.models.function import open_function
from brittle.models.options import DEFAULTS
from brittle.models.torch_module import open_torch

torch = pytest.importorskip("torch")
pytest.importorskip("onnxscript")

SPEC = InputSpec((3, 8, 8), ("channel", "height", "width"))
X = np.random.default_rng(3).random((5, 3, 8, 8), dtype=np.float32)


def small_net() -> Any:
    torch.manual_seed(0)
    parts = (torch.nn.Conv2d(3, 4, 3), torch.nn.BatchNorm2d(4), torch.nn.Flatten(), torch.nn.Linear(144, 3))
    return torch.nn.Sequential(*parts, torch.nn.Dropout(0.5))


class Choosy(torch.nn.Module):  # type: ignore[misc, name-defined]
    """Its path depends on the values, which no export can follow."""

    def forward(self, x: Any) -> Any:
        means = x.mean(dim=(2, 3))
        return means if float(x.sum()) > 0 else -means


def said_by_brittle(caplog: pytest.LogCaptureFixture) -> list[str]:
    return [record.getMessage() for record in caplog.records if record.name == "brittle"]


def test_a_module_is_exported_quietly_and_answers_the_same(capfd: pytest.CaptureFixture[str]) -> None:
    net = small_net()
    backend = open_model(net)
    capfd.readouterr()
    classifier = ModelClassifier(backend, SPEC, ("a", "b", "c"))
    assert capfd.readouterr() == ("", "")
    assert (classifier.backend.outputs, classifier.backend.fit) == (3, None)
    assert classifier.backend.ask is not backend.ask
    with torch.inference_mode():
        expected = torch.softmax(net(torch.from_numpy(X)), 1).numpy()
    np.testing.assert_allclose(classifier(X), expected, rtol=1e-4)


def test_a_module_that_cannot_be_exported_is_used_as_it_is_and_that_is_said(
    caplog: pytest.LogCaptureFixture, capfd: pytest.CaptureFixture[str]
) -> None:
    classifier = ModelClassifier(open_model(Choosy()), SPEC, ("a", "b", "c"))
    (said,) = said_by_brittle(caplog)
    assert re.fullmatch(r"torch runs \S+:Choosy itself, as it cannot be exported to ONNX: Could not .+", said)
    assert said.isprintable() and capfd.readouterr() == ("", "")
    np.testing.assert_allclose(classifier.backend.ask(X), X.mean(axis=(2, 3)), rtol=1e-5)


class TwoHeads(torch.nn.Module):  # type: ignore[misc, name-defined]
    """Answers, and features of the same shape."""

    def forward(self, x: Any) -> Any:
        means = x.mean(dim=(2, 3))
        return means, 2 * means


def test_of_a_module_that_returns_several_the_first_is_exported(caplog: pytest.LogCaptureFixture) -> None:
    backend = open_model(TwoHeads())
    classifier = ModelClassifier(backend, SPEC, ("a", "b", "c"))
    assert (classifier.backend.outputs, said_by_brittle(caplog)) == (3, [])
    for ask in (backend.ask, classifier.backend.ask):
        np.testing.assert_allclose(ask(X), X.mean(axis=(2, 3)), rtol=1e-5)


def test_the_hash_is_of_the_weights() -> None:
    net = small_net()
    before = open_model(net).sha256
    assert before == open_model(small_net()).sha256
    with torch.no_grad():
        net[0].bias += 1
    assert open_model(net).sha256 != before


def test_a_module_is_asked_in_eval_mode_and_its_input_kept() -> None:
    backend, before = open_model(small_net()), X.copy()
    np.testing.assert_array_equal(backend.ask(X), backend.ask(X))
    np.testing.assert_array_equal(X, before)


def test_half_precision_is_used_as_it_is() -> None:
    backend = open_model(torch.nn.Sequential(torch.nn.Flatten(), torch.nn.Linear(192, 3)).to(torch.bfloat16))
    assert backend.fit is None
    assert backend.ask(X).shape == (5, 3)


def test_the_function_backend_sends_modules_on() -> None:
    assert open_function("torch.nn:Flatten", DEFAULTS).fit is not None


def test_the_torch_backend_wants_a_module() -> None:
    with pytest.raises(ModelError, match=r"torch\.nn\.Module, got "):
        open_torch("numpy:mean", DEFAULTS)
