"""Backends of a classifier: an ONNX file, a function, a torch module, an endpoint, the built-in models."""

import sys
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

from brittle.core.errors import ModelError, UsageError, did_you_mean
from brittle.core.maite import is_maite
from brittle.core.paths import exists
from brittle.core.registry import Registry
from brittle.models.backend import Backend
from brittle.models.classes import read_classes
from brittle.models.layout import channels_first
from brittle.models.mlflow_folder import is_mlflow_address, is_mlflow_folder
from brittle.models.options import DEFAULTS, ModelOptions
from brittle.models.tensors import no_output_names

MODELS = Registry(
    "model",
    "brittle.models",
    {
        "onnx": "brittle.models.onnx:open_onnx",
        "function": "brittle.models.function:open_function",
        "torch": "brittle.models.torch_module:open_torch",
        "http": "brittle.models.http:open_http",
        "hf": "brittle.models.huggingface:open_huggingface",
        "mlflow": "brittle.models.mlflow:open_mlflow",
        "efficientnet-lite0": "brittle.models.efficientnet_lite:open_efficientnet_lite",
        "efficientnet-lite1": "brittle.models.efficientnet_lite:open_efficientnet_lite",
        "efficientnet-lite2": "brittle.models.efficientnet_lite:open_efficientnet_lite",
        "ecg": "brittle.models.ecg:open_ecg",
        "video": "brittle.models.camera:open_camera",
    },
)

KINDS = ("onnx", "function", "torch", "http", "hf", "mlflow")
WITH_OUTPUTS = ("onnx", "http", "mlflow")
"""Those whose outputs have names."""
FORMS = (
    "an .onnx file, package.module:function, hf:FOLDER, a model of MLflow (models:/, runs:/, or its folder), "
    "an http(s):// address"
)


def open_model(model: str | Path | Callable[..., Any], options: ModelOptions = DEFAULTS) -> Backend:
    """Open a model by file, address, name, `package.module:function`, or the object itself.

    Raises ModelError if it cannot be opened, UsageError if the text names no model, MissingExtraError.
    """
    target = str(model) if isinstance(model, Path) else model
    kind = kind_of(target)
    if options.output_name is not None and kind not in WITH_OUTPUTS:
        raise no_output_names(options.output_name, kind)
    backend: Backend = MODELS.load(kind)(target, options)
    backend = channels_first(backend)
    if options.classes is not None:
        backend = replace(backend, classes=read_classes(options.classes))
    if backend.classes and backend.outputs and len(backend.classes) != backend.outputs:
        raise ModelError(
            f"{backend.name} answers {backend.outputs} classes, but {len(backend.classes)} names are given; "
            "name each class once, in the model's order"
        )
    return backend


def kind_of(model: Any) -> str:
    """The registry name of the backend that opens this model. Raises UsageError where it names none."""
    model = str(model) if isinstance(model, Path) else model
    if not isinstance(model, str):
        torch = sys.modules.get("torch")
        if torch is not None and isinstance(model, torch.nn.Module) and not is_maite(model):
            return "torch"
        if callable(model):
            return "function"
        raise UsageError(f"expected a model as {FORMS} or a callable, got {type(model).__name__}")
    if model.lower().startswith(("http://", "https://")):
        return "http"
    if model.startswith("hf:"):
        return "hf"
    if is_mlflow_address(model):
        return "mlflow"
    if model.lower().endswith(".onnx"):
        return "onnx"
    names = [name for name in MODELS.names() if name not in KINDS]
    if model in names:
        return model
    if is_mlflow_folder(model):
        return "mlflow"
    if exists(model):
        raise UsageError(f"expected a model as {FORMS}, got '{model}'; export it to ONNX first")
    if ":" in model:
        return "function"
    raise UsageError(
        f"expected a model as {FORMS}, or a built-in name, got '{model}'; {did_you_mean(model, names)}"
    )


__all__ = ["MODELS", "Backend", "ModelOptions", "open_model"]
