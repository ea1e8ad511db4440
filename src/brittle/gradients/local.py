"""Local models that give gradients: what agents learn on, never what is audited."""

from collections.abc import Callable
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path
from typing import Any

from brittle.core.errors import MissingExtraError, ModelError, UsageError, did_you_mean
from brittle.core.identity import hash_file
from brittle.models import open_model
from brittle.models.efficientnet_lite import network, weights_of
from brittle.models.onnx import file_digest

LITE = ("efficientnet-lite1", "efficientnet-lite2")


@dataclass(frozen=True)
class LocalModel:
    """logits: a torch batch in the data's own units -> logits, with gradients. sha256: of file or weights."""

    name: str
    logits: Callable[[Any], Any]
    sha256: str


def open_local(name: str) -> LocalModel:
    """efficientnet-lite1, efficientnet-lite2, an .onnx file, or package.module:function.

    Raises MissingExtraError without the extra train, ModelError, UsageError for another text.
    """
    if find_spec("torch") is None:
        raise MissingExtraError("learning", "train")
    if name in LITE:  # not by open_model, which would export it to ONNX first
        return LocalModel(name, frozen(network(name)), hash_file(weights_of(name)))
    if name.lower().endswith(".onnx"):
        if find_spec("onnx") is None:
            raise MissingExtraError("learning on an ONNX file", "train")
        from brittle.gradients.onnx_graph import trainable_graph  # noqa: PLC0415

        digest = file_digest(name)
        return LocalModel(Path(name).name, frozen(trainable_graph(Path(name))).logits, digest)
    if ":" in name:
        return _module(name)
    raise UsageError(
        f"expected a local model as an .onnx file, package.module:function or a built-in name, got '{name}'; "
        f"{did_you_mean(name, LITE)}"
    )


def _module(name: str) -> LocalModel:
    backend = open_model(name)
    if backend.module is None:
        raise ModelError(
            f"expected {name} to return a torch.nn.Module: what is learned on must give gradients"
        )
    return LocalModel(name, frozen(backend.module), backend.sha256)


def frozen(module: Any) -> Any:
    """A torch module that is only asked: in evaluation mode, its weights without gradients."""
    return module.eval().requires_grad_(False)
