"""What an endpoint of tests is to answer, and what it was sent."""

import io
import json
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from brittle.models import Backend, ModelOptions, open_model

X = np.random.default_rng(4).random((2, 3, 2, 2), dtype=np.float32)
MEANS = X.mean(axis=(2, 3))


@dataclass
class Served:
    """What the server is to answer (the last reply again and again), and the requests it saw."""

    address: str = ""
    replies: list[dict[str, Any]] = field(default_factory=lambda: [{}])
    requests: list[dict[str, Any]] = field(default_factory=list)


def means(body: bytes, kind: str) -> Any:
    """Answers to a request: the mean of each channel."""
    x = np.load(io.BytesIO(body)) if kind == "application/x-npy" else np.array(json.loads(body)["inputs"])
    return x.mean(axis=(2, 3))


def npy(body: bytes, kind: str) -> bytes:
    """The same as an npy file."""
    buffer = io.BytesIO()
    np.save(buffer, means(body, kind))
    return buffer.getvalue()


def backend(server: Served, **options: Any) -> Backend:
    """The server as a model."""
    return open_model(server.address, ModelOptions(**{"retries": 0, "timeout": 5, **options}))
