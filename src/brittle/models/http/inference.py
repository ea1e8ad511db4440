"""The Open Inference Protocol v2, as of Triton and KServe: metadata, and tensors in binary or as JSON.

Source: https://github.com/kserve/open-inference-protocol (rest); binary tensors are an extension,
https://docs.nvidia.com/deeplearning/triton-inference-server/user-guide/docs/protocol/extension_binary_data.html.
"""

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Annotated, Any

import numpy as np
from numpy.typing import NDArray
from pydantic import BaseModel, Field, NonNegativeInt, ValidationError

from brittle.core.errors import RefusedError
from brittle.core.sample import Array
from brittle.models.http.body import JSON, UNREADABLE, Packed
from brittle.models.http.client import Reply
from brittle.settings import one_line

FLOATS: Mapping[str, str] = {"FP32": "<f4", "FP64": "<f8", "FP16": "<f2"}
INTEGERS: Mapping[str, str] = {
    **{f"UINT{8 * size}": f"<u{size}" for size in (1, 2, 4)},
    **{f"INT{8 * size}": f"<i{size}" for size in (1, 2, 4)},
}
BINARY = "application/octet-stream"
HEAD = "Inference-Header-Content-Length"
"""The header that says how many bytes of a body are JSON; tensors follow."""
ADDRESS = re.compile(r"(?P<model>(?P<server>https?://.+/v2)/models/[^/]+(/versions/[^/]+)?)(/infer)?/?", re.I)
"""The address of a model of this protocol, and of its server."""
MOST_AXES = 8

Name = Annotated[str, Field(min_length=1, max_length=200)]


class Tensor(BaseModel):
    """An input or output as metadata have it. shape: with the batch axis first; -1 is free."""

    name: Name
    datatype: Name
    shape: Annotated[tuple[int, ...], Field(max_length=MOST_AXES)]

    @property
    def type(self) -> str:
        """Of its numbers."""
        return self.datatype


class Metadata(BaseModel):
    """What a server says of a model."""

    inputs: tuple[Tensor, ...]
    outputs: tuple[Tensor, ...]


class _Size(BaseModel):
    binary_data_size: NonNegativeInt | None = None


class _Output(BaseModel):
    name: str
    datatype: str
    shape: Annotated[tuple[NonNegativeInt, ...], Field(max_length=MOST_AXES)]
    parameters: _Size = _Size()
    data: Any = None


class _Reply(BaseModel):
    outputs: tuple[_Output, ...]


class _Server(BaseModel):
    extensions: tuple[str, ...] = ()


def read_metadata(body: bytes) -> Metadata:
    """What GET of a model's address answers. Raises ValueError."""
    try:
        return Metadata.model_validate(json.loads(body))
    except UNREADABLE as error:
        raise ValueError(f"expected metadata of the Open Inference Protocol, got {_why(error)}") from error


def takes_binary(body: bytes) -> bool:
    """Whether a server lists the extension for binary tensors, by what GET of its address answers."""
    try:
        return "binary_tensor_data" in _Server.model_validate(json.loads(body)).extensions
    except UNREADABLE:
        return False


@dataclass(frozen=True)
class _Tensors:
    """Rows to one input of a model, answers from one of its outputs."""

    input: Tensor
    output: str

    def unpack(self, reply: Reply) -> NDArray[Any]:
        """The answers (n, classes), float64. Raises ValueError: what was expected and what came."""
        try:
            return _answers(reply, self.output)
        except UNREADABLE as error:
            raise ValueError(f"expected the output '{self.output}' as tensor, got {_why(error)}") from error

    def _request(self, x: NDArray[Any], data: Mapping[str, Any], output: Mapping[str, Any]) -> bytes:
        told = {"name": self.input.name, "shape": x.shape, "datatype": self.input.datatype, **data}
        return json.dumps({"inputs": [told], "outputs": [{"name": self.output, **output}]}).encode()


class JsonTensors(_Tensors):
    """Tensors as lists of numbers."""

    name = "json"

    def pack(self, x: Array) -> Packed:
        """Rows as JSON. Raises RefusedError for rows that the input cannot hold."""
        values = cast(x, self.input.datatype)
        return Packed(
            self._request(values, {"data": values.ravel().tolist()}, {}),
            {"Content-Type": JSON, "Accept": JSON},
        )


class BinaryTensors(_Tensors):
    """Tensors as bytes behind the JSON: little-endian, row-major."""

    name = "binary"

    def pack(self, x: Array) -> Packed:
        """Rows as bytes. Raises RefusedError for rows that the input cannot hold."""
        values = cast(x, self.input.datatype)
        sized = {"parameters": {"binary_data_size": values.nbytes}}
        head = self._request(values, sized, {"parameters": {"binary_data": True}})
        return Packed(
            b"".join((head, values.data)), {"Content-Type": BINARY, HEAD: str(len(head)), "Accept": "*/*"}
        )


def cast(x: Array, datatype: str) -> NDArray[Any]:
    """Rows as numbers of a type of the protocol, integers rounded. Raises RefusedError beyond its range."""
    dtype = np.dtype(FLOATS.get(datatype) or INTEGERS[datatype])
    if dtype.itemsize >= x.itemsize and datatype in FLOATS:
        return np.ascontiguousarray(x, dtype)
    values = np.rint(x, dtype=np.float64) if datatype in INTEGERS else x
    low, high = limits(datatype)
    if not ((values >= low) & (values <= high)).all():
        least, most = values.min(), values.max()
        raise RefusedError(
            f"expected values of {low:.0f} to {high:.0f} for {datatype}, got {least:g} to {most:g}"
        )
    return np.ascontiguousarray(values, dtype)


def limits(datatype: str) -> tuple[float, float]:
    """Least and greatest number of a type of the protocol."""
    info = np.iinfo(INTEGERS[datatype]) if datatype in INTEGERS else np.finfo(FLOATS[datatype])
    return float(info.min), float(info.max)


def _answers(reply: Reply, name: str) -> NDArray[np.float64]:
    """The output of this name. Raises what UNREADABLE lists."""
    place = int(reply.headers.get(HEAD, len(reply.body)))
    if not 0 <= place <= len(reply.body):
        raise ValueError(f"{len(reply.body)} bytes of which {place} are JSON")
    for output in _Reply.model_validate(json.loads(reply.body[:place])).outputs:
        size = output.parameters.binary_data_size
        end = place + (size or 0)
        if end > len(reply.body):
            raise ValueError(f"{len(reply.body)} bytes where {end} are told of")
        if output.name == name:
            return _numbers(output, None if size is None else reply.body[place:end])
        place = end
    raise ValueError("a reply without it")


def _numbers(output: _Output, data: bytes | None) -> NDArray[np.float64]:
    """The numbers of an output, from their bytes or its data; as many as its shape says."""
    if output.datatype not in FLOATS:
        raise ValueError(f"numbers of type {output.datatype}")
    if data is not None:
        numbers: NDArray[Any] = np.frombuffer(data, FLOATS[output.datatype])
    elif isinstance(output.data, list):
        numbers = np.asarray(output.data, np.float64)
    else:
        raise ValueError("neither data nor their size")
    return numbers.reshape(output.shape).astype(np.float64)  # only as many numbers as there are have a shape


def _why(error: Exception) -> str:
    return one_line(error) if isinstance(error, ValidationError) else str(error)
