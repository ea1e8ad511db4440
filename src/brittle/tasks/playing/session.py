"""One time that a command runs on a run: what is missing is played, what is found is kept."""

import os
import platform
import sys
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from time import perf_counter
from typing import Any

from brittle.store.live import clear
from brittle.store.manifest import stored_answers
from brittle.store.rows import RowLog
from brittle.store.run import Run
from brittle.store.versions import versions_of
from brittle.tasks.playing.engines import Job, open_engine
from brittle.tasks.playing.engines.engine import Open
from brittle.tasks.playing.engines.worker import MEASURED_WITH
from brittle.tasks.playing.opened import Opened
from brittle.tasks.playing.progress import Progress, Watch
from brittle.tasks.playing.setup import choose_batch, recognise

HEARTBEAT = 10.0  # seconds between two notes of the time spent, so that a killed command's time counts too

Prepare = Callable[[Any, Run, Callable[[int], None]], Any]
"""What is done with what was opened before samples are played: told the run, and whom to tell of rows."""


@dataclass(frozen=True)
class Verb:
    """How a verb plays its samples. open: in workers; prepare: before; tables: what is written after."""

    open: Open
    tables: Callable[[Run], None]
    prepare: Prepare | None = None


def finish_run(verb: Verb, opened: Opened, run: Run, watch: Watch) -> None:
    """Know the model again, play what is missing, write the tables."""
    number = len(run.sessions()) + 1
    opened.backend.meter.write_to(RowLog(run.path, number).write)
    recognise(opened, run)
    _finish_samples(verb, opened, run, number, watch)
    verb.tables(run)


def _finish_samples(verb: Verb, opened: Opened, run: Run, number: int, watch: Watch) -> None:
    """Play every sample that has no result yet; where all have theirs, the run is told when it finished."""
    progress = Progress(len(opened.names), opened.settings.budget)
    done, last = set(), ""
    for result in run.finished():
        done.add(result.sample)
        last = max(last, result.finished)
        progress = progress.after(result, fresh=False)
    missing = [name for name in opened.names if name not in done]
    watch(progress)
    if not missing:
        run.was_finished = last
        if opened.backend.meter.rows.shown:  # to know the model again
            run.log({"session": number, **_environment(opened.backend.device)})
        if not (run.path / "summary.json").exists():  # ended between its last sample and its tables
            run.finish(opened.names)
        return
    clear(run.path)  # what a killed command left for who watched
    session = _Session(verb, run, number, opened, progress, watch)
    try:
        session.prepare()
        session.play(missing)
    finally:
        session.close()
        clear(run.path)
    run.finish(opened.names)


class _Session:
    """One time the command runs: its batch size, its progress, its line in sessions.jsonl."""

    def __init__(
        self, verb: Verb, run: Run, number: int, opened: Opened, progress: Progress, watch: Watch
    ) -> None:
        self.verb, self.run, self.number, self.opened, self.progress, self.watch = (
            verb,
            run,
            number,
            opened,
            progress,
            watch,
        )
        self.start, self.noted, self.asked = perf_counter(), 0.0, 0
        self.batch = choose_batch(opened, run)
        run.log({"session": number, **_environment(opened.backend.device), "batch": self.batch})

    def prepare(self) -> None:
        """What the verb does before samples are played; rows that it shows are noted as they go."""
        if self.verb.prepare:

            def on_rows(rows: int) -> None:
                self._note_time()
                self.watch(replace(self.progress, warming=rows, seconds=self._seconds()))

            self.opened = self.verb.prepare(self.opened, self.run, on_rows)

    def play(self, names: Sequence[str]) -> None:
        """Play these samples where the settings say, and store each as it ends."""
        known = stored_answers(self.run.manifest) or ()  # to the identity rows
        opened = replace(self.opened, answers=any(answer for answer in known))
        engine = open_engine(Job(opened, self.verb.open, self.run.path, self.number, self.batch))
        self.opened = engine.opened
        for result in engine.play(names, self._note):
            self.run.append(result)
            self._tell(self.progress.after(result))

    def _note(self, asked: int) -> None:
        """After every batch: tell the watcher, and now and then the run folder."""
        self.asked = asked
        self._note_time()
        self._tell(self.progress)

    def _note_time(self) -> None:
        if self._seconds() - self.noted > HEARTBEAT:
            self.noted = self._seconds()
            self.run.log({"session": self.number, "seconds": self.noted})

    def _tell(self, progress: Progress) -> None:
        self.progress = replace(progress, rows=self.asked, seconds=self._seconds())
        self.watch(self.progress)

    def _seconds(self) -> float:
        return round(perf_counter() - self.start, 3)

    def close(self) -> None:
        """Write down how this time ended."""
        end: dict[str, Any] = {"finished": _now(), "seconds": self._seconds()}
        if self.opened.model.output:
            end["output"] = f"{self.opened.model.output}, {self.opened.model.output_source}"
        self.run.log({"session": self.number, **end})


def _environment(device: str | None) -> dict[str, Any]:
    """What the numbers were measured with."""
    versions = {"python": platform.python_version(), **versions_of(*MEASURED_WITH)}
    machine = f"{platform.system()} {platform.machine()}, {os.cpu_count()} CPUs"
    if device == "cuda":
        machine += ", model on a GPU"
    return {"started": _now(), "versions": versions, "machine": machine, "command": sys.argv[1:]}


def _now() -> str:
    return datetime.now(UTC).isoformat(timespec="seconds")
