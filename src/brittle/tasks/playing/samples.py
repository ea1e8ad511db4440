"""Play samples of an opened run in this process."""

from collections.abc import Callable, Iterable, Iterator
from contextlib import closing
from pathlib import Path
from typing import Any

from brittle.core.classifier import Classifier
from brittle.core.referee import Referee
from brittle.store.answers import AnswerCache
from brittle.store.kept import Kept
from brittle.tasks.playing.memory import most_open
from brittle.tasks.playing.opened import Opened

OnAsked = Callable[[int], None]
"""Told after every batch how many rows samples have asked for so far."""


def play_samples(
    opened: Opened,
    names: Iterable[str],
    files: Kept,
    batch: int,
    on_asked: OnAsked,
    most: int | None = None,
    folder: Path | None = None,
) -> Iterator[Any]:
    """Results in the order in which samples end. files: where they leave what they leave.

    most: samples open at once. folder: of the run, where this process reaches it: it has the cache of answers
    where one is kept, and what is told to who watches.
    """
    meter, cache = opened.backend.meter, None
    meter.purpose = "samples"
    if opened.settings.keep_answers and folder is not None:
        cache = AnswerCache(opened.model, folder / "answers.sqlite", meter.look_up)
    model: Classifier = cache or opened.model
    try:
        affordable = most_open(opened.dataset.spec, opened.layers, opened.settings.workers)
        open_at_once = affordable if most is None else min(most, affordable)
        referee = Referee(model, batch, on_asked, opened.lanes, open_at_once, opened.answers)
        follower = opened.follower(folder) if folder else None
        if follower is None:
            yield from referee.play(opened.sample_runs(names, files))
            return
        runs = opened.shown_to(follower.onlook).sample_runs(names, files)
        with closing(referee.play(runs)) as results:
            for result in results:
                follower.ended(result)
                yield result
    finally:
        if cache:
            cache.close()
