"""rows.jsonl: what a model was shown, a line for each process, written over with every batch.

Lines are of one length, so that each is written over in its place: what a killed process counted is there.
"""

import json
import os
from dataclasses import asdict
from pathlib import Path

from brittle.core.rows import Rows
from brittle.store.files import clear_disk_errors
from brittle.store.records import FORMAT

FILE = "rows.jsonl"
WIDTH = 256
"""Bytes of a line. A page of a file is a whole number of them, so that a line is never written in part."""


class RowLog:
    """One line of rows.jsonl, made when there is something to count. Several processes may each have one."""

    def __init__(self, folder: Path, session: int) -> None:
        self.path, self.session = folder / FILE, session
        self._file, self._place = -1, 0

    def write(self, rows: Rows) -> None:
        """Write the count down. Raises DiskError."""
        with clear_disk_errors(self.path):
            if self._file < 0:
                self._begin()
            os.pwrite(self._file, self._line(rows), self._place)

    def _begin(self) -> None:
        """Add a line at the end, whoever else does so at the same time."""
        end = os.open(self.path, os.O_CREAT | os.O_WRONLY | os.O_APPEND | os.O_NOFOLLOW, 0o644)
        try:
            os.write(end, self._line(Rows()))
            self._place = os.lseek(end, 0, os.SEEK_CUR) - WIDTH
        finally:
            os.close(end)
        self._file = os.open(self.path, os.O_WRONLY | os.O_NOFOLLOW)

    def _line(self, rows: Rows) -> bytes:
        record = {"format": FORMAT, "session": self.session, **asdict(rows)}
        return json.dumps(record, separators=(",", ":")).encode().ljust(WIDTH - 1) + b"\n"

    def __del__(self) -> None:
        if self._file >= 0:
            os.close(self._file)
