"""Play samples of an opened audit in this process."""

from collections.abc import Callable, Iterable, Iterator
from pathlib import Path

from brittle.core.classifier import Classifier
from brittle.core.referee import Referee
from brittle.core.result import SearchResult
from brittle.core.sample_run import SampleRun, play_sample
from brittle.store.answers import AnswerCache
from brittle.store.archive import FlipArchive
from brittle.tasks.audit.opening import Opened

OnAsked = Callable[[int], None]
"""Told after every batch how many rows samples have asked for so far."""


def play_samples(
    opened: Opened,
    names: Iterable[str],
    folder: Path,
    batch: int,
    on_asked: OnAsked,
    most: int | None = None,
) -> Iterator[SearchResult]:
    """Results in the order in which samples end; flips go into the run folder. most: samples open at once."""
    meter, cache = opened.backend.meter, None
    meter.purpose = "samples"
    if opened.settings.keep_answers:
        cache = AnswerCache(opened.model, folder / "answers.sqlite", meter.look_up)
    model: Classifier = cache or opened.model
    rules = opened.rules(FlipArchive(folder, opened.domain, opened.dataset.spec))

    def sample_run(name: str) -> SampleRun:
        return play_sample(name, lambda: opened.dataset.open(name), rules)

    try:
        referee = Referee(model, batch, on_asked, opened.lanes, most)
        yield from referee.play(sample_run(name) for name in names)
    finally:
        if cache:
            cache.close()
