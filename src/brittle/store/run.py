"""A run is a folder that can be continued.

run.json         what is asked: settings, model, data, cells, palette
settings.yaml    the settings alone, for --config
sessions.jsonl   every time the command ran: versions, machine, batch, seconds
rows.jsonl       what the model was shown, up to date with every batch
results.jsonl    one line a sample, appended as it ends; in the order of the samples once all are done
flips/           inputs that flip, and their originals
trail/           of an audit with --keep-trail: how each sample was played, to be replayed
explanations/, shown/   of brittle explain: maps; untouched samples, fills, what suffices and what flips
pictures/, masks/       of brittle explain: samples under their maps; what suffices, as masks
answers.sqlite   every answer, with --keep-answers
agent.safetensors, agent.json   the agent after its warm-up, with --warm-up
curves/          of an audit with --curves: a run of its own, see tasks/audit/curves.py
live/            of a run that somebody watches, until it ends; see live.py
console.txt      what a command said that was started from a page
summary.json, results.csv, report.html   written when all samples are done
"""

import re
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any, TypeVar

from filelock import FileLock, Timeout
from pydantic import BaseModel

from brittle.core.curve_run import CurveResult
from brittle.core.errors import RunError
from brittle.core.explanation import Explanation
from brittle.core.hard_result import HardResult
from brittle.core.paths import exists, inside, is_file
from brittle.core.result import SearchResult
from brittle.core.rows import Rows
from brittle.store import rows
from brittle.store.curve_lines import CurveSummaryFile, curve_text, read_curve
from brittle.store.explanations import explanation_text, read_explanation
from brittle.store.files import append_line, clear_disk_errors, drop_half_line, whole_file, write_whole
from brittle.store.hard_lines import hard_text, read_hard
from brittle.store.manifest import Manifest, differences
from brittle.store.records import (
    ExplainSummaryFile,
    RowLine,
    SessionLine,
    SummaryFile,
    loaded,
    read_record,
    read_result,
    result_text,
    session_text,
)

R = TypeVar("R")


