"""The files of an ONNX model: the graph, and the weights that it leaves in other files.

Their names are found by the bytes that begin each in protobuf: the entry {"location": name} of a tensor's
external_data. That needs neither the extra `onnx` nor a parser, loads no weight, and is the same everywhere;
the bytes would have to stand in a weight by chance (1 in 10^26) to name a file too many.
"""

from collections.abc import Iterator
from hashlib import sha256
from mmap import ACCESS_READ, mmap
from pathlib import Path

from brittle.core.identity import hash_file

LOCATION = b"\n\x08location\x12"
LONGEST = 4096  # bytes of a path


def onnx_digest(path: Path) -> str:
    """SHA-256 of an ONNX file, continued over its external data. Raises OSError, DataError."""
    digest = sha256()
    for file in (path, *external_files(path)):
        hash_file(file, digest)
    return digest.hexdigest()


def external_files(path: Path) -> list[Path]:
    """The files with external data that an ONNX file names, in its order; missing ones are left out."""
    files = dict.fromkeys(path.parent / name for name in _locations(path))
    return [file for file in files if file.is_file()]


def _locations(path: Path) -> Iterator[str]:
    if path.stat().st_size == 0:
        return
    with path.open("rb") as file, mmap(file.fileno(), 0, access=ACCESS_READ) as graph:
        place = graph.find(LOCATION)
        while place >= 0:
            size, start = _varint(graph, place + len(LOCATION))
            name = graph[start : start + size] if 0 < size <= LONGEST else b""
            if name and b"\0" not in name:
                yield name.decode(errors="surrogateescape")
            place = graph.find(LOCATION, start)


def _varint(graph: mmap, place: int) -> tuple[int, int]:
    """A whole number as protobuf writes it, seven bits a byte, and the place after it."""
    value = 0
    for k, byte in enumerate(graph[place : place + 4]):
        value |= (byte & 0x7F) << 7 * k
        if byte < 0x80:
            return value, place + k + 1
    return 0, place
