"""Which windows of which records: whole records with a label each, or beats, as a csv lists them."""

import csv
from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from brittle.core.errors import BrittleError, DataError
from brittle.data.classes import Naming, naming
from brittle.data.dataset import Wanted
from brittle.data.options import DataOptions
from brittle.data.signals import Record, SignalSet, Window, signal_set


@dataclass(frozen=True)
class Mark:
    """One labelled record, or one labelled beat of it; sample: where its R peak is, None for a record."""

    record: str
    label: str
    sample: int | None = None


def read_marks(table: Path) -> list[Mark]:
    """The rows of a csv with the columns record, label and, for beats, sample. Raises DataError."""
    try:
        with table.open(encoding="utf-8-sig", newline="") as text:
            reader = csv.DictReader(text)
            columns = tuple(reader.fieldnames or ())
            if not {"record", "label"} <= set(columns):
                raise DataError(
                    f"'{table}': expected the columns record and label (and sample, for beats), "
                    f"got {', '.join(columns)}"
                )
            rows = [{key: (value or "").strip() for key, value in row.items() if key} for row in reader]
            marks = [
                Mark(row["record"], row["label"], int(row["sample"]) if "sample" in columns else None)
                for row in rows
                if row["record"]
            ]
    except (OSError, UnicodeDecodeError, csv.Error, ValueError) as error:
        raise DataError(f"'{table}': cannot be read as comma-separated UTF-8 text: {error}") from error
    if not marks:
        raise DataError(f"'{table}': expected a row for each record or beat, got none")
    (name, sample), times = Counter((mark.record, mark.sample) for mark in marks).most_common(1)[0]
    if times > 1:
        where = name if sample is None else f"{name} at {sample}"
        raise DataError(f"'{table}': '{where}' stands in {times} rows; keep one")
    return marks


def find_table(folder: Path, options: DataOptions) -> Path | None:
    """The csv with the labels: the one that was named, or beats.csv or labels.csv of the folder, if any."""
    if options.labels is not None:
        return options.labels
    return next((p for name in ("beats.csv", "labels.csv") if (p := folder / name).is_file()), None)


def records_in(
    path: Path,
    found: Sequence[Path],
    wanted: Wanted,
    options: DataOptions,
    open_record: Callable[[Path], Record],
    annotated: Callable[[], Sequence[Mark]] = tuple,
) -> SignalSet:
    """A Dataset of the recordings found in the folder `path`, or in its class subfolders, or of `path` alone.

    Labels are those of the csv; without one, the names of the subfolders; without those, what annotated says.
    Raises DataError.
    """
    folder = path if path.is_dir() else found[0].parent
    files = {file.relative_to(folder).with_suffix("").as_posix(): file for file in found}
    if len(files) < len(found):
        raise DataError(f"'{folder}': two recordings have the same name but for their suffix; rename one")
    table = find_table(folder, options)
    marks: Sequence[Mark]
    if table:
        marks = [mark for mark in read_marks(table) if path.is_dir() or mark.record in files]
    elif found[0].parent != folder:
        marks = [Mark(record, file.parent.name) for record, file in files.items()]
    else:
        marks = annotated()
    return record_set(path.resolve().stem, marks, files, wanted, options, open_record, f"'{table or folder}'")


def record_set(
    name: str,
    marks: Sequence[Mark],
    files: Mapping[str, Path],
    wanted: Wanted,
    options: DataOptions,
    open_record: Callable[[Path], Record],
    source: str,
) -> SignalSet:
    """A Dataset of marked records or beats; of all records where nothing is marked. Raises DataError.

    source: where the marks stand, for errors.
    """
    if not marks:
        windows = unlabelled_windows(files, wanted, options, open_record)
        return signal_set(name, windows, wanted, options, open_record)
    found, classes = labelled_windows(marks, files, wanted, options, open_record, source)
    return signal_set(name, found, wanted, options, open_record, classes)


