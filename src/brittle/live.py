"""The live display of an audit."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

from rich.console import Console
from rich.progress import BarColumn, Progress, TaskProgressColumn, TextColumn, TimeRemainingColumn

if TYPE_CHECKING:
    from collections.abc import Callable

    from brittle.agent.tile import TileStep
    from brittle.tasks import progress as audit

LINE = "{done}/{total} samples, {flipped} flipped, {misclassified} already wrong{failed}, {rate} rows/s"


@contextmanager
def live_progress(console: Console) -> Iterator["audit.Watch"]:
    """A bar while the audit runs; yields the watch for brittle.audit."""
    columns = (BarColumn(), TaskProgressColumn(), TimeRemainingColumn(), TextColumn("{task.description}"))
    with Progress(*columns, console=console) as bar:
        task = bar.add_task("opening model and data", total=1.0)

        def watch(now: "audit.Progress") -> None:
            line = LINE.format(
                done=now.done,
                total=now.total,
                flipped=now.flipped,
                misclassified=now.misclassified,
                failed=f", {now.failed} failed" if now.failed else "",
                rate=round(now.rows / now.seconds) if now.seconds else 0,
            )
            bar.update(task, completed=now.share, description=line)

        yield watch


@contextmanager
def live_training(console: Console, steps: int | None) -> Iterator["Callable[[TileStep], None]"]:
    """A bar while tiles are learned; yields the watch for brittle.train_tiles."""
    columns = (BarColumn(), TaskProgressColumn(), TimeRemainingColumn(), TextColumn("{task.description}"))
    with Progress(*columns, console=console) as bar:
        task = bar.add_task("opening models and data", total=steps)

        def watch(now: "TileStep") -> None:
            line = f"step {now.step}, margin {now.margin:.2f}, flipped {now.flipped:.0%}, {now.rows} rows"
            bar.update(task, completed=now.step, total=now.of, description=line)

        yield watch
