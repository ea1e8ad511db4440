"""The run as a whole: its lines together, its folder, and the tables that are derived from its results."""

import csv
import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from math import isclose
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from brittle.core.errors import RunError
from brittle.core.result import SearchResult, Status
from brittle.report.explain.summary import explanation_summary
from brittle.report.explain.tables import EXPLANATION_COLUMNS, write_explanation_csv
from brittle.report.summary import summary_of
from brittle.report.tables import COLUMNS, write_csv
from brittle.store.archive import file_name
from brittle.store.explanations import PLACE
from brittle.store.run import Run
from brittle.tasks.explain.opening import SHOWN
from brittle.tasks.verify.check import LINES, Check, first
from brittle.tasks.verify.explanations import stray_files
from brittle.tasks.verify.question import Asked, Question

SUMMARY, TABLE, PAGE = "summary.json", "results.csv", "report.html"
OWN_FILES = re.compile(
    r"(run|summary|agent)\.json|settings\.yaml|(sessions|results|rows)\.jsonl|flips|answers\.sqlite(-wal|-shm)?"
    r"|agent\.safetensors|explanations|shown|pictures|masks|trail|curves|results\.csv|report\.html|lock|seal\.sha256|regulator\.(html|pdf)"
    r"|.+\.part"
)
TIMES = ("seconds", "rows_per_second")
STORED = re.compile(r"[-.](original|first|closest)\.[^.]+$")
"""The end of a name in flips/, after that of its sample."""


class Roll:
    """Which samples and files the lines of a run have named so far."""

    def __init__(self) -> None:
        self.samples: set[str] = set()
        self.stems: set[str] = set()
        self.failed = 0
        self._owner: dict[str, str] = {}

    @property
    def flips(self) -> int:
        """How many different files of flips were named."""
        return len(self._owner)

    def faults(self, result: SearchResult) -> Iterator[str]:
        """Note a line: whether another one has its sample, or a file of it."""
        name, again = result.sample, result.sample in self.samples
        self.samples.add(name)
        self.stems.add(file_name(name))
        self.failed += result.status is Status.FAILED and result.predicted is not None
        files = {flip.file for flip in (result.first, result.closest) if flip}
        self.stems |= {STORED.sub("", file.removeprefix("flips/")) for file in files}
        owners = {file: self._owner.setdefault(file, name) for file in sorted(files)}
        if again:
            yield "it has two lines"
        for file, owner in owners.items():
            if owner != name:
                yield f"its file {file} is that of {owner} too"


def is_finished(run: Run) -> bool:
    """Whether a run claims to be whole: it has tables, which are written when every sample has its line."""
    return any((run.path / name).exists() for name in (SUMMARY, TABLE, PAGE))


def other_files(run: Run) -> list[str]:
    """What lies in the run folder and is none of its files; at most three."""
    names = sorted(path.name for path in run.path.iterdir())
    return [name for name in names if not OWN_FILES.fullmatch(name)][:3]


def run_checks(run: Run, question: Question, roll: Roll, samples: int | None) -> Iterator[Check]:
    """Checks of a finished run as a whole. samples: how many the data have, None where they are not here."""
    yield Check("", LINES, first(_count_faults(question, roll.samples, samples)))
    yield Check("", SUMMARY, first(summary_faults(run, summary_of(run).to_dict())))
    yield Check("", TABLE, first(_table_faults(run, question)))
    yield Check("", "flips", first(_stray_files(run, roll)))


def explanation_checks(run: Run, asked: Asked, samples: set[str]) -> Iterator[Check]:
    """Checks of a finished explanation as a whole."""
    yield Check("", LINES, first(_count_faults(asked, samples, None)))
    yield Check("", SUMMARY, first(summary_faults(run, explanation_summary(run).to_dict())))
    yield Check("", TABLE, first(_explanation_table_faults(run, asked)))
    yield Check("", f"{PLACE}, {SHOWN}", first(stray_files(run, samples)))


def _count_faults(question: Asked, names: set[str], samples: int | None) -> Iterator[str]:
    lines, asked = len(names), question.data.samples
    if lines != asked:
        yield f"it has lines of {lines} samples, run.json asks for {asked}"
    if samples is not None and samples != asked:
        yield f"run.json asks for {asked} samples, the data have {samples}"


def summary_faults(run: Run, again: Mapping[str, Any]) -> Iterator[str]:
    """How summary.json is not what the lines say, which is told again."""
    if not (run.path / SUMMARY).exists():
        yield "it is missing; brittle report writes it again"
        return
    found = {name: value for name, value in again.items() if name not in TIMES}
    yield from _differences("", run.summary(), found)


def _differences(name: str, told: Any, found: Any) -> Iterator[str]:
    """Where what is told is not what is found; an earlier brittle may not have told all of it."""
    if isinstance(found, Mapping) and isinstance(told, Mapping):
        for key in [key for key in found if key in told]:
            yield from _differences(f"{name}.{key}" if name else key, told[key], found[key])
    elif isinstance(found, list) and isinstance(told, list) and len(found) == len(told):
        for one, other in zip(told, found, strict=True):
            yield from _differences(name, one, other)
    elif isinstance(found, float) and isinstance(told, float | int):
        if not isclose(told, found, rel_tol=1e-9):
            yield f"{name} is {told}, {LINES} says {found}"
    elif told != found:
        yield f"{name} is {told}, {LINES} says {found}"


def _table_faults(run: Run, question: Question) -> Iterator[str]:
    """results.csv, row by row, against the one that the results make."""
    yield from _rows_faults(run, COLUMNS, lambda path: write_csv(run.results(), path, question.model.classes))


def _explanation_table_faults(run: Run, asked: Asked) -> Iterator[str]:
    def write(path: Path) -> None:
        write_explanation_csv(run.explanations(), path, asked.model.classes)

    yield from _rows_faults(run, EXPLANATION_COLUMNS, write)


def _rows_faults(run: Run, columns: Sequence[str], write: Callable[[Path], None]) -> Iterator[str]:
    told = _rows(run.path / TABLE)
    with TemporaryDirectory() as folder:
        write(Path(folder, TABLE))
        found = _rows(Path(folder, TABLE))
    if len(told) != len(found):
        yield f"it has {len(told)} rows, {LINES} has {len(found)} lines"
    for one, other in zip(told, found, strict=False):
        for column in columns:
            if one.get(column) != other[column]:
                yield f"{column} of {other['sample']} is {one.get(column)}, {LINES} says {other[column]}"


def _rows(path: Path) -> list[dict[str, str]]:
    try:
        with path.open(encoding="utf-8", newline="") as file:
            return list(csv.DictReader(file))
    except FileNotFoundError:
        raise RunError("it is missing; brittle report writes it again") from None
    except (OSError, UnicodeDecodeError, csv.Error) as error:
        raise RunError(f"it cannot be read: {error}") from error


def _stray_files(run: Run, roll: Roll) -> Iterator[str]:
    """Files that are of no sample; a candidate that was no flip when asked alone may lie beside the flips."""
    folder = run.path / "flips"
    for path in sorted(folder.iterdir()) if folder.is_dir() else ():
        if path.suffix != ".part" and STORED.sub("", path.name) not in roll.stems:
            yield f"{path.name} is of no sample"
