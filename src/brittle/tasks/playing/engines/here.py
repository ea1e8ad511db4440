"""Play in this process."""

from collections.abc import Iterator, Sequence
from typing import Any

from brittle.tasks.playing.engines.engine import Job
from brittle.tasks.playing.samples import OnAsked, play_samples


class Here:
    """This process, which asks the model several batches at a time where that is faster. An Engine."""

    def __init__(self, job: Job) -> None:
        self.job, self.opened = job, job.opened.concurrent()

    def play(self, names: Sequence[str], on_asked: OnAsked) -> Iterator[Any]:
        """Results in the order in which samples end."""
        job = self.job
        return play_samples(self.opened, names, job.files, job.batch, on_asked, folder=job.folder)