class Run:
    """One run folder. Open it to read, begin it to write; see the functions of the same names.

    was_finished: when, in ISO form, if the command that began it found nothing left to play; else "".
    """

    def __init__(self, path: Path, manifest: Manifest) -> None:
        self.path, self.manifest = path, manifest
        self.was_finished = ""
        self._lock = FileLock(path / "lock")

    @classmethod
    def open(cls, path: str | Path) -> "Run":
        """A run that exists, for reading. Raises RunError."""
        path = Path(path)
        if not is_file(path / "run.json"):
            raise RunError(f"expected a run folder with run.json, got {path}; brittle audit --out makes one")
        return cls(path, Manifest.from_json(read_text(path / "run.json")))

    @classmethod
    def begin(cls, path: str | Path, manifest: Manifest, settings: str) -> "Run":
        """Start a run, or continue the same one; locked until closed. settings: text of settings.yaml.

        Raises RunError if the folder holds something else, another command's run, or is in use.
        """
        path = Path(path)
        if "\0" in str(path):
            raise RunError(f"expected the name of a folder, got {str(path)!r}; choose another --out")
        with clear_disk_errors(path):
            foreign = path.exists() and not path.is_dir()
            if not foreign and path.is_dir() and not (path / "run.json").exists():
                foreign = any(
                    p.name not in ("lock", "settings.yaml", "console.txt") and p.suffix != ".part"
                    for p in path.iterdir()
                )
            if foreign:
                raise RunError(
                    f"expected a new or a run's folder, but {path} holds other files; choose another --out"
                )
            path.mkdir(parents=True, exist_ok=True)
        run = cls(path, manifest)
        run._take()
        try:
            run._claim(settings)
        except BaseException:
            run.close()
            raise
        return run

    def _take(self) -> None:
        lock = self.path / "lock"
        with clear_disk_errors(lock):
            try:
                self._lock.acquire(timeout=0.1, poll_interval=0.02)  # who looks holds it for a moment
            except Timeout:
                raise RunError(
                    f"{self.path} is in use by another brittle; wait for it or choose another --out"
                ) from None

    def _claim(self, settings: str) -> None:
        if (self.path / "run.json").exists():
            old = Run.open(self.path).manifest
            found = differences(old, self.manifest)
            if found:
                raise RunError(
                    f"{self.path} belongs to a different command: {'; '.join(found)}; choose another --out"
                )
            drop_half_line(self.path / "results.jsonl")
            drop_half_line(self.path / "sessions.jsonl")
            drop_half_line(self.path / rows.FILE)
        else:
            write_whole(self.path / "settings.yaml", settings)
            write_whole(self.path / "run.json", self.manifest.to_json())

    def close(self) -> None:
        """Let others continue this run."""
        self._lock.release()

    def results(self) -> Iterator[SearchResult]:
        """Every finished sample of an audit, read line by line. Raises RunError at a damaged one."""
        return self._results("audit", read_result)

    def explanations(self) -> Iterator[Explanation]:
        """Every explained sample, read line by line. Raises RunError at a damaged one."""
        return self._results("explain", read_explanation)

    def hard_results(self) -> Iterator[HardResult]:
        """Every finished sample of a phase of a benchmark. Raises RunError at a damaged one."""
        return self._results("benchmark", read_hard)

    def curve_results(self) -> Iterator[CurveResult]:
        """Every finished sample of severity curves. Raises RunError at a damaged one."""
        return self._results("curves", read_curve)

    def finished(
        self,
    ) -> Iterator[SearchResult] | Iterator[Explanation] | Iterator[HardResult] | Iterator[CurveResult]:
        """Every finished sample, of whatever was asked for. Raises RunError at a damaged one."""
        if self.manifest.verb == "benchmark":
            return self.hard_results()
        if self.manifest.verb == "curves":
            return self.curve_results()
        return self.explanations() if self.manifest.verb == "explain" else self.results()

    def _results(self, verb: str, read: Callable[[str, str], R]) -> Iterator[R]:
        if self.manifest.verb != verb:
            raise RunError(f"expected the run of brittle {verb}, but {self.path} is of {self.manifest.verb}")
        path = self.path / "results.jsonl"
        for number, line in enumerate(_lines(path), 1):
            try:
                yield read(line, f"line {number} of {path}")
            except RunError as error:
                raise RunError(f"{error}; remove that line and run the same command again") from error

    def append(self, result: SearchResult | Explanation | HardResult | CurveResult) -> None:
        """Store one finished sample. Raises DiskError."""
        if isinstance(result, HardResult):
            text = hard_text(result)
        elif isinstance(result, CurveResult):
            text = curve_text(result)
        else:
            text = explanation_text(result) if isinstance(result, Explanation) else result_text(result)
        append_line(self.path / "results.jsonl", text)

    def finish(self, order: Sequence[str]) -> None:
        """Put the lines of results.jsonl into the order of the samples, one line each."""
        path, place = self.path / "results.jsonl", {name: i for i, name in enumerate(order)}
        at: dict[int, int] = {}
        with path.open("rb") as file, clear_disk_errors(path):
            start = 0
            for line in file:
                sample = loaded(line.decode("utf-8"), str(path)).get("sample")
                if sample not in place:
                    raise RunError(f"{path} has a sample '{sample}' that the data have not; remove its line")
                at[place[sample]] = start
                start += len(line)
            with whole_file(path) as out:
                for number in sorted(at):
                    file.seek(at[number])
                    out.write(file.readline())

    def log(self, session: dict[str, Any]) -> None:
        """Add to sessions.jsonl; lines of one `session` number are read as one."""
        append_line(self.path / "sessions.jsonl", session_text(session))

    def sessions(self) -> list[dict[str, Any]]:
        """Every time the command ran on this folder: versions, machine, batch, seconds, and its rows."""
        merged: dict[int, dict[str, Any]] = {}
        path = self.path / "sessions.jsonl"
        for number, line in enumerate(_lines(path), 1):
            found = read_record(SessionLine, line, f"line {number} of {path}")
            merged.setdefault(found.session, {}).update(found.model_dump(exclude_unset=True))
        for number, shown in self._rows().items():
            counts = {"rows": shown.asked, "setup_rows": shown.setup, "warm_up_rows": shown.warm_up}
            counts |= {"retried_rows": shown.retried, "looked_up": shown.looked_up}
            merged.setdefault(number, {"session": number}).update(counts)
        return [merged[n] for n in sorted(merged)]

    def rows(self) -> Rows:
        """What the model was shown, by all commands on this folder."""
        total = Rows()
        for session in self.sessions():
            asked, looked_up = session.get("rows") or 0, session.get("looked_up") or 0
            total += Rows(
                setup=session.get("setup_rows") or 0,
                warm_up=session.get("warm_up_rows") or 0,
                samples=asked - looked_up,
                retried=session.get("retried_rows") or 0,
                looked_up=looked_up,
            )
        return total

    def _rows(self) -> dict[int, Rows]:
        """What rows.jsonl counts, by session."""
        found: dict[int, Rows] = {}
        path = self.path / rows.FILE
        for number, text in enumerate(_lines(path), 1):
            line = read_record(RowLine, text, f"line {number} of {path}")
            counts = Rows(**line.model_dump(exclude={"format", "session"}))
            found[line.session] = found.get(line.session, Rows()) + counts
        return found

    def summary(self) -> dict[str, Any]:
        """Contents of summary.json. Raises RunError if the run has not finished."""
        path = self.path / "summary.json"
        if not path.exists():
            raise RunError(f"{self.path} has not finished; run the same command again to finish it")
        kinds: dict[str, type[BaseModel]] = {"explain": ExplainSummaryFile, "curves": CurveSummaryFile}
        kind = kinds.get(self.manifest.verb, SummaryFile)
        return read_record(kind, read_text(path), str(path)).model_dump(mode="json", exclude_unset=True)

    def write(self, file: str, data: bytes | str) -> Path:
        """Write one file of the run at once. Raises DiskError."""
        write_whole(self.path / file, data)
        return self.path / file

    def read(self, file: str) -> bytes:
        """One file of the run. Raises RunError if it is missing or outside of the run folder."""
        path = self.path / file
        found = inside(self.path, file)
        if found is None or (exists(found) and not is_file(found)):  # a pipe or device would never end
            raise RunError(f"{path} is no plain file inside the run folder; it is not read")
        try:
            return found.read_bytes()
        except OSError as error:
            reason = error.strerror or str(error)
            raise RunError(f"{path} cannot be read: {reason}; the run is incomplete") from error

    def original(self, result: SearchResult) -> str:
        """The file of the untouched input of a flipped sample."""
        if result.first is None:
            raise RunError(f"{result.sample} did not flip, so its original is not kept in the run")
        return re.sub(r"([.-])first(\.\w+)$", r"\1original\2", result.first.file)


def _lines(path: Path) -> Iterator[str]:
    """The whole lines of a file, if it is there. Raises RunError where it cannot be read as text."""
    if not path.exists():
        return
    try:
        with path.open(encoding="utf-8") as file:
            for line in file:
                if line.endswith("\n") and line.strip():
                    yield line.rstrip("\n")
    except (OSError, UnicodeDecodeError) as error:
        raise RunError(f"{path} cannot be read: {error}; the run is damaged") from error


def read_text(path: Path) -> str:
    """A text file of a run. Raises RunError where it cannot be read."""
    try:
        return path.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise RunError(f"{path} cannot be read: {error}; the run is damaged") from error
