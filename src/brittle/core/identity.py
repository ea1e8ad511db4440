"""When are two models, or two sets of data, the same: by contents, or by answers to fixed rows."""

from collections.abc import Iterable, Sequence
from hashlib import file_digest, sha256
from pathlib import Path
from typing import Any

import numpy as np

from brittle.core.errors import DataError
from brittle.core.paths import is_file
from brittle.core.sample import Array, InputSpec
from brittle.core.seeds import generator

DIGEST = 2
"""The kind of digest. 2: of contents, of all files; where none is stated: of sizes, of one file of code."""
LARGEST = 64 * 2**30
"""Bytes of a file. A greater one is refused: some tell of more than there is, and would be read for hours."""
SLACK, SHARE = 1e-4, 0.05
"""By how much a probability may move, for itself and as a share of it, and be the same answer: what other
hardware or a few decimals make of it, not another training."""

ROWS = 2
"""How many identity rows there are."""

Answers = Sequence[Sequence[float | None] | None]
"""Of a model to the identity rows: a probability a class, None for NaN; None for a row that it raised on."""


def hash_file(path: Path, digest: Any = None) -> str:
    """SHA-256 of a file's contents, read in pieces; with a digest, that one continued.

    Raises OSError, and DataError for a file of more than LARGEST bytes.
    """
    size = path.stat().st_size
    if size > LARGEST:
        raise DataError(f"expected files of at most {LARGEST >> 30} GiB, got {path} of {size >> 30}; drop it")
    with path.open("rb") as file:
        return file_digest(file, lambda: sha256() if digest is None else digest).hexdigest()


def hash_contents(path: Path) -> str:
    """SHA-256 of a file's contents; why there is none where it cannot be read. Raises DataError as above."""
    if not is_file(path):  # nor a pipe, nor a device: reading one may never end
        return "no file"
    try:
        return hash_file(path)
    except OSError as error:
        return f"unreadable: {error.strerror}"


def hash_rows(rows: Iterable[Sequence[object]]) -> str:
    """SHA-256 of rows of texts and numbers, in their order."""
    digest = sha256()
    for row in rows:
        digest.update(("\0".join(map(str, row)) + "\n").encode(errors="surrogatepass"))
    return digest.hexdigest()


def identity_rows(spec: InputSpec) -> Array:
    """Two inputs that depend on the spec alone, (2, *shape): noise, and noise of the least quarter of values.

    As samples are, they are what a file can hold.
    """
    noise = generator(0, "identity rows").random((ROWS, *spec.shape))
    noise[1] /= 4
    values = (spec.bounds[0] + spec.span * noise).astype(np.float32)
    return np.stack([spec.decode(spec.encode(row)) for row in values])


def changed_answer(before: Answers, now: Answers, classes: Sequence[str]) -> str:
    """The greatest change between two askings of the identity rows; empty where they are the same."""
    if len(before) != len(now):
        return f"there were {len(before)} rows, now {len(now)}"
    changes = []
    for old, new in zip(before, now, strict=True):
        if old is None or new is None:
            if old != new:
                return f"a row was {_told(old)}, now {_told(new)}"
            continue
        if len(old) != len(new):
            return f"there were {len(old)} classes, now {len(new)}"
        moves = [_move(a, b) for a, b in zip(old, new, strict=True)]
        k = int(np.argmax(moves))
        changes.append((moves[k], f"class {classes[k]} was {_number(old[k])}, now {_number(new[k])}"))
    move, words = max(changes, default=(0.0, ""))
    return words if move > 0 else ""


def _move(a: float | None, b: float | None) -> float:
    """By how much a probability moved, 0 where that is within the tolerance."""
    if a is None or b is None:
        return 0.0 if a is b else 1.0
    return abs(a - b) if abs(a - b) > SLACK + SHARE * max(abs(a), abs(b)) else 0.0


def _told(answer: Sequence[float | None] | None) -> str:
    return "an error" if answer is None else "answered"


def _number(value: float | None) -> str:
    return "NaN" if value is None else f"{value:.3g}"
