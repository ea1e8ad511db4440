"""A cache of answers, so that an expensive model is never asked the same thing twice."""

import sqlite3
import zlib
from collections.abc import Callable
from hashlib import blake2b
from pathlib import Path
from threading import Lock

import numpy as np

from brittle.core.classifier import Classifier, ask
from brittle.core.errors import DiskError, RefusedError, RunError
from brittle.core.sample import Array, InputSpec
from brittle.store.files import refuse_link


class AnswerCache:
    """A classifier that looks every row up before it asks the model, and writes down what it answers.

    A search replays from it: same rows, same answers. Rows that are looked up still count as queries of their
    sample; `found` and `asked` say how many were looked up and how many the model was shown, and on_found is
    told of the former.
    """

    def __init__(
        self, model: Classifier, path: Path, on_found: Callable[[int], None] = lambda _: None
    ) -> None:
        self.model, self.path, self._on_found = model, path, on_found
        self.found = self.asked = 0
        self._in_use = Lock()
        for end in ("", "-wal", "-shm", "-journal"):  # of SQLite's own files
            refuse_link(path.with_name(path.name + end))
        try:
            self._db = sqlite3.connect(path, check_same_thread=False)
            self._db.execute("PRAGMA journal_mode=WAL")
            self._db.execute("CREATE TABLE IF NOT EXISTS answers (input BLOB PRIMARY KEY, answer BLOB)")
        except sqlite3.Error as error:
            raise DiskError(f"cannot open the cache {path}: {error}; remove it or free some space") from error

    @property
    def input(self) -> InputSpec:
        """What the model takes."""
        return self.model.input

    @property
    def classes(self) -> tuple[str, ...]:
        """The model's class names."""
        return self.model.classes

    def __call__(self, x: Array) -> Array:
        """Answers from the cache where it has them, from the model (in one batch) for the rest."""
        keys = [blake2b(row.tobytes(), digest_size=20).digest() for row in x]
        known = [self._look_up(key) for key in keys]
        fresh = {key: i for i, key in enumerate(keys) if known[i] is None}
        self.found += len(x) - len(fresh)
        self._on_found(len(x) - len(fresh))
        self.asked += len(fresh)
        told, refused = self._ask(x[list(fresh.values())], list(fresh)) if fresh else ({}, {})
        answers = np.stack(
            [told[k] if answer is None else answer for k, answer in zip(keys, known, strict=True)]
        )
        if refused:
            causes = {i: refused[key] for i, key in enumerate(keys) if key in refused}
            raise RefusedError(str(next(iter(causes.values()))), causes, answers)
        return answers

    def _ask(self, x: Array, keys: list[bytes]) -> tuple[dict[bytes, Array], dict[bytes, Exception]]:
        """The model's answers by the keys of their rows, NaN where it refused; and by key, why it did."""
        answers, causes = ask(self.model, x)
        told = dict(zip(keys, answers, strict=True))
        self._write(told)
        return told, {keys[i]: cause for i, cause in causes.items()}

    def _look_up(self, key: bytes) -> Array | None:
        try:
            with self._in_use:
                row = self._db.execute("SELECT answer FROM answers WHERE input = ?", (key,)).fetchone()
            answer = None if row is None else np.frombuffer(zlib.decompress(row[0]), np.float32)
        except (sqlite3.Error, zlib.error, TypeError, ValueError) as error:
            raise RunError(self._damaged(str(error))) from error
        if answer is not None and answer.shape != (len(self.classes),):
            raise RunError(self._damaged(f"expected {len(self.classes)} classes, got {len(answer)}"))
        return answer

    def _damaged(self, reason: str) -> str:
        return f"the answers kept in {self.path} are damaged ({reason}); remove that file and run again"

    def _write(self, told: dict[bytes, Array]) -> None:
        rows = [
            (key, zlib.compress(answer.tobytes(), 1))
            for key, answer in told.items()
            if np.isfinite(answer).all()
        ]
        try:
            with self._in_use, self._db:
                self._db.executemany("INSERT OR REPLACE INTO answers VALUES (?, ?)", rows)
        except sqlite3.Error as error:
            raise DiskError(f"cannot write the cache: {error}; free some space and run again") from error

    def close(self) -> None:
        """Close the file; a thread that asks on gets an error, and never a file that closes beneath it."""
        with self._in_use:
            self._db.close()
