"""captum's explainers: no row, a map that lies where the module looks, one line where the two do not fit."""

import subprocess
import sys
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

from brittle.core.errors import DataError, MissingExtraError, UsageError
from brittle.core.explainer import Attribution, Scene
from brittle.core.sample import InputSpec, Sample
from brittle.explainers import open_explainer

torch: Any = pytest.importorskip("torch")
pytest.importorskip("captum", reason="the extra 'peers' is not installed")

GRAD_CAM, GRADIENTS = "captum-grad-cam", "captum-integrated-gradients"
IMAGE = InputSpec((3, 40, 48), ("channel", "height", "width"), bits=8)
SIGNAL = InputSpec((2, 96), ("channel", "time"))


def detector(axes: int = 2, channels: int = 3) -> Any:
    """Two classes; the second stands for what is bright in the first channel and not in the next."""
    kind = {1: torch.nn.Conv1d, 2: torch.nn.Conv2d}[axes]
    stem = kind(channels, 2, 3, padding=1)
    head = torch.nn.Linear(2, 2)
    with torch.no_grad():
        stem.weight.zero_()
        stem.bias.copy_(torch.tensor([-0.5, 0.0]))
        stem.weight[0, 0], stem.weight[0, 1] = 1 / 3**axes, -1 / 3**axes
        stem.weight[1, 1] = 1 / 3**axes
        head.weight.copy_(torch.tensor([[0.0, 4.0], [120.0, 0.0]]))
        head.bias.zero_()
    pool = {1: torch.nn.AvgPool1d, 2: torch.nn.AvgPool2d}[axes](4)
    mean = {1: torch.nn.AdaptiveAvgPool1d, 2: torch.nn.AdaptiveAvgPool2d}[axes](1)
    return torch.nn.Sequential(stem, torch.nn.ReLU(inplace=True), pool, mean, torch.nn.Flatten(), head)


def signal_detector() -> Any:
    return detector(1, 2)


def other() -> Any:
    return torch.nn.Sequential(torch.nn.Conv2d(3, 5, 3), torch.nn.AdaptiveAvgPool2d(1), torch.nn.Flatten())


def no_module() -> Any:
    return np.tanh


SHARED = detector()
HERE = __name__


def scene_of(spec: InputSpec = IMAGE) -> tuple[Scene, NDArray[np.bool_]]:
    """A sample with a bright place in its first channel, and the place."""
    x = np.random.default_rng(0).uniform(0.2, 0.4, spec.shape).astype(np.float32)
    place = np.zeros(spec.shape[1:], bool)
    place[tuple(slice(side // 2, side // 2 + 10) for side in place.shape)] = True
    x[0][place] = 1.0
    sample = Sample("a", spec.decode(spec.encode(x)), 1, spec)
    with torch.no_grad():
        logits = detector(x.ndim - 1, len(x))(torch.from_numpy(sample.x[None].copy()))
    clean = logits.softmax(1)[0].numpy()
    fill = np.full_like(sample.x, 0.3)
    return Scene(sample, fill, 1, clean, clean[::-1], 0, np.random.default_rng(0), (0.5,)), place


def map_of(name: str, scene: Scene, **settings: Any) -> NDArray[Any]:
    """The map of an explainer that asks for nothing."""
    try:
        next(open_explainer(name, **settings)(scene))
    except StopIteration as end:
        found: Attribution = end.value
        return found.map
    raise AssertionError("it asked for a row")


@pytest.mark.parametrize(("spec", "made"), [(IMAGE, "detector"), (SIGNAL, "signal_detector")])
@pytest.mark.parametrize("name", [GRAD_CAM, GRADIENTS])
def test_the_map_lies_where_the_module_looks(name: str, spec: InputSpec, made: str) -> None:
    scene, place = scene_of(spec)
    found = map_of(name, scene, module=f"{HERE}:{made}")
    assert found.shape == place.shape
    assert found.dtype == np.float32
    assert found.min() >= 0
    assert place[np.unravel_index(found.argmax(), found.shape)]
    assert found[place].sum() > 0.6 * found.sum()
    assert np.array_equal(found, map_of(name, scene, module=f"{HERE}:{made}"))


def test_a_layer_may_be_named() -> None:
    scene, _ = scene_of()
    pooled = map_of(GRAD_CAM, scene, module=f"{HERE}:detector", layer="2")
    assert not np.array_equal(pooled, map_of(GRAD_CAM, scene, module=f"{HERE}:detector"))
    with pytest.raises(UsageError, match="has no layer 'conv9'"):
        open_explainer(GRAD_CAM, module=f"{HERE}:detector", layer="conv9")
    with pytest.raises(DataError, match="needs a layer with channels and 2 axes"):
        map_of(GRAD_CAM, scene, module=f"{HERE}:detector", layer="5")


def test_a_module_that_is_not_the_model_is_told_apart() -> None:
    scene, _ = scene_of()
    with pytest.raises(DataError, match=r"answers \(5,\), and the model \(2,\) classes"):
        map_of(GRADIENTS, scene, module=f"{HERE}:other")
    scene.clean[:] = 0.7, 0.3
    with pytest.raises(DataError, match="must be the same model"):
        map_of(GRADIENTS, scene, module=f"{HERE}:detector")
    with pytest.raises(UsageError, match=r"to be or to return a torch\.nn\.Module"):
        open_explainer(GRADIENTS, module=f"{HERE}:no_module")


def test_the_model_itself_keeps_no_trace() -> None:
    scene, _ = scene_of()
    map_of(GRAD_CAM, scene, module=f"{HERE}:SHARED")
    assert SHARED.training
    assert not any(layer._forward_hooks for layer in SHARED.modules())
    assert all(weight.grad is None for weight in SHARED.parameters())


@pytest.mark.parametrize("name", [GRAD_CAM, GRADIENTS])
def test_without_the_extra_one_line_names_it(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "captum.attr", None)
    with pytest.raises(MissingExtraError, match=rf"{name} needs the extra 'peers'.*\.\[peers\]"):
        open_explainer(name, module=f"{HERE}:detector")


def test_torch_is_not_imported_before_an_explainer_is_opened() -> None:
    code = "import sys, brittle.explainers.peers.captum; sys.exit('torch' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0
