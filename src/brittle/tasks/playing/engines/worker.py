"""One worker: it opens what the settings name once, draws samples, and tells what it found."""

import platform
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from brittle.core.errors import BrittleError, ModelError
from brittle.core.rows import Rows
from brittle.store.kept import Kept
from brittle.store.versions import versions_of
from brittle.tasks.playing.engines.engine import Open
from brittle.tasks.playing.opened import Opened
from brittle.tasks.playing.samples import play_samples
from brittle.tasks.playing.settings import RunSettings

MEASURED_WITH = ("brittle", "numpy", "onnxruntime", "pillow", "scipy", "torch", "wfdb")


@dataclass(frozen=True)
class Briefing:
    """What a worker is told at its start.

    threads: of its model, where settings say nothing. most: samples that it may have open at the same time.
    answers: as of Opened.
    folder: of the run, where the worker reaches it. introduce: say first who it is.
    """

    open: Open
    settings: RunSettings
    outputs: int
    batch: int
    most: int
    threads: int
    answers: bool = False
    folder: Path | None = None
    introduce: bool = False


@dataclass(frozen=True)
class Hello:
    """Who a worker is, what it plays with, and the digests of the model and data that it found."""

    node: str
    versions: Mapping[str, str]
    model: str
    data: str


@dataclass(frozen=True)
class Played:
    """The result of a sample. files: what it and others left, where the run is on another disk."""

    result: Any
    files: Mapping[str, bytes]


@dataclass(frozen=True)
class Failure:
    """An error that ends the run, as it travels between processes."""

    kind: type[BrittleError]
    text: str

    def error(self) -> BrittleError:
        """The error itself."""
        return self.kind.__new__(self.kind, self.text)


Message = None | int | Rows | Hello | Played | Failure
"""What a worker says: that it wants a sample, rows asked for so far, rows shown so far, and the others."""


def work(
    briefing: Briefing,
    say: Callable[[Message], None],
    next_name: Callable[[], str | None],
    files: Kept,
    count: Callable[[Rows], None],
    take: Callable[[], Mapping[str, bytes]] = dict,
) -> None:
    """Play what is given until nothing is. count: told every row that the model is shown.

    files: where samples leave what they leave; take: what of it is to travel with a result. Says what goes
    wrong, and raises nothing but what `say` and `next_name` raise where nobody listens any more.
    """

    def names() -> Iterator[str]:
        while True:
            say(None)
            name = next_name()
            if name is None:
                return
            yield name

    settings = briefing.settings
    threads = settings.model_options.threads or briefing.threads
    options = settings.model_options.model_copy(update={"threads": threads})
    try:
        opened = briefing.open(
            settings.model_copy(update={"model_options": options}), outputs=briefing.outputs
        )
        opened = replace(opened, answers=briefing.answers)
        opened.backend.meter.write_to(count)
        if briefing.introduce:
            say(hello_of(opened))
        results = play_samples(
            opened, names(), files, briefing.batch, say, most=briefing.most, folder=briefing.folder
        )
        for result in results:
            say(Played(result, take()))
    except (EOFError, ConnectionError):
        raise
    except BrittleError as error:
        say(Failure(type(error), str(error)))
    except Exception as error:
        say(Failure(ModelError, f"a worker failed: {type(error).__name__}: {error}"))


def hello_of(opened: Opened) -> Hello:
    """What this process plays with."""
    versions = {"python": platform.python_version(), **versions_of(*MEASURED_WITH)}
    node = f"{platform.node()}, {platform.system()} {platform.machine()}"
    return Hello(node, versions, opened.backend.sha256, opened.dataset.sha256)
