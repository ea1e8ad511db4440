"""brittle verify as it is started from the page: of which runs, what it says, and how it ended."""

import os
import re
import signal
import subprocess
import sys
from collections.abc import Sequence
from threading import Thread
from typing import Any

from brittle.core.errors import BrittleError
from brittle.data.options import DataOptions
from brittle.models.options import ModelOptions
from brittle.server.start.forms import Allowed
from brittle.store.manifest import Manifest
from brittle.tasks.audit.settings import AuditSettings
from brittle.tasks.explain.settings import ExplainSettings

MOST_SAID = 20_000  # letters that are kept of what it says
ENDINGS = {
    0: "The run is whole, and all that it says holds.",
    1: "Something of what it says does not hold.",
    5: "All that it says so far holds; the run is unfinished.",
}
WHOLE = re.compile(r"\d+ of \d+ checks hold: ")
"""How the last line begins where everything was looked at."""
STOPPED = {130, -signal.SIGINT, -signal.SIGTERM, -signal.SIGKILL}


def words_of(folder: str, manifest: Manifest, allowed: Allowed) -> list[str] | None:
    """The words of the command for a run, after brittle; None for a run of what may not be asked here.

    Model and data are those of the list, not what a run makes of their names.
    """
    settings = manifest.settings
    try:
        if manifest.verb == "audit":
            may = allowed.taken(AuditSettings.build(settings)) is not None
        else:
            may = manifest.verb == "explain" and _is_plain(ExplainSettings.build(settings), allowed)
    except (BrittleError, TypeError, ValueError, RecursionError):
        return None
    return ["verify", "--", folder, str(settings["model"]), str(settings["data"])] if may else None


def _is_plain(settings: ExplainSettings, allowed: Allowed) -> bool:
    """Whether an explanation is of what is on the list, and names no other file."""
    return (
        settings.model in allowed.models
        and settings.data in allowed.data
        and settings.model_options == ModelOptions()
        and settings.data_options == DataOptions(limit=settings.data_options.limit)
        and settings.truth is None
        and settings.flips is None
    )


class Check:
    """One verification that was started here; unlike an audit it ends with the page, which alone shows it."""

    def __init__(self, words: Sequence[str]) -> None:
        self.process = subprocess.Popen(
            [sys.executable, "-m", "brittle", *words],
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            start_new_session=True,
            env={**os.environ, "NO_COLOR": "1"},
        )
        self._said, self._told_to_stop = b"", False
        self._listener = Thread(target=self._listen, daemon=True)
        self._listener.start()

    @property
    def goes_on(self) -> bool:
        """Whether it has not ended."""
        return self.process.poll() is None

    def stop(self) -> None:
        """End it as Ctrl-C does."""
        self._told_to_stop = True
        self.process.send_signal(signal.SIGINT)

    def to_dict(self) -> dict[str, Any]:
        """Plain data for the page of the run: whether it goes on, how it ended, and its last words."""
        goes_on = self.goes_on
        if not goes_on:
            self._listener.join(1.0)
        said = self._said.decode("utf-8", "replace").strip()
        return {"goes_on": goes_on, "ending": "" if goes_on else self._ending(said), "said": said}

    def _ending(self, said: str) -> str:
        code, last = self.process.returncode, said.splitlines()[-1] if said else "It said nothing."
        if code in ENDINGS and WHOLE.match(last):
            return ENDINGS[code]
        if self._told_to_stop or code in STOPPED:  # early in its start it ends with other codes
            return "It was stopped before its end."
        return f"It could not be checked: {last}"

    def _listen(self) -> None:
        stream = self.process.stdout
        assert stream is not None
        while data := os.read(stream.fileno(), 1 << 16):
            self._said = (self._said + data)[-MOST_SAID:]
        stream.close()
