"""Networks that others have trained, as torch modules and back."""

from pathlib import Path
from typing import Any

import numpy as np
import onnxruntime as ort
import pytest

from brittle.core.errors import ModelError
from graphs import answers, move, off, told, without

torch: Any = pytest.importorskip("torch")
pytest.importorskip("onnx")

MODELS = Path(__file__).parents[2].parent / "shared" / "assets" / "models"
NUMBERS = {  # that learn
    "cifar10_deep_kw": 54_902,
    "cifar10_resnet20": 269_034,
    "cifar10_resnet56": 850_986,
    "cifar10_resnet_2b_adv": 112_006,
    "cifar10_resnet_4b_adv": 123_734,
    "ecg_cinc17_af_conv1d": 141_120,
    "ecg_cinc17_af_m2": 143_170,
    "ecg_cinc17_af_model4": 163_138,
    "ecg_mitbih_beat_cnn": 381_837,
    "imagenet_mobilenet_v1_075": 2_578_121,
    "imagenet_mobilenet_v2": 3_489_097,
    "imagenet_squeezenet11": 1_235_496,
    "video_ucf_convlstm31": 122_311,
}

pytestmark = pytest.mark.skipif(not MODELS.is_dir(), reason="the assets are not here")


@pytest.mark.parametrize("name", NUMBERS)
def test_a_network_goes_in_learns_and_comes_back(name: str) -> None:
    from brittle.gradients.onnx_graph import trainable_graph

    path = MODELS / f"{name}.onnx"
    graph = trainable_graph(path)
    assert sum(weight.numel() for weight in graph.parameters()) == NUMBERS[name]
    batches = [inputs(path, n) for n in (1, 3)]
    for x in batches:
        assert off(answers(graph, x), told(path, x)) < 1e-5
    graph(torch.from_numpy(batches[1])).square().sum().backward()
    for weight in graph.parameters():
        assert weight.grad is not None and weight.grad.any()
    move(graph)
    written = graph.to_onnx()
    assert without(written, graph.names) == without(path.read_bytes(), graph.names)
    assert off(answers(graph, batches[1]), told(written, batches[1])) < 1e-5


@pytest.fixture
def cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))


@pytest.mark.usefixtures("cache")
@pytest.mark.parametrize("name", sorted({*NUMBERS} - {"imagenet_mobilenet_v2"}))
def test_onnxruntime_gives_torch_s_gradients(name: str) -> None:
    found, expected = both_gradients(MODELS / f"{name}.onnx")
    assert np.linalg.norm(found - expected) < 1e-5 * np.linalg.norm(expected)


@pytest.mark.usefixtures("cache")
def test_a_network_of_many_kinks_has_the_slope_of_its_answers() -> None:
    """MobileNetV2 is clipped at 0 and 6 so often that some value stands on an edge, and moves by rounding."""
    path = MODELS / "imagenet_mobilenet_v2.onnx"
    found, expected = both_gradients(path)
    assert np.linalg.norm(found - expected) < 0.02 * np.linalg.norm(expected)
    x, asked = inputs(path, 1), np.random.default_rng(5).normal(size=(1, 1000))
    way, step = found / np.linalg.norm(found), np.float32(1e-3)
    ends = [(told(path, x + sign * step * way) * asked).sum() for sign in (1, -1)]
    assert (ends[0] - ends[1]) / (2 * step) == pytest.approx(np.linalg.norm(found), rel=0.02)


def both_gradients(path: Path) -> tuple[Any, Any]:
    """Of a random sum of the answers to one input, by onnxruntime and by torch."""
    from brittle.gradients.onnx_engine import OnnxEngine, open_onnx_engine
    from brittle.gradients.onnx_graph import trainable_graph
    from brittle.gradients.torch_engine import TorchEngine
    from brittle.models import open_model

    x = inputs(path, 1)
    engine = open_onnx_engine(open_model(str(path)), x.shape[1:])
    assert isinstance(engine, OnnxEngine)
    asked = np.random.default_rng(5).normal(size=(1, engine.classes)).astype(np.float32)
    torch_s = TorchEngine(trainable_graph(path).logits, engine.classes)
    return engine("along", x, asked)[1], torch_s("along", x, asked)[1]


def test_a_recurrent_network_is_refused_in_one_line() -> None:
    from brittle.gradients.onnx_graph import trainable_graph

    path = MODELS / "video_ucf_lrcn50.onnx"
    with pytest.raises(ModelError) as caught:
        trainable_graph(path)
    assert str(caught.value) == (
        f"cannot differentiate LSTM in '{path}'; "
        "give the model as package.module:function that returns a torch.nn.Module"
    )


def inputs(path: Path, n: int) -> Any:
    shape = ort.InferenceSession(path).get_inputs()[0].shape
    return np.random.default_rng(n).random((n, *shape[1:]), np.float32)
