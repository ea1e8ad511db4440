"""A torch.nn.Module as the model: exported to ONNX on the CPU where that works, else used as it is."""

import logging
import sys
from collections.abc import Callable
from dataclasses import replace
from hashlib import sha256
from importlib.util import find_spec
from typing import Any

from numpy.typing import NDArray

from brittle.core.errors import MissingExtraError, ModelError
from brittle.core.sample import Array
from brittle.models.backend import Ask, Backend
from brittle.models.export import ExportError, export_onnx, exported_backend
from brittle.models.options import ModelOptions
from brittle.models.torch_device import exact, torch_device
from brittle.models.user_code import UserModel, load_user_model

LOG = logging.getLogger("brittle")


def is_module(thing: Any) -> bool:
    """Whether thing is a torch.nn.Module; torch is not imported to find out."""
    torch = sys.modules.get("torch")
    return torch is not None and isinstance(thing, torch.nn.Module)


def open_torch(model: str | Callable[..., Any], options: ModelOptions) -> Backend:
    """The backend of a torch.nn.Module, or to one that `package.module:name` is or makes.

    The module is put in eval mode and where the options say; stated threads hold for all of torch.
    Raises MissingExtraError, UsageError, ModelError.
    """
    if find_spec("torch") is None:
        raise MissingExtraError("a torch module as the model", "torch")
    user = load_user_model(model, options)
    if not is_module(user.call):
        raise ModelError(
            f"expected {user.name} to be or to return a torch.nn.Module, got {type(user.call).__name__}"
        )
    return module_backend(user)


def module_backend(user: UserModel) -> Backend:
    """The backend of a module. Its ONNX export is made by `fit`, once the shape of the inputs is known."""
    import torch  # noqa: PLC0415

    module: Any = user.call
    module.eval()
    if user.settings.device:
        module.to(torch_device(user.settings.device))
    if user.settings.threads:
        torch.set_num_threads(user.settings.threads)
    weights = _weights_hash(module)
    backend = Backend(
        name=user.name,
        ask=_ask(module),
        shape=user.shape,
        classes=user.classes,
        outputs=len(user.classes) if user.classes else None,
        sha256=weights or user.sha256,
        local=True,
        settings=user.settings,
        bounds=user.bounds,
        device=_first(module).device.type,
        module=module,
        weights_hashed=bool(weights),
    )
    return (
        replace(backend, fit=lambda shape: _exported(backend, module, shape)) if _plain(module) else backend
    )


def _exported(backend: Backend, module: Any, shape: tuple[int, ...]) -> Backend:
    try:
        graph = export_onnx(module, shape, backend.settings)
    except ExportError as error:
        LOG.warning(f"torch runs {backend.name} itself, as it cannot be exported to ONNX: {error}")
        return replace(backend, shape=shape, fit=None)
    fast = exported_backend(backend.name, graph, backend.sha256, backend.settings)
    return replace(
        backend, ask=fast.ask, concurrent=fast.concurrent, shape=shape, outputs=fast.outputs, fit=None
    )


def _ask(module: Any) -> Ask:
    import torch  # noqa: PLC0415

    def ask(x: Array) -> NDArray[Any]:
        first = _first(module)
        with exact(), torch.inference_mode():
            answers = module(torch.from_numpy(x.copy()).to(first.device, first.dtype))
            answers = answers[0] if isinstance(answers, tuple) else answers
            numbers: NDArray[Any] = answers.double().cpu().numpy()
        return numbers

    return ask


def _first(module: Any) -> Any:
    """A parameter, for its type and place; of a module without any an empty tensor."""
    import torch  # noqa: PLC0415

    return next(module.parameters(), torch.zeros(0))


def _plain(module: Any) -> bool:
    """Whether all weights are float32 on the CPU, as the export takes them."""
    import torch  # noqa: PLC0415

    return all(p.device.type == "cpu" and p.dtype == torch.float32 for p in module.parameters())


def _weights_hash(module: Any) -> str:
    """SHA-256 over names and values of all weights, "" where there are none."""
    import torch  # noqa: PLC0415

    digest, weights = sha256(), module.state_dict()
    for name, value in weights.items():
        digest.update(f"{name} {tuple(value.shape)} {value.dtype}\n".encode())
        digest.update(value.detach().cpu().contiguous().reshape(-1).view(torch.uint8).numpy().tobytes())
    return digest.hexdigest() if weights else ""
