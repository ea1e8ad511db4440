"""Arrays as samples: an .npz file with x and y, or the arrays themselves."""

import hashlib
import zipfile
import zlib
from collections import Counter
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from brittle.core.errors import DataError
from brittle.data.arrays import array_set, chunks
from brittle.data.dataset import Dataset, Source, Wanted, path_of
from brittle.data.options import DataOptions

DAMAGED = (
    *(OSError, ValueError, EOFError, KeyError, TypeError, SyntaxError, MemoryError, RuntimeError),
    *(zipfile.BadZipFile, zlib.error, SystemError),
)
"""What NumPy may raise on a file that is no .npz, or a damaged one; SystemError on texts that are none."""


class Npz:
    """An .npz with x (n, ...), y (n,) if labelled, ids (n,), rate (Hz) and unit; or arrays; no pickles."""

    def fits(self, source: Source, options: DataOptions) -> bool:
        """Whether it is a pair of arrays or a file called .npz."""
        path = path_of(source)
        if path is None:
            return isinstance(source, tuple) and len(source) == 2
        return path.suffix.lower() == ".npz" and path.is_file()

    def __call__(self, source: Source, wanted: Wanted, options: DataOptions) -> Dataset:
        """Open them. uint8 and uint16 are codes, scaled to the bounds; floats are values.

        Floats of images that are all whole 255ths of their bounds count as 8-bit. (n, height, width) is grey
        unless the model takes 2 axes, channel and time; a channel axis that stands last, or behind the frames
        of clips, is moved. Signals are in mV where no unit is stated, and resampled where rate and a stated
        sampling rate differ. Samples are called by ids, unique texts, or else by their row numbers.
        """
        if isinstance(source, tuple):
            x, y = np.asarray(source[0]), None if source[1] is None else np.asarray(source[1])
            return array_set("arrays", x, y, _hash_arrays(x, y), wanted, options)
        path = Path(source).expanduser()
        x, y, rate, unit, ids = _load(path)
        with path.open("rb") as file:
            sha256 = hashlib.file_digest(file, "sha256").hexdigest()
        return array_set(path.stem, x, y, sha256, wanted, options, rate, unit, ids)


def _load(
    path: Path,
) -> tuple[NDArray[Any], NDArray[Any] | None, float | None, str, list[str] | None]:
    try:
        arrays = np.load(path, allow_pickle=False)
        if not isinstance(arrays, np.lib.npyio.NpzFile):
            raise ValueError("it holds a single array; save it as x in an .npz")
        with arrays:
            if "x" not in arrays.files:
                has = ", ".join(arrays.files) or "none"
                raise DataError(f"'{path}': expected an array x (and y, the labels), got {has}")
            rate = float(arrays["rate"]) if "rate" in arrays.files else None
            unit = str(arrays["unit"]) if "unit" in arrays.files else "mV"
            x, y = arrays["x"], arrays["y"] if "y" in arrays.files else None
            ids = _ids(path, arrays["ids"], len(x)) if "ids" in arrays.files and x.ndim else None
            return x, y, rate, unit, ids
    except DAMAGED as error:
        raise DataError(_unreadable(path, error)) from error


def _ids(path: Path, ids: NDArray[Any], rows: int) -> list[str]:
    """What the samples are called. Raises DataError where that is not a text of its own for each."""
    if ids.dtype.kind != "U" or ids.shape != (rows,):
        raise DataError(
            f"'{path}': expected ids as texts, one for each of {rows} samples in x, got {ids.dtype} "
            f"{ids.shape}; rename that array if it is something else"
        )
    found: list[str] = ids.tolist()
    name, times = Counter(found).most_common(1)[0] if found else ("", 0)
    if times > 1 or "" in found:
        got = f"'{name}' {times} times" if times > 1 else "an empty one"
        raise DataError(f"'{path}': expected ids that tell all samples apart, got {got}; number them")
    return found


def _unreadable(path: Path, error: Exception) -> str:
    if str(error).startswith("Object arrays"):
        return f"'{path}': expected plain number arrays, got pickled objects, which brittle never loads"
    # NumPy takes whatever it does not know for a pickle.
    unknown = isinstance(error, EOFError) or "pickled" in str(error)
    reason = "it is no .npz, or damaged" if unknown else " ".join(str(error).split()) or type(error).__name__
    return f"'{path}': expected an .npz written by numpy.savez, but it cannot be read: {reason}"


def _hash_arrays(x: NDArray[Any], y: NDArray[Any] | None) -> str:
    digest = hashlib.sha256()
    for array in (x, y):
        if array is None or array.dtype.hasobject:
            continue
        digest.update(f"{array.dtype.str}{array.shape}".encode())
        for rows in chunks(array):
            digest.update(np.ascontiguousarray(rows).tobytes())
    return digest.hexdigest()
