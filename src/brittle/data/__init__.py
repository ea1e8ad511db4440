"""Readers of samples: images in folders, records of signals, .npz or arrays, and the built-in sets."""

from pathlib import Path

from brittle.core.errors import DataError
from brittle.core.registry import Registry
from brittle.data.dataset import Dataset, Reader, Source, Wanted
from brittle.data.options import DataOptions

__all__ = ["DATA", "DataOptions", "Dataset", "Reader", "Source", "Wanted", "open_data"]

# The first reader that a source fits opens it, so the more particular ones stand first.
DATA = Registry(
    "data reader",
    "brittle.data",
    {
        "photos": "brittle.data.photos:Photos",
        "ecg5000": "brittle.data.ecg5000:Ecg5000",
        "camera": "brittle.data.camera:Camera",
        "wfdb": "brittle.data.wfdb:Wfdb",
        "edf": "brittle.data.edf:Edf",
        "tables": "brittle.data.tables:Tables",
        "parquet": "brittle.data.parquet:Parquet",
        "labels": "brittle.data.labels:Labels",
        "imagefolder": "brittle.data.imagefolder:ImageFolder",
        "folder": "brittle.data.folder:Folder",
        "loose": "brittle.data.loose:Loose",
        "npz": "brittle.data.npz:Npz",
        "maite": "brittle.data.maite:Maite",
    },
)

DEFAULTS = DataOptions()
EXPECTED = (
    "expected a folder of class subfolders, a folder with labels.csv or metadata.csv, image files, clips, "
    "parquet of images, WFDB records (.hea), EDF recordings, csv tables of signals, an .npz with x and y, "
    "'photos', 'ecg5000' or 'camera'"
)


def open_data(
    data: Source,
    wanted: tuple[int | None, ...] | None = None,
    classes: tuple[str, ...] | None = None,
    outputs: int | None = None,
    options: DataOptions = DEFAULTS,
) -> Dataset:
    """Open samples for a model; no sample is read before it is asked for.

    data:    a path, arrays (x, y) with y or None, or "photos", "ecg5000", "camera" (a folder so called is
             "./photos").
    wanted:  the model's input shape, channel first, None where a side is free.
    classes: the model's class names. outputs: how many classes it answers.
    Raises DataError if nothing there can be read or it does not fit the model.
    """
    if outputs is None and classes is not None:
        outputs = len(classes)
    try:
        for name in DATA.names():
            reader: Reader = DATA.load(name)()
            if reader.fits(data, options):
                return reader(data, Wanted(wanted, classes, outputs), options)
        raise DataError(_why_not(data))
    except OSError as error:
        raise DataError(f"'{data}' cannot be read: {error.strerror or error}") from error


def _why_not(data: Source) -> str:
    if not isinstance(data, str | Path):
        return f"{EXPECTED}, or arrays (x, y); got a {type(data).__name__}"
    path = Path(data).expanduser()
    if not path.exists():
        return f"no such file or folder: '{data}'; {EXPECTED}"
    if path.is_dir():
        return f"no images or clips in '{data}' or its subfolders; {EXPECTED}"
    return f"cannot tell what '{data}' is; {EXPECTED}"
