"""Gradients by torch, of torch modules and of ONNX files that torch can run."""

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import torch

from brittle.core.errors import BrittleError, ModelError
from brittle.core.sample import Array
from brittle.data import Wanted
from brittle.gradients.backward.losses import FAR
from brittle.gradients.local import frozen
from brittle.gradients.losses import ALONG, AWAY
from brittle.gradients.onnx_graph import trainable_graph
from brittle.gradients.onnx_read import first_line
from brittle.models import Backend
from brittle.models.layout import channel_axis
from brittle.models.onnx import load_graph

Logits = Callable[[Any], Any]


@dataclass(frozen=True)
class TorchEngine:
    """An Engine. logits: a batch, channel first, -> logits, with gradients."""

    logits: Logits
    classes: int

    def __call__(self, loss: str, x: Array, asked: Array) -> tuple[Array, Array]:
        """As of Engine."""
        inputs = torch.from_numpy(np.array(x, np.float32)).requires_grad_()
        logits, wanted = self.logits(inputs), torch.from_numpy(asked)
        if loss == ALONG:
            value = (logits * wanted).sum()
        elif loss == AWAY:
            value = -(logits - wanted).square().sum() / 2
        else:
            low = torch.full_like(logits, -FAR)
            own, other = (torch.where(some, logits, low).amax(1) for some in (wanted > 0, wanted < 0))
            value = (own - other).sum()
        (gradient,) = torch.autograd.grad(value, inputs)
        return logits.detach().numpy(), gradient.numpy()


def open_torch_engine(backend: Backend, given: tuple[int, ...], reason: str) -> TorchEngine:
    """The engine of a model for inputs of this shape, channel first; reason: why onnxruntime is of no use.

    Raises ModelError.
    """
    if not Wanted(backend.shape).takes(given):
        raise ModelError(
            f"{backend.name} takes {Wanted(backend.shape)} and the inputs are {Wanted(given)}; they are not "
            f"resized, as {reason}; give a surrogate that takes them"
        )
    if backend.module is not None:
        logits = _of_module(backend.module)
    elif isinstance(backend.graph, str):
        logits = _of_file(backend, backend.graph)
    else:
        raise ModelError(f"{backend.name} gives no gradients: {reason}; give another surrogate")
    try:
        answers = logits(torch.zeros(1, *given, requires_grad=True))
        torch.autograd.grad(answers.sum(), answers)
        _, classes = answers.shape
    except BrittleError:
        raise
    except Exception as error:  # the module's own code runs here
        raise ModelError(
            f"{backend.name} gives no gradients for inputs of {Wanted(given)}: {first_line(error)}; give a "
            "surrogate that takes them, and answers (n, classes)"
        ) from error
    return TorchEngine(logits, classes)


def _of_module(module: Any) -> Logits:
    """On its own device and in its own numbers; of a tuple the first, as models/torch_module.py does it."""

    def logits(x: Any) -> Any:
        first = next(module.parameters(), x)
        answers = module(x.to(first.device, first.dtype))
        return (answers[0] if isinstance(answers, tuple) else answers).float().cpu()

    return logits


def _of_file(backend: Backend, file: str) -> Logits:
    """With the channels on the file's own axis. Raises ModelError."""
    output, layout = backend.settings.output_name, backend.settings.layout
    graph = frozen(trainable_graph(Path(file), output))
    shape = load_graph(file, backend.name, threads=1, output=output).shape
    axis = channel_axis(shape, layout, backend.name)
    return lambda x: graph.logits(x.movedim(1, axis if axis < 0 else axis + 1)).float()
