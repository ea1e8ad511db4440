"""What can be learned in a model: its weights inside a torch module, and their way back into a file."""

from collections.abc import Callable, Mapping
from copy import deepcopy
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from brittle.core.errors import MissingExtraError, ModelError, UsageError
from brittle.core.sample import Array
from brittle.hardening.records import Weights
from brittle.models import ModelOptions, camera, ecg, efficientnet_lite
from brittle.models.classifier import ModelClassifier, softmax
from brittle.models.export import ANSWERS, ExportError, export_onnx
from brittle.models.layout import channel_axis
from brittle.models.onnx import load_graph
from brittle.models.torch_device import exact, torch_device

NEEDS_WEIGHTS = (
    "harden needs weights; give the model as an .onnx file, as a torch.nn.Module, or as a "
    "package.module:function that returns one"
)
SAME = 1e-3
"""By how much a probability of the module may differ from that of the model that it was made of."""
LEAST = 1e-12  # a probability, before its logarithm is taken

Logits = Callable[[Any], Any]


@dataclass(frozen=True)
class Trainable:
    """A model as a torch module in evaluation mode, whose parameters are learned.

    logits: a batch in the data's own units -> logits, with gradients. write: the ONNX file with the present
    weights. named: the present weights, by their names in the file or in the module's state.
    options: how the written file is asked.
    """

    module: Any
    logits: Logits
    write: Callable[[], bytes]
    named: Callable[[], Mapping[str, NDArray[Any]]]
    options: ModelOptions

    @property
    def weights(self) -> Weights:
        """The present parameters, copied."""
        from brittle.hardening.weights import weights_of  # noqa: PLC0415

        return weights_of(self.module)

    @property
    def is_exact(self) -> bool:
        """Whether it computes in float32 at least."""
        return _is_exact(self.module)

    def put(self, weights: Weights) -> None:
        """Take these weights."""
        from brittle.hardening.weights import load_weights  # noqa: PLC0415

        load_weights(self.module, weights)

    def probabilities(self, x: Array) -> Array:
        """What the module answers."""
        import torch  # noqa: PLC0415

        with exact(), torch.no_grad():
            return softmax(self.logits(torch.from_numpy(x)).numpy())


def refuse_without_weights(model: Any) -> None:
    """Raise an error for what has no weights to learn, as far as that is seen without opening it."""
    if find_spec("torch") is None or find_spec("onnx") is None:
        raise MissingExtraError("harden", "torch")
    if isinstance(model, str) and model.lower().startswith(("http://", "https://")):
        raise UsageError(f"{NEEDS_WEIGHTS}; got an address")


def open_trainable(model: str, asked: ModelClassifier, x: Array) -> Trainable:
    """The model behind a classifier as a torch module; the user's own module is copied.

    model: as settings have it. x: some inputs, which both must answer alike. Raises UsageError where there
    are no weights, ModelError for a graph with operators that give no gradients.
    """
    if asked.backend.module is not None:
        return _of_module(deepcopy(asked.backend.module).eval(), asked, x)
    if model in efficientnet_lite.FAMILY:
        return _of_module(efficientnet_lite.network(model), asked, x)
    source = _source(model)
    if source is None:
        raise UsageError(f"{NEEDS_WEIGHTS}; got {model}")
    return _of_graph(source, model, asked, x)


def _source(model: str) -> str | bytes | None:
    """The ONNX graph of a model that is one: its file or its bytes."""
    if model == "ecg":
        from safetensors.numpy import load  # noqa: PLC0415

        return ecg.build_graph(load(ecg.WEIGHTS.read_bytes()))
    if model == "video":
        return camera.GRAPH.read_bytes()
    return model if model.lower().endswith(".onnx") else None


