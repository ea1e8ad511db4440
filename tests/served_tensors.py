"""A tiny server of the Open Inference Protocol: it answers the mean of each channel."""

import json
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler
from typing import Any

import numpy as np
from numpy.typing import NDArray

from endpoint import serving

DTYPES = {
    "FP32": np.float32,
    "FP64": np.float64,
    "FP16": np.float16,
    "UINT8": np.uint8,
    "INT8": np.int8,
    "INT32": np.int32,
}
HEAD = "Inference-Header-Content-Length"


@dataclass
class ServedTensors:
    """What the server says of its model, and what it was sent.

    known: whether there is such a model. binary: whether it lists the extension; None: it says nothing of
    itself. change: of its reply to rows, (head, bytes of the output), before it is sent. status: of its
    replies to rows; error: what it then says, or with echo what it was sent. seen: rows of each request.
    """

    shape: tuple[int, ...] = (-1, 3, 4, 4)
    datatype: str = "FP32"
    answer_type: str = "FP32"
    outputs: tuple[tuple[str, tuple[int, ...]], ...] = (("y", (-1, 3)),)
    known: bool = True
    binary: bool | None = True
    metadata: dict[str, Any] | None = None
    change: Callable[[dict[str, Any], bytes], tuple[dict[str, Any], bytes]] | None = None
    status: int = 200
    error: str = ""
    echo: bool = False
    address: str = ""
    seen: list[NDArray[Any]] = field(default_factory=list)
    requests: list[tuple[str, str]] = field(default_factory=list)
    kinds: list[str] = field(default_factory=list)

    def answer(self, asked: BaseHTTPRequestHandler) -> None:
        """Answer a GET or a POST."""
        self.requests.append((asked.command, asked.path))
        path = asked.path.partition("?")[0]
        if asked.command == "POST":
            self._infer(asked, path)
        elif not self.known or (path == "/v2" and self.binary is None):
            self._send(asked, 404, {"error": "there is no 'm'"})
        elif path == "/v2":
            extensions = ["classification", *(["binary_tensor_data"] if self.binary else [])]
            self._send(asked, 200, {"name": "tiny", "version": "1", "extensions": extensions})
        else:
            told = [{"name": n, "datatype": self.answer_type, "shape": s} for n, s in self.outputs]
            taken = {"name": "x", "datatype": self.datatype, "shape": self.shape}
            self._send(asked, 200, self.metadata or {"name": "m", "inputs": [taken], "outputs": told})

    def _infer(self, asked: BaseHTTPRequestHandler, path: str) -> None:
        body = asked.rfile.read(int(asked.headers["Content-Length"]))
        size = int(asked.headers.get(HEAD, len(body)))
        request = json.loads(body[:size])
        taken, wanted = request["inputs"][0], request["outputs"][0]
        self.kinds.append(asked.headers["Content-Type"])
        assert path.endswith("/infer") and (taken["name"], taken["datatype"]) == ("x", self.datatype)
        dtype: Any = DTYPES[self.datatype]
        if "data" in taken:
            x = np.array(taken["data"], dtype).reshape(taken["shape"])
        else:
            assert taken["parameters"]["binary_data_size"] == len(body) - size
            x = np.frombuffer(body[size:], dtype).reshape(taken["shape"])
        self.seen.append(x)
        if self.status != 200:
            text = json.dumps(dict(asked.headers)) + asked.path if self.echo else self.error
            self._send(asked, self.status, {"error": text})
            return
        last = self.shape[-1] == 3
        means = x.mean(axis=(1, 2) if last else (2, 3), dtype=np.float64).astype(DTYPES[self.answer_type])
        told: dict[str, Any] = {"name": wanted["name"], "datatype": self.answer_type, "shape": means.shape}
        data = b""
        if wanted.get("parameters", {}).get("binary_data"):
            data = means.tobytes()
            told["parameters"] = {"binary_data_size": len(data)}
        else:
            told["data"] = means.ravel().tolist()
        head = {"model_name": "m", "outputs": [told]}
        if self.change:
            head, data = self.change(head, data)
        self._send(asked, 200, head, data)

    def _send(self, asked: BaseHTTPRequestHandler, status: int, head: Any, data: bytes = b"") -> None:
        text = json.dumps(head).encode()
        asked.send_response(status)
        if data:
            asked.send_header(HEAD.lower(), str(len(text)))
        asked.send_header("Content-Length", str(len(text) + len(data)))
        asked.end_headers()
        asked.wfile.write(text + data)


@contextmanager
def serving_tensors(served: ServedTensors) -> Iterator[ServedTensors]:
    """The server, with the address of its model; it ends with the block."""
    with serving(served.answer) as address:
        served.address = address.removesuffix("classify") + "v2/models/m"
        yield served
