"""What a model computes on."""

from pathlib import Path

import numpy as np
import onnxruntime as ort
import pytest
import torch
from safetensors.numpy import load

from brittle.core.errors import UsageError
from brittle.models import ModelOptions, ecg, open_model
from brittle.models.onnx import CPU, CUDA, load_graph

GPU = torch.cuda.is_available()


class Net(torch.nn.Module):  # type: ignore[misc]
    """A convolution and a mean."""

    def __init__(self) -> None:
        super().__init__()
        torch.manual_seed(0)
        self.conv = torch.nn.Conv2d(3, 5, 3)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        """(n, 3, 8, 8) -> (n, 5)."""
        return self.conv(x).mean(dim=(2, 3))


@pytest.fixture(scope="module")
def graph() -> bytes:
    return ecg.build_graph(load(ecg.WEIGHTS.read_bytes()))


def test_a_gpu_that_onnxruntime_does_not_have_is_refused(
    graph: bytes, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(ort, "get_available_providers", lambda: [CPU])
    with pytest.raises(UsageError, match="install onnxruntime-gpu in its place, or leave --device out"):
        load_graph(graph, "ecg", threads=1, device="cuda")


def test_the_cpu_is_taken_where_it_is_asked_for(graph: bytes, monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[list[str]] = []
    session = ort.InferenceSession

    def spy(*arguments: object, providers: list[str]) -> object:
        asked.append(providers)
        return session(*arguments, providers=[CPU])

    monkeypatch.setattr(ort, "get_available_providers", lambda: [CUDA, CPU])
    monkeypatch.setattr(ort, "InferenceSession", spy)
    for device in ("cpu", None):
        load_graph(graph, "ecg", threads=1, device=device)
    assert asked == [[CPU], [CUDA, CPU]]
    with pytest.raises(UsageError, match="onnxruntime finds no GPU that it can use"):
        load_graph(graph, "ecg", threads=1, device="cuda")


@pytest.mark.skipif(GPU, reason="there is a GPU")
def test_a_gpu_that_torch_does_not_have_is_refused() -> None:
    with pytest.raises(UsageError, match="torch finds no GPU that it can use here; leave --device out"):
        open_model(Net(), ModelOptions(device="cuda"))


def test_the_backend_says_what_it_computes_on(graph: bytes, tmp_path: Path) -> None:
    (tmp_path / "ecg.onnx").write_bytes(graph)
    assert open_model(tmp_path / "ecg.onnx", ModelOptions(device="cpu")).device == "cpu"
    assert open_model(Net(), ModelOptions(device="cpu")).device == "cpu"
    assert open_model(lambda x: x, ModelOptions()).device is None


@pytest.mark.skipif(not GPU, reason="no GPU")
def test_answers_on_a_gpu_are_those_of_the_cpu() -> None:
    x = np.random.default_rng(0).random((4, 3, 8, 8), np.float32)
    on_cpu = open_model(Net(), ModelOptions(device="cpu")).ask(x)
    backend = open_model(Net(), ModelOptions(device="cuda"))
    assert backend.device == "cuda"
    np.testing.assert_allclose(backend.ask(x), on_cpu, atol=1e-6)
