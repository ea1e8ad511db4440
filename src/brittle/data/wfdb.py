"""WFDB records, the form of PhysioNet's recordings: .hea with .dat or .mat, beats in .atr."""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from brittle.core.errors import DataError, MissingExtraError
from brittle.data.dataset import Dataset, Source, Wanted, path_of
from brittle.data.options import DataOptions
from brittle.data.records import Mark, records_in
from brittle.data.signals import to_mv

NO_BEATS = frozenset("[]!x()ptu`'^|~+sT*D=\"@")
"""Annotations that mark something else than a beat (WFDB, annotation codes)."""


class Wfdb:
    """WFDB records: .hea files in a folder or its class subfolders; labels.csv, beats.csv or .atr, if any."""

    def fits(self, source: Source, options: DataOptions) -> bool:
        """Whether there is a header file."""
        path = path_of(source)
        return path is not None and bool(_headers(path))

    def __call__(self, source: Source, wanted: Wanted, options: DataOptions) -> Dataset:
        """Open them. Samples are called by record, and beats by record and R peak: 100-370.

        Labels: the names of class subfolders; or columns record and label, one window a record; or, with a
        column sample or from .atr files, one window a beat. Of .atr only those beats are taken whose symbol
        is one of the model's class names, where it has some. Raises MissingExtraError without the extra ecg.
        """
        path = Path(path_of(source) or "")
        headers = _headers(path)
        beats = partial(_annotated, headers, wanted)
        return records_in(path, headers, wanted, options, open_record, beats)


@dataclass(frozen=True)
class WfdbRecord:
    """A record as its header tells. units: of every lead; signals: names of the files that hold them."""

    path: Path
    rate: float
    samples: int
    leads: tuple[str, ...]
    units: tuple[str, ...]
    signals: tuple[str, ...] = ()

    @property
    def files(self) -> Sequence[Path]:
        """The header, the files that it names, and annotations, if there are some."""
        beside = [self.path.with_name(name) for name in self.signals]
        annotations = self.path.with_suffix(".atr")
        return [self.path, *beside, *([annotations] if annotations.is_file() else [])]

    def read(self, start: int, stop: int, leads: Sequence[str]) -> NDArray[np.float64]:
        """Samples of these leads in mV. Raises DataError."""
        places = [self.leads.index(lead) for lead in leads]
        scale = np.array([to_mv(self.units[place], self.leads[place], self.path) for place in places])
        try:
            found = _wfdb().rdrecord(
                str(self.path.with_suffix("")), sampfrom=start, sampto=stop, channels=places
            )
        except Exception as error:  # a damaged record makes wfdb raise nearly anything
            raise _unreadable(self.path, error) from error
        return np.asarray(found.p_signal.T * scale[:, None], np.float64)


def open_record(path: Path) -> WfdbRecord:
    """Read a header. Raises DataError."""
    try:
        header = _wfdb().rdheader(str(path.with_suffix("")))
        length, leads, units = int(header.sig_len or 0), tuple(header.sig_name), tuple(header.units)
        return WfdbRecord(
            path, float(header.fs), length, leads, units, tuple(dict.fromkeys(header.file_name or ()))
        )
    except MissingExtraError:
        raise
    except Exception as error:  # a damaged header makes wfdb raise nearly anything
        raise _unreadable(path, error) from error


def _headers(path: Path) -> list[Path]:
    """Header files of a folder or else its subfolders, or the one that was named, with or without suffix."""
    if path.is_dir():
        return sorted(path.glob("*.hea")) or sorted(path.glob("[!.]*/*.hea"))
    header = path if path.suffix == ".hea" else path.with_name(path.name + ".hea")
    return [header] if header.is_file() else []


def _annotated(headers: Sequence[Path], wanted: Wanted) -> list[Mark]:
    """Beats of the .atr files beside the headers."""
    marks = []
    for header in headers:
        if not header.with_suffix(".atr").is_file():
            continue
        try:
            found = _wfdb().rdann(str(header.with_suffix("")), "atr")
        except MissingExtraError:
            raise
        except Exception as error:  # as above
            raise _unreadable(header.with_suffix(".atr"), error) from error
        marks += [
            Mark(header.stem, symbol, int(sample))
            for symbol, sample in zip(found.symbol, found.sample, strict=True)
            if (symbol in wanted.classes if wanted.classes else symbol not in NO_BEATS)
        ]
    return marks


def _unreadable(path: Path, error: Exception) -> DataError:
    reason = " ".join(str(error).split()) or type(error).__name__
    return DataError(f"{path}: cannot be read as a WFDB record: {reason}; replace or drop this record")


def _wfdb() -> Any:
    try:
        import wfdb  # noqa: PLC0415
    except ImportError as error:
        raise MissingExtraError("reading WFDB records", "ecg") from error
    return wfdb
