"""Audit a classifier: play every sample, keep what flips, sum it up."""

import os
import platform
import sys
from collections.abc import Mapping, Sequence
from contextlib import closing
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from time import perf_counter
from typing import Any

from brittle.core.errors import UsageError
from brittle.store.rows import RowLog
from brittle.store.run import Run
from brittle.store.versions import versions_of
from brittle.tasks.audit.opening import Opened, known_outputs, open_audit
from brittle.tasks.audit.playing import play_samples
from brittle.tasks.audit.progress import Progress, Watch
from brittle.tasks.audit.settings import AuditSettings
from brittle.tasks.audit.setup import choose_batch, recognise
from brittle.tasks.audit.warming import warmed_up
from brittle.tasks.audit.workers import Team
from brittle.tasks.report import write_tables

HEARTBEAT = 10.0  # seconds between two notes of the time spent, so that a killed command's time counts too
MEASURED_WITH = ("brittle", "numpy", "onnxruntime", "pillow", "scipy", "torch", "wfdb")


def audit(model: Any = None, data: Any = None, *, watch: Watch | None = None, **settings: Any) -> Run:
    """Find out how little distortion flips each decision of a classifier.

    model:    a path, address or name as on the command line, a function on a NumPy batch, or a torch module.
    data:     a path or name as on the command line, or arrays (x, y) with y None where there are no labels.
    watch:    called with a Progress while the audit runs.
    settings: the fields of AuditSettings.

    The same call again finishes what is missing. Raises BrittleError with one line for the user.
    """
    named = name_objects(model, data)
    return run_audit(AuditSettings.build({**settings, **named.texts}), named.objects, watch)


def run_audit(settings: AuditSettings, objects: Mapping[str, Any], watch: Watch | None = None) -> Run:
    """One audit; objects: the model and data that are Python objects, by these names."""
    if objects and settings.workers > 1:
        raise UsageError(f"expected a {' and a '.join(objects)} by name for workers > 1, got Python objects")
    folder = settings.folder()
    opened = open_audit(settings, **objects, outputs=known_outputs(folder, settings))
    try:
        run = Run.begin(folder, opened.manifest(), opened.settings.to_text())
        with closing(run):
            _play(opened, run, watch or (lambda _: None))
    finally:
        opened.backend.close()
    return run


def _play(opened: Opened, run: Run, watch: Watch) -> None:
    """Know the model again, play what is missing, write the tables."""
    number = len(run.sessions()) + 1
    opened.backend.meter.write_to(RowLog(run.path, number).write)
    recognise(opened, run)
    _finish_samples(opened, run, number, watch)
    write_tables(run)


@dataclass(frozen=True)
class Named:
    """A model and data as settings have them (texts), and those of them that are Python objects."""

    texts: dict[str, str]
    objects: dict[str, Any]


def name_objects(model: Any, data: Any) -> Named:
    """What brittle.audit was called with, as names and objects; what was not given is in neither."""
    given = {k: v for k, v in {"model": model, "data": data}.items() if v is not None}
    texts = {k: _name(v, k) for k, v in given.items()}
    return Named(texts, {k: v for k, v in given.items() if texts[k] != str(v)})


def _name(thing: Any, kind: str) -> str:
    """How settings call a model or data: its text, or a name for a Python object."""
    if isinstance(thing, str | os.PathLike):
        return os.fspath(thing) if isinstance(thing, os.PathLike) else thing
    if kind == "data":
        return "arrays"
    return str(getattr(thing, "__qualname__", type(thing).__qualname__))


def _finish_samples(opened: Opened, run: Run, number: int, watch: Watch) -> None:
    """Play every sample that has no result yet; where all have theirs, the run is told when it finished."""
    progress = Progress(len(opened.dataset.ids), opened.settings.budget)
    done, last = set(), ""
    for result in run.results():
        done.add(result.sample)
        last = max(last, result.finished)
        progress = progress.after(result, fresh=False)
    missing = [name for name in opened.dataset.ids if name not in done]
    watch(progress)
    if not missing:
        run.was_finished = last
        if opened.backend.meter.rows.shown:  # to know the model again
            run.log({"session": number, **_environment()})
        if not (run.path / "summary.json").exists():  # ended between its last sample and its tables
            run.finish(opened.dataset.ids)
        return
    session = _Session(run, number, opened, progress, watch)
    try:
        session.warm_up()
        session.play(missing)
    finally:
        session.close()
    run.finish(opened.dataset.ids)


class _Session:
    """One time the command runs: its batch size, its progress, its line in sessions.jsonl."""

    def __init__(self, run: Run, number: int, opened: Opened, progress: Progress, watch: Watch) -> None:
        self.run, self.number, self.opened, self.progress, self.watch = run, number, opened, progress, watch
        self.start, self.noted, self.asked = perf_counter(), 0.0, 0
        self.batch = choose_batch(opened, run)
        run.log({"session": number, **_environment(), "batch": self.batch})

    def warm_up(self) -> None:
        """Let the agent learn first, where that is asked for; a warm-up that was cut short counts too."""
        if self.opened.settings.warm_up:

            def on_rows(rows: int) -> None:
                self._note_time()
                self.watch(replace(self.progress, warming=rows, seconds=self._seconds()))

            self.opened.backend.meter.purpose = "warm_up"
            self.opened = warmed_up(self.opened, self.run, on_rows)

    def play(self, names: Sequence[str]) -> None:
        """Play these samples, in this process or in several, and store each as it ends."""
        if self.opened.settings.workers > 1:
            team = Team(self.opened, self.run.path, self.number, self.batch)
            results = team.play(names, self._note)
        else:
            self.opened = self.opened.concurrent()
            results = play_samples(self.opened, names, self.run.path, self.batch, self._note)
        for result in results:
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


def _environment() -> dict[str, Any]:
    """What the numbers were measured with."""
    versions = {"python": platform.python_version(), **versions_of(*MEASURED_WITH)}
    machine = f"{platform.system()} {platform.machine()}, {os.cpu_count()} CPUs"
    return {"started": _now(), "versions": versions, "machine": machine, "command": sys.argv[1:]}


def _now() -> str:
    return datetime.now(UTC).isoformat(timespec="seconds")
