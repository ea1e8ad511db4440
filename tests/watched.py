"""A page that watches a run, as far as its folder is concerned."""

import json
import os
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from time import sleep
from typing import Any

from brittle.store import live


@contextmanager
def watching(folder: Path, sample: str | None = None) -> Iterator[list[dict[str, Any]]]:
    """Touch as a page does, and keep every whole line that is told meanwhile."""
    told: dict[str, int] = {}  # open files, which can be read when the run has ended and taken them away
    over = threading.Event()

    def watch() -> None:
        while not over.is_set():
            if (folder / "run.json").exists() and live.is_in_use(folder):
                with suppress(OSError):
                    live.touch(folder, sample)
                for name in set(live.event_files(folder)) - set(told):
                    with suppress(OSError):
                        told[name] = live.open_events(folder, name)
            sleep(0.01)

    thread = threading.Thread(target=watch)
    events: list[dict[str, Any]] = []
    thread.start()
    try:
        yield events
    finally:
        over.set()
        thread.join()
        live.clear(folder)
    for number in told.values():
        with os.fdopen(number, "rb") as file:
            events += [json.loads(line) for line in file.read().split(b"\n")[:-1]]
