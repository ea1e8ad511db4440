"""Models of MLflow: a folder with MLmodel, or models:/NAME/VERSION, models:/NAME@ALIAS and runs:/ID/PATH.

Taken is the ONNX flavour, as an ONNX file. A folder needs no MLflow; an address is fetched by it, from where
MLFLOW_TRACKING_URI says, which needs the extra mlflow.
"""

import os
import re
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from brittle.core.errors import BrittleError, MissingExtraError, ModelError
from brittle.models.backend import Backend
from brittle.models.mlflow_folder import is_mlflow_address, onnx_file
from brittle.models.onnx import file_digest, onnx_backend
from brittle.models.options import ModelOptions

QUIET = {"MLFLOW_DISABLE_TELEMETRY": "true", "MLFLOW_ENABLE_ARTIFACTS_PROGRESS_BAR": "false"}
"""What its environment says unless the user says otherwise."""
LOGIN = re.compile(r"//[^/@\s]*@")


def open_mlflow(model: str, options: ModelOptions) -> Backend:
    """The backend of a model of MLflow, a folder or an address: the graph of its ONNX flavour.

    What an address names is kept in a temporary folder until the backend is closed. Raises ModelError,
    MissingExtraError.
    """
    if not is_mlflow_address(model):
        return _of_folder(Path(model), model, options)
    place = TemporaryDirectory(prefix="brittle-", ignore_cleanup_errors=True)
    backend = _of_folder(fetched(model, Path(place.name)), model, options)
    return replace(backend, close=place.cleanup)


def fetched(model: str, place: Path) -> Path:
    """The folder of a model that MLflow has fetched into a place. Raises ModelError, MissingExtraError."""
    mlflow = load_mlflow(f"the model {model}")
    with clear_errors(f"fetch {model}", ModelError):
        return Path(mlflow.artifacts.download_artifacts(model, dst_path=str(place)))


def load_mlflow(feature: str) -> Any:
    """MLflow, imported when it is first needed, without its telemetry. Raises MissingExtraError."""
    for name, value in QUIET.items():
        os.environ.setdefault(name, value)
    try:
        import mlflow  # noqa: PLC0415
    except ImportError as error:
        raise MissingExtraError(feature, "mlflow") from error
    return mlflow


@contextmanager
def clear_errors(what: str, kind: type[BrittleError]) -> Iterator[None]:
    """What MLflow raises, as one line without passwords of addresses."""
    try:
        yield
    except BrittleError:
        raise
    except Exception as error:  # MLflow raises what its stores raise
        reason = LOGIN.sub("//", " ".join(str(error).split()))[:300] or type(error).__name__
        raise kind(f"MLflow cannot {what}: {reason}; check it, and MLFLOW_TRACKING_URI") from error


def _of_folder(folder: Path, name: str, options: ModelOptions) -> Backend:
    file = str(onnx_file(folder, name))
    return onnx_backend(name, file, file_digest(file), options)
