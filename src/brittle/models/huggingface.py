"""A folder of transformers as the model: `hf:PATH`, a classifier of images or videos with its preprocessing.

What is read are config.json, preprocessor_config.json and weights in safetensors, from the folder alone:
nothing is downloaded, no pickle is opened, and no code that a folder brings is run. The architecture is one
of transformers' own. Needs the extra hf.
"""

import json
import os
from collections.abc import Mapping
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path
from typing import Any

from brittle.core.errors import MissingExtraError, ModelError
from brittle.models.backend import Backend
from brittle.models.classes import named_by_index
from brittle.models.options import ModelOptions
from brittle.models.torch_module import module_backend
from brittle.models.user_code import UserModel

PREFIX = "hf:"
CONFIG = "config.json"
PREPROCESSING = ("preprocessor_config.json", "video_preprocessor_config.json", "processor_config.json")
INSIDE = ("image_processor", "video_processor")
"""Where the last of these has what the others are."""
WEIGHTS = ("model.safetensors", "model.safetensors.index.json")
MOST = 16_000_000  # bytes of a config
LEVELS = 255  # of a pixel, as processors of transformers take images
KINDS = {"ForImageClassification": "image", "ForVideoClassification": "video"}


@dataclass(frozen=True)
class Preprocessing:
    """What a model wants of a pixel x in [0, 1]: (scale x - mean) / std. sides: height and width.

    mean, std: a number a channel.
    """

    sides: tuple[int, int]
    scale: float
    mean: tuple[float, ...]
    std: tuple[float, ...]


def open_huggingface(model: str, options: ModelOptions) -> Backend:
    """The backend of `hf:PATH`: pixels in [0, 1] -> logits, with the names and the size of its configs.

    A mean or std of the options takes the place of the folder's own. Raises ModelError, MissingExtraError.
    """
    folder = Path(model.removeprefix(PREFIX)).expanduser()
    config = _config(folder, CONFIG)
    kind = _kind(folder, config)
    if not any((folder / name).is_file() for name in WEIGHTS):
        raise ModelError(
            f"expected weights in safetensors, {WEIGHTS[0]}, in {folder}, and found none; save them with "
            "save_pretrained(folder, safe_serialization=True)"
        )
    for package in ("torch", "transformers"):
        if find_spec(package) is None:
            raise MissingExtraError(f"the model {model}", "hf")
    wanted = preprocessing(config, _preprocessor(folder), str(folder))
    net = _network(folder, kind)
    stated = options.mean is not None or options.std is not None
    channels = int(getattr(net.config, "num_channels", None) or len(wanted.mean))
    shape: tuple[int, ...] = (channels, *wanted.sides)
    updates: dict[str, Any] = {} if options.output != "auto" else {"output": "logits"}
    if kind == "video":
        shape = (int(getattr(net.config, "num_frames", 16)), *shape)
        updates |= {"layout": "frames_first"} if options.layout == "auto" else {}
    user = UserModel(
        name=model,
        call=_from_pixels(net, None if stated else wanted),
        shape=shape,
        classes=named_by_index(config.get("id2label")),
        bounds=(0.0, 1.0),
        settings=options.model_copy(update=updates),
        sha256="",
    )
    return module_backend(user)


def preprocessing(config: Mapping[str, Any], stated: Mapping[str, Any], name: str) -> Preprocessing:
    """What a processor of transformers does to an image, from its two configs. Raises ModelError."""
    try:
        scale = float(stated.get("rescale_factor", 1 / LEVELS)) * LEVELS
        if not stated.get("do_rescale", True):
            scale = float(LEVELS)
        mean = tuple(map(float, stated.get("image_mean") or (0.0,)))
        std = tuple(map(float, stated.get("image_std") or (1.0,)))
        if not stated.get("do_normalize", True):
            mean, std = (0.0,), (1.0,)
        if stated.get("rescale_offset") or stated.get("offset"):  # 1 is taken away before
            mean = tuple(m + 1 for m in mean)
        size = stated.get("size") or config.get("image_size")
        if stated.get("do_center_crop", bool(stated.get("crop_size"))) and stated.get("crop_size"):
            size = stated["crop_size"]
        sides = _sides(size)
    except (TypeError, ValueError, KeyError) as error:
        raise ModelError(f"the preprocessing of {name} cannot be read: {error}") from error
    if len(mean) != len(std) or min(std) <= 0 or min(sides) < 1:
        raise ModelError(
            f"expected of {name} an image_mean and image_std of one length, and a size, got {mean}, {std} "
            f"and {sides}"
        )
    return Preprocessing(sides, scale, mean, std)


