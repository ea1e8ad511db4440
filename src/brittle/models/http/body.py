"""Forms: how rows are written into a request, and the answers read from its reply. JSON and npy files."""

import io
import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray

from brittle.core.sample import Array
from brittle.models.http.client import Reply

JSON, NPY = "application/json", "application/x-npy"
KEYS = ("probabilities", "logits", "outputs", "predictions")
UNREADABLE = (ValueError, TypeError, EOFError, OSError, OverflowError, RecursionError, MemoryError)
"""What reading a reply may raise, whatever it holds."""


@dataclass(frozen=True)
class Packed:
    """The body of a request, and the headers that say what it is."""

    body: bytes
    headers: Mapping[str, str]


class Form(Protocol):
    """How rows go to an endpoint and answers come back. name: what it is called."""

    @property
    def name(self) -> str: ...

    def pack(self, x: Array) -> Packed:
        """Rows (n, ...) as a request. Raises RefusedError for rows that it cannot hold."""

    def unpack(self, reply: Reply) -> NDArray[Any]:
        """The answers (n, classes), float64. Raises ValueError: what was expected and what came."""


class JsonForm:
    """{"inputs": rows}. float32 survives it: every one is a decimal that is read as the same number."""

    name = "json"

    def pack(self, x: Array) -> Packed:
        """Rows as JSON."""
        body = json.dumps({"inputs": x.tolist()}).encode()
        return Packed(body, {"Content-Type": JSON, "Accept": JSON})

    def unpack(self, reply: Reply) -> NDArray[Any]:
        """A list of rows, alone or under one of KEYS, or an npy file by its content type."""
        return _answers(reply, is_npy=_kind(reply) == NPY)


class NpyForm:
    """The rows as an npy file, float32."""

    name = "npy"

    def pack(self, x: Array) -> Packed:
        """Rows as a file."""
        buffer = io.BytesIO()
        np.save(buffer, np.ascontiguousarray(x), allow_pickle=False)
        return Packed(buffer.getvalue(), {"Content-Type": NPY, "Accept": f"{NPY}, {JSON}"})

    def unpack(self, reply: Reply) -> NDArray[Any]:
        """An npy file, or a list of rows as JSON."""
        return _answers(reply, is_npy=_kind(reply) in (NPY, "application/octet-stream"))


FORMS: Mapping[str, tuple[Form, ...]] = {
    "auto": (NpyForm(), JsonForm()),
    "npy": (NpyForm(),),
    "json": (JsonForm(),),
}
"""By what is stated: the forms to try, in this order."""


def _kind(reply: Reply) -> str:
    return reply.headers.get("Content-Type", "").partition(";")[0].strip().lower()


def _answers(reply: Reply, is_npy: bool) -> NDArray[Any]:
    try:
        return _from_npy(reply.body) if is_npy else _from_json(reply.body)
    except UNREADABLE as error:
        wanted = "an npy array" if is_npy else f"a JSON list of rows, alone or under one of {', '.join(KEYS)}"
        raise ValueError(
            f"expected {wanted}, got {len(reply.body)} bytes of '{_kind(reply)}' that are none"
        ) from error


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
