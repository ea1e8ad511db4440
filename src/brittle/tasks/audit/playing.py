"""Play samples of an opened audit in this process."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from brittle.core.classifier import Classifier
from brittle.core.referee import Referee
from brittle.core.result import SearchResult
from brittle.core.sample_run import SampleRun, play_sample
from brittle.store.answers import AnswerCache
from brittle.store.archive import FlipArchive
from brittle.tasks.audit.opening import Opened


@dataclass(frozen=True)
class RowCount:
    """Rows asked for so far, and how many of those were looked up instead of shown to the model."""

    rows: int = 0
    looked_up: int = 0


OnShown = Callable[[RowCount], None]


def play_samples(
    opened: Opened, names: Sequence[str], folder: Path, batch: int, on_shown: OnShown
) -> Iterator[SearchResult]:
    """Results in the order in which samples end; flips go into the run folder."""
    cache = AnswerCache(opened.model, folder / "answers.sqlite") if opened.settings.keep_answers else None
    model: Classifier = cache or opened.model
    rules = opened.rules(FlipArchive(folder, opened.domain, opened.dataset.spec))

    def sample_run(name: str) -> SampleRun:
        return play_sample(name, lambda: opened.dataset.open(name), rules)

    def on_rows(rows: int) -> None:
        on_shown(RowCount(rows, cache.found if cache else 0))

    try:
        yield from Referee(model, batch, on_rows, opened.lanes).play(sample_run(name) for name in names)
    finally:
        if cache:
            cache.close()