def _sides(size: Any) -> tuple[int, int]:
    """Height and width of what configs call a size. Raises ValueError."""
    if isinstance(size, Mapping):
        if "height" in size and "width" in size:
            return int(size["height"]), int(size["width"])
        side = size.get("shortest_edge") or size.get("longest_edge")
        return _sides(side)
    if isinstance(size, list | tuple) and len(size) == 2:
        return int(size[0]), int(size[1])
    if isinstance(size, int):
        return size, size
    raise ValueError(f"expected a size, got {size!r}")


def _config(folder: Path, name: str) -> dict[str, Any]:
    """A config of the folder. Raises ModelError."""
    path = folder / name
    try:
        if path.stat().st_size > MOST:
            raise ValueError(f"it has more than {MOST:,} bytes")
        found = json.loads(path.read_text(encoding="utf-8"))
    except OSError as error:
        raise ModelError(
            f"expected a folder of transformers with {name}, got {folder}: {error.strerror}"
        ) from error
    except (ValueError, RecursionError) as error:
        raise ModelError(f"{path} is damaged: {error}") from error
    if not isinstance(found, dict):
        raise ModelError(f"{path} is damaged: it holds no record")
    return found


def _preprocessor(folder: Path) -> dict[str, Any]:
    """The config of the processor. Raises ModelError."""
    for name in PREPROCESSING:
        if (folder / name).is_file():
            found = _config(folder, name)
            return next((found[key] for key in INSIDE if isinstance(found.get(key), dict)), found)
    raise ModelError(
        f"expected {PREPROCESSING[0]} in {folder}, which says how big inputs are, and how normalised; "
        "save the processor beside the model with save_pretrained"
    )


def _kind(folder: Path, config: Mapping[str, Any]) -> str:
    """Whether it classifies images or videos. Raises ModelError."""
    named = [str(name) for name in config.get("architectures") or ()]
    for name in named:
        for end, kind in KINDS.items():
            if name.endswith(end):
                return kind
    raise ModelError(
        f"expected a classifier of images or videos, whose architecture ends with {' or '.join(KINDS)}, "
        f"but {folder} is of {', '.join(named) or 'none that its config names'}"
    )


def _network(folder: Path, kind: str) -> Any:
    """The module of transformers. Raises ModelError."""
    os.environ.setdefault("HF_HUB_OFFLINE", "1")
    import transformers  # noqa: PLC0415

    auto: Any = {
        "image": transformers.AutoModelForImageClassification,
        "video": transformers.AutoModelForVideoClassification,
    }[kind]
    level = transformers.logging.get_verbosity()
    transformers.logging.set_verbosity_error()
    transformers.logging.disable_progress_bar()
    try:
        return auto.from_pretrained(
            str(folder),
            local_files_only=True,
            trust_remote_code=False,
            use_safetensors=True,
            attn_implementation="eager",
            dtype="float32",
        ).eval()
    except Exception as error:  # transformers raises nearly anything here
        reason = " ".join(str(error).split())[:200]
        raise ModelError(
            f"transformers cannot open {folder}: {type(error).__name__}: {reason}; only architectures of its "
            "own are opened, without code from the folder"
        ) from error
    finally:
        transformers.logging.set_verbosity(level)


def _from_pixels(net: Any, wanted: Preprocessing | None) -> Any:
    """The module with its preprocessing in front: pixels in [0, 1], channels before height and width."""
    import torch  # noqa: PLC0415

    class FromPixels(torch.nn.Module):  # type: ignore[misc]
        def __init__(self) -> None:
            super().__init__()
            self.net = net
            if wanted is not None:
                for name in ("mean", "std"):
                    values = torch.tensor(getattr(wanted, name)).reshape(-1, 1, 1)
                    self.register_buffer(name, values, persistent=False)

        def forward(self, x: Any) -> Any:
            if wanted is not None:
                x = (x * wanted.scale - self.mean) / self.std
            return self.net(pixel_values=x).logits

    return FromPixels().eval()
