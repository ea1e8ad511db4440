"""EDF and BDF recordings, the forms of Holter devices and sleep laboratories (extra edf).

Kemp et al., "A simple format for exchange of digitized polygraphic recordings", 1992; EDF+ 2003. Annotations
of EDF+ are not read as labels.
"""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from brittle.core.errors import DataError, MissingExtraError
from brittle.data.dataset import Dataset, Source, Wanted, path_of
from brittle.data.files import is_called
from brittle.data.options import DataOptions
from brittle.data.records import records_in
from brittle.data.signals import to_mv

SUFFIXES = frozenset({".edf", ".bdf"})


class Edf:
    """EDF or BDF recordings in a folder or its class subfolders, or one; labels.csv or beats.csv, if any."""

    def fits(self, source: Source, options: DataOptions) -> bool:
        """Whether there is such a file."""
        path = path_of(source)
        return path is not None and bool(_recordings(path))

    def __call__(self, source: Source, wanted: Wanted, options: DataOptions) -> Dataset:
        """Open them, as WFDB records are. Raises DataError, MissingExtraError without the extra edf."""
        path = Path(path_of(source) or "")
        return records_in(path, _recordings(path), wanted, options, open_recording)


@dataclass(frozen=True)
class Recording:
    """A recording as its header tells. leads, places, units: of the signals of the greatest rate."""

    path: Path
    rate: float
    samples: int
    leads: tuple[str, ...]
    places: tuple[int, ...]
    units: tuple[str, ...]

    @property
    def files(self) -> Sequence[Path]:
        """The file itself."""
        return [self.path]

    def read(self, start: int, stop: int, leads: Sequence[str]) -> NDArray[np.float64]:
        """Samples of these leads in mV. Raises DataError."""
        rows = []
        with _opened(self.path) as file:
            for lead in leads:
                place = self.leads.index(lead)
                scale = to_mv(self.units[place], lead, self.path)
                rows.append(file.readSignal(self.places[place], start, stop - start) * scale)
        return np.array(rows, np.float64)


def open_recording(path: Path) -> Recording:
    """Read a header. Raises DataError, MissingExtraError."""
    with _opened(path) as file:
        rates = [float(rate) for rate in file.getSampleFrequencies()]
        if not rates:
            raise DataError(f"{path} holds no signals")
        rate = max(rates)
        places = tuple(place for place, one in enumerate(rates) if one == rate)
        labels, lengths = file.getSignalLabels(), file.getNSamples()
        return Recording(
            path,
            rate,
            int(min(lengths[place] for place in places)),
            tuple(labels[place].strip() for place in places),
            places,
            tuple(file.getPhysicalDimension(place).strip() for place in places),
        )


@contextmanager
def _opened(path: Path) -> Iterator[Any]:
    """The file, open for reading. Raises DataError, MissingExtraError."""
    try:
        import pyedflib  # noqa: PLC0415
    except ImportError as error:
        raise MissingExtraError("reading EDF recordings", "edf") from error
    try:
        file = pyedflib.EdfReader(str(path))
    except Exception as error:  # a damaged header makes it raise many kinds
        reason = " ".join(str(error).split()) or type(error).__name__
        raise DataError(
            f"{path}: cannot be read as an EDF recording: {reason}; replace or drop this recording"
        ) from error
    try:
        yield file
    finally:
        file.close()


def _recordings(path: Path) -> list[Path]:
    """Files of a folder or else its subfolders, or the one that was named."""
    if not path.is_dir():
        return [path] if is_called(path, SUFFIXES) else []
    for pattern in ("*", "[!.]*/*"):
        found = sorted(file for file in path.glob(pattern) if is_called(file, SUFFIXES))
        if found:
            return found
    return []
