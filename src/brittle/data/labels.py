"""A folder of images or clips with a labels.csv."""

import csv
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path, PurePath

from brittle.core.errors import DataError
from brittle.core.paths import is_file
from brittle.data.classes import Naming, naming
from brittle.data.dataset import Dataset, Source, Wanted, path_of, refuse_twice
from brittle.data.files import MediaFile
from brittle.data.media import media_of
from brittle.data.options import DataOptions

COLUMNS = ("file", "label")


class Labels:
    """A folder with labels.csv (columns file, label), or that csv itself; labels are names or indices."""

    def fits(self, source: Source, options: DataOptions) -> bool:
        """Whether there is such a csv, or the user named one."""
        path = path_of(source)
        if path is None:
            return options.labels is not None
        is_csv = path.suffix.lower() == ".csv" and path.is_file()
        return options.labels is not None or is_csv or (path / "labels.csv").is_file()

    def __call__(self, source: Source, wanted: Wanted, options: DataOptions) -> Dataset:
        """Open it. Samples are called as the column file says, in the order of the rows."""
        path = path_of(source)
        if path is None or not path.exists() or (path.is_file() and options.labels is not None):
            got = f"'{source}'" if path is not None else "arrays"
            raise DataError(f"expected a folder of images or clips to go with labels, got {got}")
        table = options.labels or (path if path.is_file() else path / "labels.csv")
        folder = path.parent if path.is_file() else path
        places = [base / sub for base in (folder, table.parent) for sub in ("", "images")]
        rows = _rows(table)
        labels = naming((row.label for row in rows), wanted, f"'{table}'")
        files = [_file(row, places, labels) for row in rows]
        if not any(is_file(file.path) for file in files):
            raise DataError(
                f"'{table}': none of its {len(files)} files exists, such as '{files[0].id}'; "
                f"they are looked for in '{folder}' and its subfolder images"
            )
        media = media_of((file.path for file in files), wanted)
        return media.open_set(folder.resolve().name, files, wanted, options, labels.classes)


@dataclass(frozen=True)
class Row:
    """One row of the csv, as it is written there."""

    file: str
    label: str


def _rows(table: Path) -> list[Row]:
    try:
        with table.open(encoding="utf-8-sig", newline="") as text:
            reader = csv.DictReader(text)
            columns = tuple(reader.fieldnames or ())
            if not set(COLUMNS) <= set(columns):
                raise DataError(f"'{table}': expected the columns file and label, got {', '.join(columns)}")
            found = [((row["file"] or "").strip(), (row["label"] or "").strip()) for row in reader]
    except (OSError, ValueError, csv.Error) as error:
        raise DataError(f"'{table}': cannot be read as comma-separated UTF-8 text: {error}") from error
    rows = [Row(PurePath(file).as_posix(), label) for file, label in found if file]
    if not rows:
        raise DataError(f"'{table}': expected a row for each file, got none")
    refuse_twice((row.file for row in rows), table)
    return rows


def _file(row: Row, places: Iterable[Path], labels: Naming) -> MediaFile:
    paths = [place / row.file for place in places]
    path = next((path for path in paths if is_file(path)), paths[0])
    return MediaFile(row.file, path, labels.index.get(row.label), labels.unknown.get(row.label, ""))