def labelled_windows(
    marks: Sequence[Mark],
    files: Mapping[str, Path],
    wanted: Wanted,
    options: DataOptions,
    open_record: Callable[[Path], Record],
    source: str,
) -> tuple[list[Window], tuple[str, ...] | None]:
    """Windows of marked records or beats, and the class names that the labels gave.

    Beats come in turn from every record and class, so that the first few are a fair choice.
    """
    labels = naming((mark.label for mark in marks), wanted, source)
    if not any(mark.record in files for mark in marks):
        raise DataError(f"{source}: none of its {len(marks)} records exists, such as '{marks[0].record}'")
    beats = [mark for mark in marks if mark.sample is not None]
    if beats:
        return _beats(beats, files, labels, wanted, options, open_record), labels.classes
    windows: list[Window] = []
    for mark in marks:
        windows += _of_record(mark, files.get(mark.record), labels, wanted, options, open_record)
    return windows, labels.classes


def unlabelled_windows(
    files: Mapping[str, Path], wanted: Wanted, options: DataOptions, open_record: Callable[[Path], Record]
) -> list[Window]:
    """Windows of all records; the model's own answers are what must flip."""
    return [
        window
        for name, path in files.items()
        for window in _of_record(Mark(name, ""), path, None, wanted, options, open_record)
    ]


def _of_record(
    mark: Mark,
    path: Path | None,
    labels: Naming | None,
    wanted: Wanted,
    options: DataOptions,
    open_record: Callable[[Path], Record],
) -> Iterable[Window]:
    """The first windows of one record, side by side; at least one, which may prove too short."""
    label = labels.index.get(mark.label) if labels else None
    problem = labels.unknown.get(mark.label, "") if labels else ""
    if path is None:
        return [
            Window(mark.record, Path(mark.record), problem="no such record; put it there or drop its row")
        ]
    if options.windows == 1 or problem or wanted.shape is None or wanted.shape[-1] is None:
        return [Window(mark.record, path, 0.0, label, problem)]
    try:
        record = open_record(path)
    except DataError as error:
        return [Window(mark.record, path, 0.0, label, str(error))]
    length = wanted.shape[-1] / (options.sampling_rate or record.rate)
    count = max(1, min(options.windows, int(record.samples / record.rate / length)))
    return [
        Window(f"{mark.record}-{round(1000 * k * length)}ms", path, k * length, label) for k in range(count)
    ]


def _beats(
    beats: Sequence[Mark],
    files: Mapping[str, Path],
    labels: Naming,
    wanted: Wanted,
    options: DataOptions,
    open_record: Callable[[Path], Record],
) -> list[Window]:
    length = wanted.shape[-1] if wanted.shape else None
    if length is None:
        raise DataError("beats are cut as long as the model's input, but the model takes any length")
    before = options.beat_at if options.beat_at is not None else (length - 1) // 3
    rates: dict[str, float] = {}
    turns: defaultdict[tuple[str, str], int] = defaultdict(int)
    windows: list[tuple[int, Window]] = []
    for beat in beats:
        id, path, problem = f"{beat.record}-{beat.sample}", files.get(beat.record), ""
        if path is None:
            path, problem = Path(beat.record), "no such record; put it there or drop its rows"
        elif beat.record not in rates:
            try:
                rates[beat.record] = open_record(path).rate
            except BrittleError as error:
                if not isinstance(error, DataError):
                    raise
                rates[beat.record] = float("nan")
        rate = rates.get(beat.record, 1.0)
        start = (beat.sample or 0) / rate - before / (options.sampling_rate or rate)
        turn = turns[beat.record, beat.label]
        turns[beat.record, beat.label] += 1
        problem = problem or labels.unknown.get(beat.label, "")
        windows.append((turn, Window(id, path, start, labels.index.get(beat.label), problem)))
    return [window for _, window in sorted(windows, key=lambda one: one[0])]
