"""Audits that an earlier server started, found by their own command lines.

Nothing that a run folder says leads to a process: it may be a stranger's. A process is one of ours if it is
this user's, and its command line is the very one that the page starts for that run. It is held by a
descriptor while that is looked at, so that the signal reaches this process or none.
"""

import os
import signal
from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path

PROCESSES = Path("/proc")


def is_there(words: Sequence[str]) -> bool:
    """Whether a process of this user has this command line, its program aside; False where it is not told."""
    return _found(words) is not None


def interrupt(words: Sequence[str]) -> bool:
    """End it as Ctrl-C does; False where there is none."""
    number = _found(words)
    if number is None:
        return False
    with suppress(OSError):
        held = os.pidfd_open(number)
        try:
            if _is(number, words):
                signal.pidfd_send_signal(held, signal.SIGINT)
                return True
        finally:
            os.close(held)
    return False


def _found(words: Sequence[str]) -> int | None:
    if not hasattr(os, "pidfd_open"):
        return None
    with suppress(OSError):
        numbers = [int(name) for name in os.listdir(PROCESSES) if name.isdecimal()]  # noqa: PTH208
        return next((number for number in numbers if _is(number, words)), None)
    return None


def _is(number: int, words: Sequence[str]) -> bool:
    place = PROCESSES / str(number)
    with suppress(OSError):
        if place.stat().st_uid == os.getuid():
            _, *said = (place / "cmdline").read_bytes().split(b"\0")
            return said == [*map(os.fsencode, words), b""]
    return False