def _of_graph(source: str | bytes, model: str, asked: ModelClassifier, x: Array) -> Trainable:
    from brittle.gradients.onnx_graph import TrainableGraph, trainable_graph  # noqa: PLC0415

    options = asked.backend.settings
    loaded = load_graph(source, model, threads=1, output=options.output_name)
    if isinstance(source, str):
        graph = trainable_graph(Path(source), options.output_name).eval()
    else:
        graph = TrainableGraph(source, loaded, model).eval()
    graph.to(torch_device(options.device))
    return Trainable(
        graph,
        _alike(graph, graph.logits, channel_axis(loaded.shape, options.layout), asked, x),
        graph.to_onnx,
        lambda: {name: p.detach().cpu().numpy() for name, p in graph.initializers().items()},
        options.model_copy(update={"output": asked.output}),
    )


def _of_module(module: Any, asked: ModelClassifier, x: Array) -> Trainable:
    import torch  # noqa: PLC0415

    if any(p.dtype != torch.float32 for p in module.parameters()):
        raise ModelError(f"expected {asked.backend.name} with float32 weights; convert it first")
    module.to(torch_device(asked.backend.settings.device))
    if not any(p.requires_grad for p in module.parameters()):
        module.requires_grad_(True)
    declared = getattr(asked.backend.module, "input_shape", None)
    axis = channel_axis(declared, asked.backend.settings.layout)
    shape = tuple(torch.empty(1, *asked.input.shape).movedim(1, _batched(axis)).shape[1:])

    def write() -> bytes:
        try:
            return export_onnx(deepcopy(module).cpu(), shape, ModelOptions())
        except ExportError as error:
            raise ModelError(f"{asked.backend.name} cannot be exported to ONNX: {error}") from error

    return Trainable(
        module,
        _alike(module, module, axis, asked, x),
        write,
        lambda: {name: value.detach().cpu().numpy() for name, value in module.state_dict().items()},
        asked.backend.settings.model_copy(update={"output": asked.output, "output_name": ANSWERS}),
    )


def _alike(module: Any, ask: Logits, axis: int, asked: ModelClassifier, x: Array) -> Logits:
    """The logits of a module for inputs as the data have them: its answers, or their logarithm.

    Raises ModelError if neither is what the classifier answers.
    """
    import torch  # noqa: PLC0415

    def ways(probabilities: bool) -> Logits:
        device = next(module.parameters()).device
        return _on(device, _logits(ask, axis, asked.backend.settings, x.ndim, probabilities))

    expected, off = asked(x), []
    for logits in (ways(False), ways(True)):
        with exact(), torch.no_grad():
            found = softmax(logits(torch.from_numpy(x)).numpy())
        off.append(float(np.abs(found - expected).max()))
        if off[-1] <= (SAME if _is_exact(module) else 30 * SAME):
            return logits
    raise ModelError(
        f"{asked.backend.name} answers otherwise in torch, by {min(off):.1e} of a probability; "
        "export it with logits or softmax as its output"
    )


def _on(device: Any, logits: Logits) -> Logits:
    """The same for batches that lie on the CPU, and so do answers and gradients."""

    return lambda x: logits(x.to(device)).cpu()


def _logits(ask: Logits, axis: int, options: ModelOptions, ndim: int, probabilities: bool) -> Logits:
    """As ModelClassifier asks: mean and standard deviation taken, the channel axis where it is wanted."""
    import torch  # noqa: PLC0415

    def spread(values: tuple[float, ...]) -> Any:
        return torch.tensor(values, dtype=torch.float32).reshape(-1, *[1] * (ndim - 2))

    def logits(x: Any) -> Any:
        if options.mean is not None:
            x = x - spread(options.mean).to(x.device)
        if options.std is not None:
            x = x / spread(options.std).to(x.device)
        found = ask(x.movedim(1, _batched(axis)) if axis else x)
        found = found[0] if isinstance(found, tuple) else found
        return found.clamp_min(LEAST).log() if probabilities else found

    return logits


def _batched(axis: int) -> int:
    """A channel axis, behind that of the batch."""
    return axis if axis == -1 else axis + 1


def _is_exact(module: Any) -> bool:
    import torch  # noqa: PLC0415

    return all(p.dtype != torch.float16 for p in module.parameters())
