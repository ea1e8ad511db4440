"""The files of one line after another, asked again: originals, flips, and what they were recorded as."""

from collections.abc import Iterator
from math import isclose

import numpy as np

from brittle.core.account import Account, Candidate
from brittle.core.canvas import Canvas, Palette, replay
from brittle.core.errors import DataError, DistortionError, RefusedError, RunError, UsageError
from brittle.core.goal import Goal
from brittle.core.result import Flip, SearchResult, Status
from brittle.core.sample import Array, Sample
from brittle.core.search import InputBoard, Terms
from brittle.store.run import Run
from brittle.tasks.verify.answers import SLACK, answer_faults
from brittle.tasks.verify.check import LINES, Check, first
from brittle.tasks.verify.lines import line_faults
from brittle.tasks.verify.opening import Reopened
from brittle.tasks.verify.question import Question
from brittle.tasks.verify.tables import Roll

DECIMALS = {
    "l2": 6,
    "linf": 6,
    "l0": 0,
    "mean_absolute": 8,
    "snr": 4,
    "prd": 4,
    "frames": 0,
    "frames_in_row": 0,
}
"""Of each measure of a change, as a run stores it."""


class Judge:
    """Checks one result after another; a model that cannot be asked is an error, not a check."""

    def __init__(self, run: Run, question: Question, opened: Reopened, palette: Palette) -> None:
        self.run, self.question, self.opened, self.palette = run, question, opened, palette
        self.model, self.dataset, self.spec = opened.model, opened.dataset, question.spec
        self.roll = Roll()

    def checks(self, result: SearchResult) -> Iterator[Check]:
        """A check of the line, of the original, and of the first and the closest flip. Raises ModelError."""
        yield Check(result.sample, LINES, first(self._line_faults(result)))
        label = self.question.label(result)
        if not (result.first and result.closest) or label not in range(len(self.model.classes)):
            return
        file = self.run.original(result)
        try:
            x = self._read(file)
        except (RunError, DataError) as error:
            yield Check(result.sample, file, str(error))
            return
        yield Check(result.sample, file, first(self._original_faults(result, x)))
        sample = Sample(result.sample, x, label, self.spec)
        canvas = Canvas(sample, self.question.grid, self.palette, self.question.settings.seed)
        for flip in {flip.file: flip for flip in (result.first, result.closest)}.values():
            yield Check(result.sample, flip.file, first(self._flip_faults(canvas, flip)))

    def _read(self, file: str) -> Array:
        return self.question.domain.from_bytes(self.run.read(file), self.spec)

    def _ask(self, x: Array) -> Array:
        """The model's answer to one input alone, (classes,). Raises ModelError."""
        answer: Array = self.opened.answers(x[None])[0]
        return answer

    def _fails_on(self, x: Array) -> bool:
        """Whether the model refuses one input, or does not answer it with numbers. Raises BrittleError."""
        try:
            return not np.isfinite(self.model(x[None])).all()
        except RefusedError:  # code may raise anything: in an audit that fails the sample alone
            return True

    def _line_faults(self, result: SearchResult) -> Iterator[str]:
        """How a line contradicts the lines before, itself, or the data."""
        yield from self.roll.faults(result)
        yield from line_faults(result, self.question)
        yield from self._data_faults(result)

    def _data_faults(self, result: SearchResult) -> Iterator[str]:
        """What the data say otherwise: the label, and the clean answer where no original is in the run."""
        failed = result.status is Status.FAILED
        sample = yield from self.opened.sample(result.sample, result.label, failed=failed)
        if sample is None:
            return
        if result.status is Status.FAILED and result.predicted is None:
            if not self._fails_on(sample.x):
                yield f"it failed ({result.message}), but the sample can be read and is answered"
        elif result.status is not Status.FLIPPED:
            yield from self._clean_faults(result, self._ask(sample.x))

    def _original_faults(self, result: SearchResult, x: Array) -> Iterator[str]:
        """How the stored original is not the sample that was played."""
        yield from self.opened.original_faults(result.sample, x)
        yield from self._clean_faults(result, self._ask(x))

    def _clean_faults(self, result: SearchResult, answer: Array) -> Iterator[str]:
        """How the model's answer (classes,) to the untouched sample is not the recorded one."""
        classes = self.model.classes
        yield from answer_faults(result.predicted, result.top, answer, classes)
        label = self.question.label(result)
        if label is None or not 0 <= label < len(classes):
            return
        margin = float(Goal(label, k=self.question.settings.top_k).margin(answer[None])[0])
        wrong = result.status is Status.MISCLASSIFIED
        if margin > 2 * SLACK if wrong else margin < -2 * SLACK:
            found = "" if wrong else "not "
            yield (
                f"its status is {result.status.value}, but the model answers the untouched sample "
                f"{found}with its label, {classes[label]}"
            )

    def _flip_faults(self, canvas: Canvas, flip: Flip) -> Iterator[str]:
        """How a flip is not what its line says: its distances, its recipe, its answer."""
        changed = self._read(flip.file)
        answer = self._ask(changed)
        yield from self._distance_faults(canvas.sample, flip, changed, answer)
        yield from self._recipe_faults(canvas, flip, changed)
        label = canvas.sample.label
        if label is not None and not self.question.goal(label).flipped(answer[None])[0]:
            yield f"the model answers {self.model.classes[int(answer.argmax())]}: the decision is not flipped"
        yield from answer_faults(flip.predicted, flip.top, answer, self.model.classes)

    def _distance_faults(self, sample: Sample, flip: Flip, changed: Array, answer: Array) -> Iterator[str]:
        """Every distance of the line against that of the files, recorded as an audit does."""
        terms = Terms(self.question.settings.budget, self.question.settings.max_l2)
        board = InputBoard(sample)
        account = Account(sample, board, self.question.goal(sample.label or 0), terms, {})
        found = account.record(Candidate(changed, changed, flip.query, 0.0), changed, answer, flip.file)
        for name, decimals in DECIMALS.items():
            told, is_so = getattr(flip, name), getattr(found, name)
            if not _same(told, is_so, decimals):
                yield f"{name} is {told} in results.jsonl, its files say {is_so}"
        if terms.max_l2 is not None and found.l2 > terms.max_l2 + 2e-6:
            yield f"l2 is {found.l2}, more than the max_l2 of {terms.max_l2:g}"

    def _recipe_faults(self, canvas: Canvas, flip: Flip, changed: Array) -> Iterator[str]:
        if flip.assignment is None:
            if self.question.recipes:
                yield f"it has no assignment, but {self.question.settings.search} plays on the cells board"
            return
        try:
            same = np.array_equal(replay(canvas, flip.assignment), changed)
        except DistortionError:
            raise
        except UsageError as error:
            yield f"its assignment cannot be replayed: {error}"
            return
        if not same:
            yield "its assignment renders another input than its file holds"


def _same(told: float | None, found: float | None, decimals: int) -> bool:
    """Whether two distances are the same but for the last decimal, rounded elsewhere."""
    if told is None or found is None:
        return told is found
    if decimals == 0:
        return told == found
    return isclose(told, found, rel_tol=1e-6, abs_tol=1.5 * 10**-decimals)
