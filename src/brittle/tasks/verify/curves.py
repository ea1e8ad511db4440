"""Severity curves asked again: every sample under every layer, and the summary that is made of them."""

from collections.abc import Iterator

from brittle.core.canvas import Palette, distort
from brittle.core.curve_run import CurveResult, CurveStatus
from brittle.core.sample import Array, Sample
from brittle.report.severity import severity_of
from brittle.store.run import Run
from brittle.tasks.verify.answers import near
from brittle.tasks.verify.check import LINES, Check, first
from brittle.tasks.verify.opening import Reopened
from brittle.tasks.verify.question import CurveQuestion
from brittle.tasks.verify.tables import SUMMARY, summary_faults


class CurveJudge:
    """Checks one line after another; a model that cannot be asked is an error, not a check."""

    def __init__(self, asked: CurveQuestion, opened: Reopened, palette: Palette) -> None:
        self.asked, self.opened, self.palette = asked, opened, palette
        self.samples: set[str] = set()
        self.answers = 0

    def checks(self, found: CurveResult) -> Iterator[Check]:
        """A check of the line against the data and the model. Raises ModelError."""
        yield Check(found.sample, LINES, first(self._faults(found)))

    def _faults(self, found: CurveResult) -> Iterator[str]:
        if found.sample in self.samples:
            yield "it has two lines"
        self.samples.add(found.sample)
        failed, layers = found.status is CurveStatus.FAILED, len(self.palette.layers)
        if found.seed != self.asked.settings.seed:
            yield f"seed is {found.seed} in its line, {self.asked.settings.seed} in run.json"
        if not failed and (len(found.answers), found.queries) != (layers, layers + 1):
            yield f"it has {len(found.answers)} answers of {found.queries} rows, run.json asks for {layers}"
            return
        sample = yield from self.opened.sample(found.sample, found.label, failed=failed)
        if sample is not None and not failed:
            yield from self._answer_faults(found, sample)

    def _answer_faults(self, found: CurveResult, sample: Sample) -> Iterator[str]:
        """Where the model answers another class than the line says; a draw between classes is none."""
        yield from self._fault("the untouched input", found.predicted, sample, sample.x)
        told = iter(found.answers)
        for distortion in self.palette.distortions:
            for level in distortion.levels:
                x = distort(distortion, sample, level, 0, self.asked.settings.seed)
                yield from self._fault(f"{distortion.name} {level:g}", next(told), sample, x)

    def _fault(self, under: str, told: int | None, sample: Sample, x: Array) -> Iterator[str]:
        spec, classes = sample.spec, self.opened.model.classes
        answer = self.opened.answers(spec.decode(spec.encode(x))[None])[0]
        best = int(answer.argmax())
        self.answers += 1
        if told is None or not 0 <= told < len(classes):
            yield f"the answer to {under} is class {told}, expected 0 to {len(classes) - 1}"
        elif not near(answer[told], answer[best]):
            yield f"the answer to {under} is {classes[told]} in {LINES}, the model answers {classes[best]}"


def curve_checks(run: Run, asked: CurveQuestion, samples: set[str]) -> Iterator[Check]:
    """Checks of finished curves as a whole."""
    lines, data = len(samples), asked.data.samples
    wrong = f"it has lines of {lines} samples, run.json asks for {data}" if lines != data else ""
    yield Check("", LINES, wrong)
    yield Check("", SUMMARY, first(summary_faults(run, severity_of(run).to_dict())))
