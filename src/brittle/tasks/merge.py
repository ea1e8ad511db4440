"""Unite the runs of all shards into the whole run that they are parts of."""

import shutil
from collections.abc import Iterator, Sequence
from contextlib import closing
from dataclasses import dataclass, fields
from itertools import chain, zip_longest
from pathlib import Path
from stat import S_ISREG
from typing import Any

import yaml

from brittle.core.errors import RunError, UsageError
from brittle.core.identity import changed_answer
from brittle.core.rows import Rows
from brittle.store.files import clear_disk_errors, refuse_link, whole_file
from brittle.store.manifest import Manifest, NamedData, differences, stored_answers
from brittle.store.rows import RowLog
from brittle.store.run import Run
from brittle.tasks.playing.settings import shard_of
from brittle.tasks.report import rewrite_report

KEPT = ("flips", "explanations", "shown", "trail")
"""Folders of a run with what samples left; the others are written again."""
RESULTS = "results.jsonl"


@dataclass(frozen=True)
class _Shard:
    """The run of shard `number` of `of`, and the run that it is a part of."""

    run: Run
    number: int
    of: int
    whole: Manifest

    @classmethod
    def open(cls, path: str | Path) -> "_Shard":
        """Raises RunError, UsageError for what is no shard."""
        run = Run.open(path)
        told = run.manifest
        try:
            number, of = shard_of(str(told.settings.get("shard")))
        except ValueError:
            number = of = 0
        if told.verb not in ("audit", "explain") or not of:
            raise UsageError(f"expected the run of a shard, got {path}, which is a whole run; leave it out")
        settings = {name: value for name, value in told.settings.items() if name != "shard"}
        return cls(run, number, of, told.model_copy(update={"settings": settings}))

    @property
    def name(self) -> str:
        """As it was asked for."""
        return f"shard {self.number}/{self.of}"

    def lines(self) -> list[bytes]:
        """Its results, checked to be all. Raises RunError."""
        samples = NamedData.model_validate(self.whole.data).samples
        wanted = len(range(self.number - 1, samples, self.of))
        found = sum(1 for _ in self.run.finished())
        if found != wanted:
            raise RunError(
                f"{self.run.path}: {self.name} has {found} of {wanted} samples; run its command again"
            )
        return self.run.read(RESULTS).splitlines(keepends=True) if wanted else []


def merge(runs: Sequence[str | Path], out: str | Path) -> Run:
    """The whole run of all its shards, as one command would have made it, times apart.

    runs: folders of `brittle audit --shard I/N`, or explain, for every I. out: a new folder.
    Raises UsageError or RunError with one line: for a shard that is missing, twice there, unfinished, or of
    another command.
    """
    shards = _ordered([_Shard.open(path) for path in runs])
    lines = [shard.lines() for shard in shards]
    out = Path(out)
    if out.exists() and (not out.is_dir() or any(out.iterdir())):
        raise RunError(f"expected a new folder for the whole run, but there is {out}; choose another --out")
    with closing(Run.begin(out, shards[0].whole, _settings(shards[0].run, out))) as run:
        for shard in shards:
            _copy_files(shard, run.path)
        _add_sessions(shards, run)
        with whole_file(run.path / RESULTS) as file:
            for line in chain.from_iterable(zip_longest(*lines, fillvalue=b"")):
                file.write(line)
    rewrite_report(run.path)
    return run


def _ordered(shards: Sequence[_Shard]) -> list[_Shard]:
    """All shards by their numbers. Raises UsageError or RunError where one is missing or foreign."""
    if not shards:
        raise UsageError("expected the folders of all shards, got none")
    first, by_number = shards[0], dict[int, _Shard]()
    for shard in shards:
        found = differences(first.whole, shard.whole)
        if shard.of != first.of:
            found = [f"it is {shard.name}, the first is {first.name}"]
        if found:
            raise RunError(
                f"{shard.run.path} is no shard of the same run as {first.run.path}: {'; '.join(found)}"
            )
        if shard.number in by_number:
            raise UsageError(
                f"{shard.name} is there twice: {by_number[shard.number].run.path} and {shard.run.path}"
            )
        _refuse_other_answers(first, shard)
        by_number[shard.number] = shard
    missing = [number for number in range(1, min(first.of, len(shards) + 1) + 1) if number not in by_number]
    if missing:
        raise UsageError(
            f"shard {missing[0]}/{first.of} is missing; {len(by_number)} of {first.of} are there"
        )
    return [by_number[number] for number in sorted(by_number)]


def _refuse_other_answers(first: _Shard, shard: _Shard) -> None:
    """Raise RunError where code or an endpoint answered the identity rows of two shards otherwise."""
    one, other = stored_answers(first.whole), stored_answers(shard.whole)
    if (
        one is None
        or other is None
        or False in (first.whole.model.get("repeats"), shard.whole.model.get("repeats"))
    ):
        return
    if change := changed_answer(one, other, first.whole.model["classes"]):
        raise RunError(
            f"{shard.run.path}: the model answered the identity rows otherwise than in {first.run.path}: "
            f"{change}"
        )


def _settings(run: Run, out: Path) -> str:
    """Text of settings.yaml of the whole run."""
    try:
        found = yaml.safe_load(run.read("settings.yaml"))
    except yaml.YAMLError as error:
        raise RunError(f"{run.path / 'settings.yaml'} is damaged: {' '.join(str(error).split())}") from error
    if not isinstance(found, dict):
        raise RunError(f"{run.path / 'settings.yaml'} is damaged: expected settings by name")
    whole = {**found, "shard": None, "out": str(out)}
    return str(yaml.safe_dump(whole, sort_keys=False, allow_unicode=True))


def _copy_files(shard: _Shard, out: Path) -> None:
    """What the samples of a shard left. Raises RunError for anything but plain files."""
    for place in KEPT:
        source = shard.run.path / place
        if not source.exists() and not source.is_symlink():
            continue
        refuse_link(source)
        for file in sorted(source.iterdir()):
            to = out / place / file.name
            if not S_ISREG(file.lstat().st_mode) or to.exists():
                raise RunError(f"expected plain files, each in one shard, got {file}")
            with clear_disk_errors(to), file.open("rb") as data, whole_file(to) as copy:
                shutil.copyfileobj(data, copy)


def _add_sessions(shards: Sequence[_Shard], run: Run) -> None:
    """Every time that a command ran, numbered on, with what it showed the model."""
    for number, session in enumerate(_sessions(shards), 1):
        rows = Rows(
            setup=session.pop("setup_rows", None) or 0,
            warm_up=session.pop("warm_up_rows", None) or 0,
            samples=(session.pop("rows", None) or 0) - (session.get("looked_up") or 0),
            retried=session.pop("retried_rows", None) or 0,
            looked_up=session.pop("looked_up", None) or 0,
        )
        run.log({**session, "session": number})
        if any(getattr(rows, field.name) for field in fields(rows)):
            RowLog(run.path, number).write(rows)


def _sessions(shards: Sequence[_Shard]) -> Iterator[dict[str, Any]]:
    for shard in shards:
        yield from shard.run.sessions()
