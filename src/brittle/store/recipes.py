"""Long recipes as short text: how a line of results.jsonl has an assignment of thousands of cells."""

import base64
import binascii
import zlib
from collections.abc import Sequence

import numpy as np

LONG = 1000
"""Cells from which on an assignment is packed."""
MOST_CELLS = 2**24
"""That a packed assignment may have: text from a stranger must not fill the memory."""
STORED = np.dtype("<i2")


def packed(assignment: Sequence[int]) -> str:
    """Layer indices as text: 16 bits each, little-endian, zlib, base85."""
    return base64.b85encode(zlib.compress(np.asarray(assignment, STORED).tobytes(), 9)).decode("ascii")


def unpacked(text: str) -> list[int]:
    """The inverse of packed. Raises ValueError."""
    try:
        reader = zlib.decompressobj()
        data = reader.decompress(base64.b85decode(text), MOST_CELLS * STORED.itemsize)
    except (zlib.error, binascii.Error, ValueError) as error:
        raise ValueError(f"its assignment cannot be unpacked: {error}") from error
    if not reader.eof or len(data) % STORED.itemsize:
        raise ValueError("its packed assignment is cut off, or too long")
    return [int(k) for k in np.frombuffer(data, STORED)]
