"""Where gradients come from: a kept graph for onnxruntime, or torch, or one line that says why not."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from brittle.core.errors import MissingExtraError, ModelError
from brittle.models import open_model
from turned import in_torch, model_of, off

torch: Any = pytest.importorskip("torch")
onnx: Any = pytest.importorskip("onnx")

Save = Callable[..., str]
RNG = np.random.default_rng(0)
SHAPE = (3, 6, 8)


def normal(*shape: int) -> Any:
    return RNG.normal(size=shape).astype(np.float32)


@pytest.fixture(autouse=True)
def cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    return tmp_path / "cache" / "brittle" / "gradients"


@pytest.fixture
def save(tmp_path: Path) -> Save:
    def write(model: Any, name: str = "net") -> str:
        (tmp_path / f"{name}.onnx").write_bytes(model.SerializeToString())
        return str(tmp_path / f"{name}.onnx")

    return write


def net(kind: str = "Relu", shape: Any = SHAPE, channels: int = 3) -> Any:
    """A layer, a function, and a mean over each channel; channels: of the first axis."""
    nodes = [("Conv", "x w", "a", {"pads": [1, 1, 1, 1]}), (kind, "a", "b"), ("GlobalAveragePool", "b", "y")]
    w = np.random.default_rng(3).normal(size=(5, channels, 3, 3)).astype(np.float32)
    return model_of(nodes, shape, w=w)


def opened(model: Any, given: Any = SHAPE) -> Any:
    from brittle.gradients.engine import open_engine

    return open_engine(open_model(model), given)


def without(monkeypatch: pytest.MonkeyPatch, package: str) -> None:
    from importlib.util import find_spec

    def found(name: str) -> Any:
        return None if name == package else find_spec(name)

    monkeypatch.setattr("brittle.gradients.engine.find_spec", found)


def check(engine: Any, model: Any, x: Any) -> None:
    asked = normal(len(x), engine.classes)
    for found, expected in zip(engine("along", x, asked), in_torch(model, x, asked), strict=True):
        assert off(found, expected) < 1e-5


def test_a_graph_is_made_once_and_kept(save: Save, cache: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    from brittle.gradients import onnx_engine

    model = net()
    path = save(model)
    check(opened(path), model, normal(2, *SHAPE))
    kept = sorted(cache.iterdir())
    assert [file.suffix for file in kept] == [".onnx"] * 2  # of both losses that were asked
    for file in kept:
        onnx.checker.check_model(onnx.load(file))
    monkeypatch.setattr(onnx_engine, "gradient_graph", lambda *_, **__: pytest.fail("made again"))
    check(opened(path), model, normal(2, *SHAPE))
    assert sorted(cache.iterdir()) == kept


def test_another_model_or_another_size_is_kept_beside(save: Save, cache: Path) -> None:
    opened(save(net()))
    opened(save(net("Sigmoid")))
    opened(save(net("Sigmoid")), (3, 7, 8))
    opened(save(net("Sigmoid"), "copy"))
    assert len([*cache.iterdir()]) == 3


@pytest.mark.parametrize("damage", [b"", b"no graph", None])
def test_a_damaged_file_is_made_again(save: Save, cache: Path, damage: bytes | None) -> None:
    model = net()
    opened(save(model))
    (file,) = cache.iterdir()
    whole = file.read_bytes()
    file.write_bytes(whole[: len(whole) // 2] if damage is None else damage)
    check(opened(save(model)), model, normal(2, *SHAPE))
    assert file.read_bytes() == whole


def test_a_folder_that_cannot_be_written_is_done_without(save: Save, cache: Path) -> None:
    cache.parent.mkdir(parents=True)
    cache.write_text("a file where the folder should be")
    model = net()
    check(opened(save(model)), model, normal(2, *SHAPE))


def test_free_sides_and_other_sizes(save: Save) -> None:
    from brittle.gradients.onnx_engine import OnnxEngine
    from brittle.models.resize import resize

    free, x = net(shape=(3, "h", "w")), normal(2, 3, 5, 9)
    check(opened(save(free), (3, 5, 9)), free, x)
    engine, asked = opened(save(net()), (3, 5, 9)), normal(2, 5)
    assert isinstance(engine, OnnxEngine)
    assert off(engine("along", x, asked)[0], in_torch(net(), resize(x, SHAPE[1:]), asked)[0]) < 1e-5


def test_what_has_no_rule_goes_to_torch(save: Save) -> None:
    from brittle.gradients.torch_engine import TorchEngine

    model = net("Sin")
    engine = opened(save(model))
    assert isinstance(engine, TorchEngine) and engine.classes == 5
    check(engine, model, normal(2, *SHAPE))
    with pytest.raises(ModelError, match=r"takes 3 x 6 x 8 and the inputs are 3 x 5 x 9; .*no rule for Sin"):
        opened(save(model), (3, 5, 9))


def test_channels_last_in_torch(save: Save) -> None:
    nodes = [("Sin", "x", "a"), ("Mul", "a w", "y")]
    w, x = normal(6, 8, 3), normal(2, *SHAPE)
    model = model_of(nodes, (6, 8, 3), w=w)
    asked = normal(2, 6 * 8 * 3)
    answers, gradient = opened(save(model))("along", x, asked)
    expected, inner = in_torch(model, np.ascontiguousarray(np.moveaxis(x, 1, -1)), asked)
    assert off(answers, expected) < 1e-5 and off(gradient, np.moveaxis(inner, -1, 1)) < 1e-5


def test_onnxruntime_is_tried_before_it_is_used(save: Save) -> None:
    """onnx infers one window more here than onnxruntime has."""
    from brittle.gradients.torch_engine import TorchEngine

    how = {"kernel_shape": [1, 1], "strides": [7, 1], "ceil_mode": 1}
    model = model_of([("MaxPool", "x", "y", how)], SHAPE)
    engine = opened(save(model))
    assert isinstance(engine, TorchEngine)
    check(engine, model, normal(2, *SHAPE))


def lstm() -> Any:
    nodes = [
        ("Transpose", "x", "t", {"perm": [1, 0, 2]}),
        ("LSTM", "t w r", "all h", {"hidden_size": 2}),
        ("Squeeze", "h axis", "y"),
    ]
    return model_of(nodes, (5, 4), w=normal(1, 8, 4), r=normal(1, 8, 2), axis=np.array([0]))


def test_a_recurrent_file_is_refused_in_one_line(save: Save, monkeypatch: pytest.MonkeyPatch) -> None:
    path = save(lstm())
    with pytest.raises(ModelError, match=r"^cannot differentiate LSTM, .* in .*torch.nn.Module$"):
        opened(path, (5, 4))
    without(monkeypatch, "torch")
    with pytest.raises(ModelError) as caught:
        opened(path, (5, 4))
    assert str(caught.value) == (
        f"{path} gives no gradients without torch: there is no rule for the second output of LSTM; install "
        "the extra 'torch'"
    )


def test_a_built_in_model_is_a_graph_that_is_no_file(cache: Path) -> None:
    pytest.importorskip("safetensors")
    backend, x = open_model("ecg"), normal(2, 1, 140)
    assert isinstance(backend.graph, bytes)
    check(opened("ecg", (1, 140)), onnx.ModelProto.FromString(backend.graph), x)
    assert len([*cache.iterdir()]) == 2


class Recurrent(torch.nn.Module):  # type: ignore[misc]
    def __init__(self) -> None:
        super().__init__()
        self.lstm = torch.nn.LSTM(3, 4, batch_first=True)

    def forward(self, x: Any) -> Any:
        return self.lstm(x)[0][:, -1], x


def test_a_module_that_cannot_be_exported_goes_to_torch(monkeypatch: pytest.MonkeyPatch) -> None:
    from brittle.gradients import onnx_engine
    from brittle.gradients.torch_engine import TorchEngine
    from brittle.models.export import ExportError

    def refuse(*_: Any) -> Any:
        raise ExportError("no")

    monkeypatch.setattr(onnx_engine, "export_onnx", refuse)

    torch.manual_seed(0)
    module, x, asked = Recurrent(), normal(2, 5, 3), normal(2, 4)
    engine = opened(module, (5, 3))
    assert isinstance(engine, TorchEngine) and engine.classes == 4
    inputs = torch.from_numpy(x).requires_grad_()
    (module(inputs)[0] * torch.from_numpy(asked)).sum().backward()
    assert off(engine("along", x, asked)[1], inputs.grad.numpy()) < 1e-6
    assert all(weight.requires_grad for weight in module.parameters())


def test_a_module_is_exported_and_not_kept(cache: Path) -> None:
    from brittle.gradients.onnx_engine import OnnxEngine

    torch.manual_seed(0)
    module = torch.nn.Sequential(torch.nn.Conv2d(3, 4, 3), torch.nn.ReLU(), torch.nn.Flatten())
    x, engine = normal(2, 3, 4, 5), opened(module, (3, 4, 5))
    assert isinstance(engine, OnnxEngine) and not cache.exists()
    asked = normal(2, engine.classes)
    inputs = torch.from_numpy(x).requires_grad_()
    (module(inputs) * torch.from_numpy(asked)).sum().backward()
    assert off(engine("along", x, asked)[1], inputs.grad.numpy()) < 1e-5


def test_a_transformer_needs_no_torch_to_give_gradients() -> None:
    from brittle.gradients.onnx_engine import OnnxEngine

    layer = torch.nn.TransformerEncoderLayer(8, 2, 12, 0, "gelu", batch_first=True, norm_first=True)
    patches = (torch.nn.Conv2d(3, 8, 4, 4), torch.nn.Flatten(2), torch.nn.Linear(4, 8))
    module = torch.nn.Sequential(*patches, layer, torch.nn.LayerNorm(8), torch.nn.Flatten()).eval()
    x, engine, asked = normal(2, 3, 8, 8), opened(module, (3, 8, 8)), normal(2, 64)
    assert isinstance(engine, OnnxEngine)
    inputs = torch.from_numpy(x).requires_grad_()
    (module(inputs) * torch.from_numpy(asked)).sum().backward()
    assert off(engine("along", x, asked)[1], inputs.grad.numpy()) < 1e-5


def test_a_module_that_takes_other_inputs_is_refused_in_one_line() -> None:
    module = torch.nn.Sequential(torch.nn.Conv2d(4, 4, 3), torch.nn.Flatten())
    with pytest.raises(ModelError, match=r"gives no gradients for inputs of 3 x 4 x 5: .*") as caught:
        opened(module, (3, 4, 5))
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize("form", ["half", "fixed"])
def test_half_floats_and_fixed_batches_go_to_torch(
    save: Save, onnx_model: Any, monkeypatch: pytest.MonkeyPatch, form: str
) -> None:
    from brittle.gradients.torch_engine import TorchEngine

    dtype, batch = (np.float16, "n") if form == "half" else (np.float32, 3)
    w = RNG.normal(size=(12, 5)).astype(dtype)
    nodes = [("Flatten", "x", "a"), ("MatMul", "a w", "y")]
    path = save(onnx_model(nodes, [batch, 3, 4], {"y": [batch, 5]}, {"w": w}, dtype))
    engine, x, asked = opened(path, (3, 4)), normal(5, 3, 4), normal(5, 5)
    assert isinstance(engine, TorchEngine)
    answers, gradient = engine("along", x, asked)
    near = 2e-3 if form == "half" else 1e-6
    assert answers.dtype == gradient.dtype == np.float32
    assert off(answers, x.reshape(5, 12) @ w.astype(np.float32)) < near
    assert off(gradient, (asked @ w.T.astype(np.float32)).reshape(5, 3, 4)) < near
    without(monkeypatch, "torch")
    with pytest.raises(ModelError, match=r"without torch: .* batches of one size, or of other numbers"):
        opened(path, (3, 4))


def test_inputs_of_another_kind_are_refused(save: Save) -> None:
    with pytest.raises(ModelError, match=r"takes inputs of 3 axes, and the audited model of 2; give"):
        opened(save(net()), (3, 48))


def test_without_onnx_the_extra_is_named(save: Save, monkeypatch: pytest.MonkeyPatch) -> None:
    path = save(net())
    without(monkeypatch, "onnx")
    with pytest.raises(MissingExtraError, match=r"^a surrogate needs the extra 'surrogates'; install"):
        opened(path)


def test_no_torch_is_loaded_for_a_graph_with_rules(save: Save) -> None:
    import subprocess
    import sys

    code = (
        "import sys\nfrom brittle.gradients.engine import open_engine\n"
        "from brittle.models import open_model\n"
        f"open_engine(open_model({save(net())!r}), {SHAPE}); sys.exit('torch' in sys.modules)"
    )
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0
