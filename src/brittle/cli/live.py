"""The live display of an audit, and of a training."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

from rich.console import Console
from rich.progress import BarColumn, Progress, TaskProgressColumn, TextColumn, TimeRemainingColumn

if TYPE_CHECKING:
    from collections.abc import Callable

    from brittle.tasks.playing.progress import Progress as Standing
    from brittle.tasks.playing.progress import Watch

WORDS = {"misclassified": "already wrong", "nothing_found": "with nothing found"}
"""How some endings of samples are called."""


@contextmanager
def live_progress(console: Console) -> Iterator["Watch"]:
    """A bar while the audit runs; yields the watch for brittle.audit."""
    with _bar(console, 1.0) as update:
        yield lambda now: update(completed=now.share, description=_line_of(now))


def _line_of(now: "Standing") -> str:
    """Where an audit stands."""
    if now.warming:
        return f"warming up the agent: {now.warming} rows"
    counts = "".join(f", {n} {WORDS.get(name, name)}" for name, n in now.counts.items())
    rate = round(now.rows / now.seconds) if now.seconds else 0
    return f"{now.done}/{now.total} samples{counts}, {rate} rows/s"


@contextmanager
def live_hardening(console: Console) -> Iterator["Callable[[Any], None]"]:
    """A bar for each audit and training of a hardening; yields the watch for brittle.harden."""
    with _bar(console, None) as update:

        def watch(standing: Any) -> None:
            now, what = standing.now, standing.what
            if hasattr(now, "share"):
                update(completed=now.share, total=1.0, description=f"{what}: {_line_of(now)}")
            elif hasattr(now, "total"):
                update(completed=now.done, total=now.total, description=f"{what}: {now.done}/{now.total}")
            else:
                line = f"{what}: step {now.step}, loss {now.loss:.2f}"
                update(completed=now.step, total=standing.steps, description=line)

        yield watch


@contextmanager
def live_rows(console: Console) -> Iterator["Callable[[Any], None]"]:
    """A bar while rows are shown; yields the watch for brittle.score."""
    with _bar(console, None) as update:
        yield lambda now: update(
            completed=now.done, total=now.total, description=f"{now.done}/{now.total} rows"
        )


@contextmanager
def live_training(console: Console) -> Iterator["Callable[..., None]"]:
    """A bar while something is learned; yields the watch for brittle.train_agent and its kin."""
    with _bar(console, None) as update:

        def watch(now: Any, queries: int = 0) -> None:
            if hasattr(now, "evaluations"):
                line = f"round {now.step}, gain {now.gain:.2f}, {now.evaluations} evaluations"
                update(completed=now.step, total=now.of, description=line)
            elif hasattr(now, "update"):
                flipped = f", flipped {now.flipped:.0%}" if hasattr(now, "flipped") else ""
                line = f"gain {now.gain:.2f}{flipped}, {now.queries} of {queries} rows"
                update(completed=now.queries, total=queries, description=line)
            elif hasattr(now, "round"):
                line = f"round {now.round}, flipped {now.flipped:.0%}, {now.shown} rows"
                update(completed=now.round, total=now.of, description=line)
            elif hasattr(now, "loss"):
                learned = f"step {now.step}, loss {now.loss:.2f}" if now.step else "tables"
                update(completed=now.step, total=now.of, description=f"{learned}, {now.rows} rows")
            else:
                line = f"step {now.step}, margin {now.margin:.2f}, flipped {now.flipped:.0%}, {now.rows} rows"
                update(completed=now.step, total=now.of, description=line)

        yield watch


@contextmanager
def _bar(console: Console, total: float | None) -> Iterator["Callable[..., Any]"]:
    """One bar; it is taken away if what it shows fails, so that the error stands alone."""
    columns = (BarColumn(), TaskProgressColumn(), TimeRemainingColumn(), TextColumn("{task.description}"))
    with Progress(*columns, console=console) as bar:
        task = bar.add_task("opening model and data", total=total)
        try:
            yield lambda **news: bar.update(task, **news)
        except BaseException:
            bar.remove_task(task)
            raise
