"""Runs that are started from the page: processes of the same command, which outlive it."""

import os
import signal
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path
from threading import Lock

import yaml

from brittle.core.errors import INTERRUPTED, RED, BrittleError, UsageError
from brittle.server.reading.folders import Folders, Found, read_inside
from brittle.server.reading.names import to_part
from brittle.server.start import earlier
from brittle.server.start.checking import Check, words_of
from brittle.server.start.forms import KINDS, Allowed, verb_of
from brittle.store.files import read_plain, write_whole
from brittle.store.live import is_in_use
from brittle.store.manifest import Manifest
from brittle.tasks.playing.settings import ShardSettings

CONSOLE, SETTINGS = "console.txt", "settings.yaml"
MOST_SAID = 20_000  # letters of a console that are shown
MOST_NAMES = 1000
MOST_SETTINGS = 64_000  # bytes; a parser of YAML is slow
STOPPED = {INTERRUPTED, -signal.SIGINT, -signal.SIGTERM}


@dataclass
class Job:
    """One run that was started here. told_to_stop: from here too."""

    verb: str
    folder: Path
    process: "subprocess.Popen[bytes]"
    told_to_stop: bool = False

    @property
    def goes_on(self) -> bool:
        """Whether it has not ended."""
        return self.process.poll() is None


