"""Play samples in several processes; this one keeps the books."""

import multiprocessing
import os
import signal
from collections.abc import Iterator, Sequence
from multiprocessing.process import BaseProcess
from pathlib import Path
from queue import Empty
from typing import Any

from brittle.core.errors import BrittleError, ModelError
from brittle.core.result import SearchResult
from brittle.tasks.audit.opening import known_outputs, open_audit
from brittle.tasks.audit.playing import OnShown, RowCount, play_samples
from brittle.tasks.audit.settings import AuditSettings

PATIENCE = 1.0  # seconds between looks at whether all workers are alive


def play_in_processes(
    settings: AuditSettings, names: Sequence[str], folder: Path, batch: int, on_shown: OnShown
) -> Iterator[SearchResult]:
    """Results as they come from settings.workers processes, each with a model of its own.

    Raises what a worker raises; ModelError if one dies.
    """
    context = multiprocessing.get_context("spawn")
    queue: multiprocessing.Queue[Any] = context.Queue()
    shares = [share for i in range(settings.workers) if (share := names[i :: settings.workers])]
    workers = [
        context.Process(target=_work, args=(settings, share, folder, batch, i, queue), daemon=True)
        for i, share in enumerate(shares)
    ]
    shown = [RowCount() for _ in workers]
    running = set(range(len(workers)))
    try:
        for worker in workers:
            worker.start()
        while running:
            number, news = _next(queue, workers, running)
            if isinstance(news, SearchResult):
                yield news
            elif isinstance(news, RowCount):
                shown[number] = news
                on_shown(RowCount(sum(s.rows for s in shown), sum(s.looked_up for s in shown)))
            elif isinstance(news, BrittleError):
                raise news
            else:
                running.discard(number)
    finally:
        for worker in workers:
            worker.terminate()


def _next(queue: Any, workers: Sequence[BaseProcess], running: set[int]) -> tuple[int, Any]:
    """The next news of a worker. Raises ModelError if one died without a word."""
    while True:
        dead = [i for i in running if workers[i].exitcode is not None]
        try:
            news: tuple[int, Any] = queue.get(timeout=PATIENCE)
            return news
        except Empty:
            if dead:
                code = workers[dead[0]].exitcode
                raise ModelError(
                    f"worker {dead[0]} died (exit code {code}); if memory ran out, use fewer --workers; "
                    "a script that calls brittle needs `if __name__ == '__main__':` around the call. "
                    "What is finished is kept: run the same command again"
                ) from None


def _work(
    settings: AuditSettings, names: Sequence[str], folder: Path, batch: int, number: int, queue: Any
) -> None:
    """One worker: its share of the samples, told to the parent through the queue."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C is the parent's to handle
    parent = multiprocessing.parent_process()

    def on_shown(shown: RowCount) -> None:
        if parent is not None and not parent.is_alive():
            os._exit(1)
        queue.put((number, shown))

    threads = settings.model_options.threads or max(1, (os.cpu_count() or 1) // settings.workers)
    options = settings.model_options.model_copy(update={"threads": threads})
    try:
        outputs = known_outputs(folder, settings)
        opened = open_audit(settings.model_copy(update={"model_options": options}), outputs=outputs)
        for result in play_samples(opened, names, folder, batch, on_shown):
            queue.put((number, result))
        queue.put((number, None))
    except BrittleError as error:
        queue.put((number, error))
    except Exception as error:
        queue.put((number, ModelError(f"a worker failed: {type(error).__name__}: {error}")))
