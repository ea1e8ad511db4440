"""A cache of answers, so that an expensive model is never asked the same thing twice."""

import sqlite3
import zlib
from collections import Counter
from collections.abc import Callable, Iterable
from hashlib import blake2b
from pathlib import Path
from threading import Event, Lock

import numpy as np

from brittle.core.classifier import Classifier, ask
from brittle.core.errors import DiskError, RefusedError, RunError
from brittle.core.sample import Array, InputSpec
from brittle.store.files import refuse_link


class AnswerCache:
    """A classifier that looks every row up before it asks the model, and writes down what it answers.

    A search replays from it: same rows, same answers. Rows that are looked up still count as queries of their
    sample; `found` and `asked` say how many were looked up and how many the model was shown, and on_found is
    told of the former. Several threads may ask: a row that is under way for one is waited for by the others.
    """

    def __init__(
        self, model: Classifier, path: Path, on_found: Callable[[int], None] = lambda _: None
    ) -> None:
        self.model, self.path, self._on_found = model, path, on_found
        self.found = self.asked = 0
        self._in_use = Lock()
        self._under_way: dict[bytes, Event] = {}
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
        """Answers from the cache where it has them, from the model (in one batch) for the rest.

        Rows that others wait for are asked and let go before any row of theirs is waited for.
        """
        keys = [blake2b(row.tobytes(), digest_size=20).digest() for row in x]
        rows, times = {key: i for i, key in enumerate(keys)}, Counter(keys)
        told: dict[bytes, Array] = {}
        refused: dict[bytes, Exception] = {}
        missing = list(rows)
        while missing:
            known, fresh, others = self._claim(missing)
            told |= known
            try:
                self._count(sum(times[key] for key in (*known, *fresh)) - len(fresh), len(fresh))
                if fresh:
                    answers, causes = self._ask(x[[rows[key] for key in fresh]], fresh)
                    told |= answers
                    refused |= causes
            finally:
                self._let_go(fresh)
            for answered in others.values():
                answered.wait()
            missing = list(others)  # of what another thread got no answer to, it is asked here
        found = np.stack([told[key] for key in keys])
        if refused:
            reasons = {i: refused[key] for i, key in enumerate(keys) if key in refused}
            raise RefusedError(str(next(iter(reasons.values()))), reasons, found)
        return found

    def _claim(self, keys: Iterable[bytes]) -> tuple[dict[bytes, Array], list[bytes], dict[bytes, Event]]:
        """What is known; what is not and is this thread's to ask now; and what other threads ask."""
        known: dict[bytes, Array] = {}
        fresh: list[bytes] = []
        others: dict[bytes, Event] = {}
        with self._in_use:
            for key in keys:
                if key in self._under_way:
                    others[key] = self._under_way[key]
                elif (answer := self._look_up(key)) is not None:
                    known[key] = answer
                else:
                    fresh.append(key)
            self._under_way |= dict.fromkeys(fresh, Event())
        return known, fresh, others

    def _let_go(self, keys: Iterable[bytes]) -> None:
        """What was claimed is asked, or will not be."""
        with self._in_use:
            for key in keys:
                self._under_way.pop(key).set()

    def _count(self, found: int, asked: int) -> None:
        with self._in_use:
            self.found += found
            self.asked += asked
        self._on_found(found)

    def _ask(self, x: Array, keys: list[bytes]) -> tuple[dict[bytes, Array], dict[bytes, Exception]]:
        """The model's answers by the keys of their rows, NaN where it refused; and by key, why it did."""
        answers, causes = ask(self.model, x)
        told = dict(zip(keys, answers, strict=True))
        self._write(told)
        return told, {keys[i]: cause for i, cause in causes.items()}

    def _look_up(self, key: bytes) -> Array | None:
        try:
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