class Jobs:
    """What was started from this page, and what may be."""

    def __init__(self, folders: Folders, allowed: Allowed) -> None:
        self.folders, self.allowed = folders, allowed
        self._jobs: dict[str, Job] = {}
        self._checks: dict[str, Check] = {}
        self._lock = Lock()

    def start(self, settings: ShardSettings) -> str:
        """Start what a form says in a folder of its own; returns its id. Raises UsageError, DiskError."""
        with self._lock:
            self._refuse_too_many()
            folder = self._new_folder(settings)
            self._begin(to_part(folder.name), folder, settings)
            return to_part(folder.name)

    def may_go_on(self, found: Found, manifest: Manifest) -> bool:
        """Whether a run may be continued from here."""
        return not self._goes_on(found) and self._settings_of(found, manifest) is not None

    def is_under_way(self, found: Found) -> bool:
        """Whether a run was started here, and neither has ended nor was told to; it may not play yet."""
        job = self._jobs.get(found.id)
        return job is not None and job.goes_on and not job.told_to_stop

    def go_on(self, found: Found, manifest: Manifest) -> None:
        """Continue a run. Raises UsageError, DiskError."""
        settings = self._settings_of(found, manifest)
        if settings is None:
            raise UsageError("this run is not of what may be started here; continue it on the command line")
        with self._lock:
            if self._goes_on(found):
                raise UsageError("this run goes on already")
            self._refuse_too_many()
            self._begin(found.id, found.path, settings)

    def may_stop(self, part: str) -> bool:
        """Whether a run goes on that was started here, or by an earlier server of this page."""
        job = self._jobs.get(part)
        if job is not None and job.goes_on:
            return True
        return any(map(earlier.is_there, self._words_at_work(part)))

    def stop(self, part: str) -> None:
        """End a run as Ctrl-C does; the same command continues it. Raises UsageError."""
        job = self._jobs.get(part)
        if job is not None and job.goes_on:
            job.told_to_stop = True
            job.process.send_signal(signal.SIGINT)
            return
        if not any(map(earlier.interrupt, self._words_at_work(part))):
            raise UsageError("this run was not started from this page, or has ended")

    def may_verify(self, found: Found, manifest: Manifest) -> bool:
        """Whether a run may be verified from here."""
        return not is_in_use(found.path) and words_of(str(found.path), manifest, self.allowed) is not None

    def verify(self, found: Found, manifest: Manifest) -> None:
        """Verify a run. Raises UsageError."""
        words = words_of(str(found.path), manifest, self.allowed)
        if words is None:
            raise UsageError("this run is not of what may be asked here; verify it on the command line")
        with self._lock:
            if is_in_use(found.path):
                raise UsageError("this run goes on; verify it when it has ended")
            self._refuse_too_many()
            self._checks[found.id] = Check(words)

    def check(self, part: str) -> Check | None:
        """The verification of a run that was started here last."""
        return self._checks.get(part)

    def stop_check(self, part: str) -> None:
        """End a verification. Raises UsageError."""
        check = self._checks.get(part)
        if check is None or not check.goes_on:
            raise UsageError("no verification of this run goes on")
        check.stop()

    def end(self) -> None:
        """End what is of use to this page alone: verifications."""
        for check in self._checks.values():
            if check.goes_on:
                check.stop()

    def known(self, part: str) -> Job | None:
        """A run that was started here."""
        return self._jobs.get(part)

    def failure(self, part: str) -> str:
        """Why a run that was started here ended, in its own last words; empty where it did well."""
        job = self._jobs.get(part)
        if job is None or job.goes_on or job.told_to_stop or job.process.returncode in {0, RED, *STOPPED}:
            return ""
        said = [line for line in self.console(job.folder).splitlines() if line.strip()]
        return next(
            (line for line in reversed(said) if "error:" in line), said[-1] if said else "It said nothing."
        )

    def console(self, folder: Path) -> str:
        """The end of what a run said."""
        data = read_inside(folder, CONSOLE) or b""
        return data[-MOST_SAID:].decode("utf-8", "replace")

    def _goes_on(self, found: Found) -> bool:
        return is_in_use(found.path) or self.is_under_way(found)

    def _refuse_too_many(self) -> None:
        going = sum(job.goes_on for job in self._jobs.values())
        going += sum(check.goes_on for check in self._checks.values())
        if going >= self.allowed.most:
            raise UsageError(
                f"{going} of at most {self.allowed.most} runs and verifications go on already; wait, "
                "stop one, or serve with more --jobs"
            )

    def _new_folder(self, settings: ShardSettings) -> Path:
        """A folder that is new. Raises UsageError where there are too many of the name."""
        name = settings.folder().name
        for number in range(1, MOST_NAMES):
            folder = self.folders.root / (name if number == 1 else f"{name}-{number}")
            try:
                folder.mkdir()
            except FileExistsError:
                continue
            except OSError as error:
                raise UsageError(f"cannot make {folder}: {error.strerror}") from error
            return folder
        raise UsageError(f"there are {MOST_NAMES} runs called {name} already; take some away")

    def _begin(self, part: str, folder: Path, settings: ShardSettings) -> None:
        verb = verb_of(settings)
        write_whole(folder / SETTINGS, settings.to_text())
        flags = os.O_WRONLY | os.O_CREAT | os.O_APPEND | os.O_NOFOLLOW
        try:
            console = os.open(folder / CONSOLE, flags, 0o666)
        except OSError as error:
            raise UsageError(f"cannot write {folder / CONSOLE}: {error.strerror}") from error
        try:
            process = subprocess.Popen(
                [sys.executable, *_words(verb, folder)],
                stdin=subprocess.DEVNULL,
                stdout=console,
                stderr=console,
                start_new_session=True,
                env={**os.environ, "NO_COLOR": "1"},
            )
        finally:
            os.close(console)
        self._jobs[part] = Job(verb, folder, process)

    def _words_at_work(self, part: str) -> list[list[str]]:
        """What this run may have been started with from such a page, if it goes on."""
        found = self.folders.get(part)
        if found is None or found.kind != "run" or not is_in_use(found.path):
            return []
        return [_words(verb, found.path) for verb in KINDS]

    def _settings_of(self, found: Found, manifest: Manifest) -> ShardSettings | None:
        """The settings of a run, where they are of what may be started here."""
        if manifest.verb not in KINDS:
            return None
        try:
            values = yaml.safe_load(read_plain(found.path, SETTINGS, MOST_SETTINGS))
            if not isinstance(values, dict):
                return None
            settings = KINDS[manifest.verb].settings.build(values)
        except (yaml.YAMLError, BrittleError, OSError, TypeError, ValueError, RecursionError):
            return None
        return self.allowed.taken(settings)


def _words(verb: str, folder: Path) -> list[str]:
    """The command line of a run, its program aside."""
    return ["-m", "brittle", verb, "--config", str(folder / SETTINGS), "--out", str(folder)]
