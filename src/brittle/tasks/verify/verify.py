"""Check everything that a run says, against its files, the model, and the data where they are here."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, TypeVar

from brittle.core.curve_run import CurveResult
from brittle.core.errors import UsageError, did_you_mean
from brittle.core.explanation import Explanation
from brittle.core.paths import exists, is_file
from brittle.core.result import SearchResult
from brittle.explainers import USUAL_FILLS
from brittle.report.severity import CURVES
from brittle.store.hard_set import ABOUT
from brittle.store.manifest import EARLIER as OF_OLD
from brittle.store.run import Run
from brittle.tasks.benchmark.opening import WORK
from brittle.tasks.explain.flips import Flips
from brittle.tasks.explain.truth import TruthMasks
from brittle.tasks.verify.check import Check, Verification
from brittle.tasks.verify.curves import CurveJudge, curve_checks
from brittle.tasks.verify.explanations import ExplanationJudge
from brittle.tasks.verify.hard_set import verify_hard_set
from brittle.tasks.verify.judge import Judge
from brittle.tasks.verify.opening import (
    EARLIER,
    Given,
    Reopened,
    is_here,
    refuse_code,
    reopen,
    reopen_curves,
    reopen_palette,
)
from brittle.tasks.verify.question import Asked, curves_of, explanation_of, question_of
from brittle.tasks.verify.tables import (
    explanation_checks,
    is_finished,
    other_files,
    run_checks,
)

Watch = Callable[[int, int], None]
"""Told how many samples are checked, and of how many."""


def verify(
    folder: str | Path,
    model: Any = None,
    data: Any = None,
    *,
    trust: bool = False,
    sample: str | None = None,
    distortions: Sequence[str] = (),
    watch: Watch | None = None,
    **options: Any,
) -> Verification:
    """Recompute every number that a run stores, from its files, and ask the model again.

    folder: of a run, or of a hard set; what follows a set are the samples that it was made from.
    A run is data: code and addresses that it names are opened only if they are given here, or with trust.
    model, data: as for audit; default those of the run, the data only where they are here. sample: check this
    one alone. distortions: the run's own ones, `my.module:thing`. options: the fields of ModelOptions, which
    overrule the run's; only they can name a header. Raises ModelError where the model cannot be asked,
    UsageError where something must be given, RunError where the run cannot be read.
    """
    if is_file(Path(folder) / ABOUT) or exists(Path(folder) / WORK):
        return verify_hard_set(
            folder,
            model if data is None else data,
            distortions=distortions,
            trust=trust,
            watch=watch,
        )
    run, given = Run.open(folder), Given(model, data, distortions, options, trust)
    case = {"explain": _explanations, "curves": _curves}.get(run.manifest.verb, _audit)(run, given)
    asked, opened = case.asked, case.opened
    checks: list[Check] = []
    for line in _chosen(case.lines, sample):
        checks += case.judge.checks(line)
        if watch:
            watch(len(case.samples), 1 if sample else asked.data.samples)
    finished = sample is not None or is_finished(run)
    if sample is None and finished:
        checks += case.whole()
    notes = [*_notes_of_model(asked, opened), *opened.notes]
    if not finished:
        notes.append(
            f"unfinished: {len(case.samples)} of {asked.data.samples} samples have their line, and there are "
            f"no tables; the same {run.manifest.verb} command finishes it"
        )
    notes += case.notes(sample is None)
    if is_file(run.path / CURVES / "run.json"):
        notes.append(f"the severity curves are a run of their own: brittle verify {run.path / CURVES}")
    unknown = other_files(run) if sample is None else []
    if unknown:
        notes.append(f"not looked at: {', '.join(unknown)}")
    return Verification(
        checks=tuple(checks),
        rows=opened.model.backend.meter.rows.shown,
        same_model=opened.model.backend.sha256 == asked.model.sha256,
        samples=len(case.samples),
        flips=case.judge.roll.flips if isinstance(case.judge, Judge) else 0,
        maps=case.judge.maps if isinstance(case.judge, ExplanationJudge) else 0,
        answers=case.judge.answers if isinstance(case.judge, CurveJudge) else 0,
        finished=finished,
        notes=tuple(notes),
    )


@dataclass(frozen=True)
class _Case:
    """What is checked of a run of one verb. samples: those of the lines so far, which the judge adds to.

    whole: checks of a finished run; notes: what could not be checked, told whether of all samples.
    """

    asked: Asked
    opened: Reopened
    judge: Any
    lines: Iterator[Any]
    samples: set[str]
    whole: Callable[[], Iterator[Check]]
    notes: Callable[[bool], Iterator[str]]


def _audit(run: Run, given: Given) -> _Case:
    question = question_of(run)
    palette = reopen_palette(question, given)
    opened = reopen(question, given)
    judge = Judge(run, question, opened, palette)
    roll, data = judge.roll, opened.dataset

    def notes(of_all: bool) -> Iterator[str]:
        if of_all and roll.failed:
            yield f"why {roll.failed} samples failed after the model had answered them is not checked"

    def whole() -> Iterator[Check]:
        return run_checks(run, question, roll, len(data.ids) if data else None)

    return _Case(question, opened, judge, run.results(), roll.samples, whole, notes)


def _curves(run: Run, given: Given) -> _Case:
    asked = curves_of(run)
    palette = reopen_curves(asked, given)
    opened = reopen(asked, given)
    judge = CurveJudge(asked, opened, palette)

    def notes(_: bool) -> Iterator[str]:
        if opened.dataset is None:
            yield "the answers are not asked again: the data are not here"

    def whole() -> Iterator[Check]:
        return curve_checks(run, asked, judge.samples)

    return _Case(asked, opened, judge, run.curve_results(), judge.samples, whole, notes)


def _explanations(run: Run, given: Given) -> _Case:
    asked = explanation_of(run)
    settings = asked.settings
    fills = {found.fill for found in run.explanations() if found.fill}
    refuse_code(sorted(fills - set(USUAL_FILLS)), given)
    if settings.flips and given.data is None and is_here(settings.flips):
        given = replace(given, data=Flips(settings.flips, settings.data_options.limit))
    opened = reopen(asked, given)
    truth = None
    if settings.truth and opened.dataset and is_here(settings.truth):
        truth = TruthMasks(settings.truth, opened.dataset)
    judge = ExplanationJudge(run, asked, opened, truth)

    def notes(_: bool) -> Iterator[str]:
        if judge.evaluated:
            yield f"the evaluations of {judge.evaluated} maps, rows besides the budget, are not asked again"
        if settings.truth and truth is None:
            yield f"the masks of the truth are not compared: '{settings.truth}' is not here"

    def whole() -> Iterator[Check]:
        return explanation_checks(run, asked, judge.samples)

    return _Case(asked, opened, judge, run.explanations(), judge.samples, whole, notes)


Line = TypeVar("Line", SearchResult, Explanation, CurveResult)


def _chosen(results: Iterator[Line], sample: str | None) -> Iterator[Line]:
    """All results, or those of one sample. Raises UsageError where it has none."""
    if sample is None:
        yield from results
        return
    names = set()
    for result in results:
        names.add(result.sample)
        if result.sample == sample:
            yield result
    if sample not in names:
        raise UsageError(f"the run has no result of a sample '{sample}'; {did_you_mean(sample, names)}")


def _notes_of_model(question: Asked, opened: Reopened) -> Iterator[str]:
    told, found = question.model.sha256, opened.model.backend.sha256
    if told != found and question.model.digest is None:
        yield f"whether the model is the audited one is not known: {EARLIER} {OF_OLD['model']}"
    elif told != found:
        yield "the model is not the one that was audited (another SHA-256)"
    elif not found:
        yield "the model has no SHA-256: that it is the audited one is seen from its answers only"
