"""What is sent to an endpoint and what comes back: rows as JSON or as an npy file."""

import io
import json
from typing import Any

import numpy as np
from numpy.typing import NDArray

from brittle.core.sample import Array

JSON, NPY = "application/json", "application/x-npy"
KEYS = ("probabilities", "logits", "outputs", "predictions")


def pack(x: Array, form: str) -> tuple[bytes, str]:
    """Rows (n, ...) as the body of a request, and its content type. form: json or npy."""
    if form == "npy":
        buffer = io.BytesIO()
        np.save(buffer, np.ascontiguousarray(x), allow_pickle=False)
        return buffer.getvalue(), NPY
    return json.dumps({"inputs": x.tolist()}).encode(), JSON


def unpack(data: bytes, content_type: str, form: str) -> NDArray[Any]:
    """The answers in a body, float64. Raises ValueError, which says what was expected and what came."""
    kind = content_type.partition(";")[0].strip().lower()
    is_npy = kind == NPY or (kind == "application/octet-stream" and form == "npy")
    try:
        return _from_npy(data) if is_npy else _from_json(data)
    except (ValueError, TypeError, EOFError, OSError, RecursionError, MemoryError) as error:
        wanted = "an npy array" if is_npy else f"a JSON list of rows, alone or under one of {', '.join(KEYS)}"
        raise ValueError(f"expected {wanted}, got {len(data)} bytes of '{kind}' that are none") from error


def _from_npy(data: bytes) -> NDArray[Any]:
    answers: Any = np.load(io.BytesIO(data), allow_pickle=False)
    if not isinstance(answers, np.ndarray):
        raise ValueError("an archive of arrays")
    return answers.astype(np.float64)


def _from_json(data: bytes) -> NDArray[Any]:
    answers = json.loads(data)
    if isinstance(answers, dict):
        answers = next((answers[key] for key in KEYS if key in answers), None)
    if not isinstance(answers, list):
        raise ValueError("no list of rows")
    return np.asarray(answers, np.float64)
