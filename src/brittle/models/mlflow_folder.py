"""What names a model of MLflow, and which ONNX file its folder holds.

What is read is the file MLmodel, as data, and the graph that its ONNX flavour names: no pickle is opened, and
nothing of a folder is imported. A folder may be a stranger's: what lies outside it is not opened.
"""

from pathlib import Path
from typing import Any

import yaml

from brittle.core.errors import ModelError
from brittle.core.paths import inside, is_file
from brittle.models.onnx_files import external_files

ABOUT, FLAVOUR, FUNCTION = "MLmodel", "onnx", "python_function"
ADDRESSES = ("models:/", "runs:/")
MOST = 1 << 20  # bytes of MLmodel


def is_mlflow_address(model: str) -> bool:
    """Whether it names a model that MLflow fetches."""
    return model.startswith(ADDRESSES)


def is_mlflow_folder(model: str) -> bool:
    """Whether it is a folder as MLflow saves models."""
    return is_file(f"{model}/{ABOUT}")


def onnx_file(folder: Path, name: str) -> Path:
    """The graph of the ONNX flavour, with its external data in the same folder.

    name: what errors call the model. Raises ModelError.
    """
    flavours = _flavours(folder, name)
    if FLAVOUR not in flavours:
        has = ", ".join(str(one)[:40] for one in flavours if one != FUNCTION) or "a Python function alone"
        raise ModelError(
            f"expected the ONNX flavour, but {name} has {has}, which is not opened: it may be code; "
            "log it with mlflow.onnx, or load it in a module of your own: package.module:function"
        )
    about = flavours[FLAVOUR]
    stated = about.get("data") if isinstance(about, dict) else None
    if not isinstance(stated, str):
        raise _damaged(name, "its ONNX flavour names no file as data")
    try:
        file = _inside(folder, stated, name)
        for other in external_files(file):
            _inside(folder, other, name)
    except OSError as error:
        raise ModelError(f"{name}: its graph cannot be read: {error.strerror}; fetch it again") from error
    return file


def _flavours(folder: Path, name: str) -> dict[Any, Any]:
    """What MLmodel says of each flavour. Raises ModelError."""
    try:
        path = _inside(folder, ABOUT, name)
        if path.stat().st_size > MOST:
            raise _damaged(name, f"it has more than {MOST >> 20} MiB")
        about = yaml.safe_load(path.read_bytes())
    except OSError as error:
        raise ModelError(f"{name}: {ABOUT} cannot be read: {error.strerror}") from error
    except (yaml.YAMLError, ValueError, RecursionError) as error:
        raise _damaged(name, " ".join(str(error).split())[:200]) from error
    found = about.get("flavors") if isinstance(about, dict) else None
    if not isinstance(found, dict):
        raise _damaged(name, "it names no flavors")
    return found


def _inside(folder: Path, file: str | Path, name: str) -> Path:
    """A plain file of the folder. Raises ModelError where it is none, or links lead out of the folder."""
    path = inside(folder, file)
    if path is None or not is_file(path):
        raise ModelError(
            f"{name}: expected a plain file inside its folder, got {str(file)[:200]!r}; save the model again"
        )
    return path


def _damaged(name: str, why: str) -> ModelError:
    return ModelError(f"{ABOUT} of {name} is damaged: {why}; save the model again")
