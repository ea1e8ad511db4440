"""Decide whether an audit is good enough: its figures against limits, the run against an earlier one."""

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Self

from pydantic import model_validator

from brittle.report.gates.against import verdicts_against
from brittle.report.gates.figures import MAY_BE_SURE, NAMES, SHARES, figure_of
from brittle.report.gates.gate import Gate, Verdict, judge
from brittle.report.gates.junit import junit_text
from brittle.report.gates.weakest import weakest
from brittle.report.summary import summary_of
from brittle.settings import setting
from brittle.store.files import write_whole
from brittle.store.run import Run
from brittle.tasks.limits import LimitedSettings, Limits
from brittle.tasks.playing.settings import Place


class GateSettings(LimitedSettings):
    """What an audit must reach; no part of its question, so a finished run may be held against any."""

    figures = NAMES
    shares = SHARES

    fail_over: Limits = setting(
        None,
        "red if a figure of summary.json is greater: asr=.4; repeatable",
        group="gates",
        metavar="FIGURE=F",
        unset="never",
        repeat=True,
    )
    fail_under: Limits = setting(
        None,
        "red if a figure is less: l2.median=2.5; repeatable",
        group="gates",
        metavar="FIGURE=F",
        unset="never",
        repeat=True,
    )
    against: Place = setting(
        None,
        "red if accuracy, ASR or L2 is worse than in this earlier run of the same question",
        group="gates",
        metavar="RUN",
        unset="nothing",
    )
    sure: bool = setting(
        False, "green only if the whole 95 % interval is within; no benefit of doubt", group="gates"
    )

    @model_validator(mode="after")
    def _can_be_sure(self) -> Self:
        if self.sure and not (self.gates or self.against):
            raise ValueError("expected fail_over, fail_under or against beside sure")
        bare = [gate.name for gate in self.gates if self.sure and gate.name not in MAY_BE_SURE]
        if bare:
            raise ValueError(f"{bare[0]} has no interval, so nothing is sure of it; leave out sure, or it")
        return self


@dataclass(frozen=True)
class Checked:
    """What the gates say of a run."""

    run: Run
    gates: tuple[Gate, ...]
    verdicts: tuple[Verdict, ...]

    @property
    def red(self) -> tuple[Verdict, ...]:
        """Those that do not hold."""
        return tuple(verdict for verdict in self.verdicts if not verdict.green)

    def message(self) -> str:
        """The gates that are red, the samples that flipped nearest, and where to look."""
        return "\n".join(self._lines())

    def _lines(self) -> Iterator[str]:
        yield f"{len(self.red)} of {len(self.verdicts)} gates are red:"
        yield from (f"  {verdict}" for verdict in self.red)
        if samples := list(weakest(self.run)):
            yield "The weakest samples:"
            yield from (f"  {line}" for line in samples)
            yield f"Flips: {self.run.path / 'flips'}"

    def write_junit(self, file: str | Path) -> None:
        """Write samples and gates as JUnit XML. Raises DiskError."""
        write_whole(Path(file), junit_text(self.run, self.gates, self.verdicts))


@dataclass(frozen=True)
class Gates:
    """Gates that a run can be held against."""

    settings: GateSettings
    baseline: Run | None = None

    def check(self, run: Run) -> Checked:
        """Hold a finished run of brittle audit against them. Raises RunError."""
        run.summary()  # refuses one that has not finished
        gates, sure = self.settings.gates, self.settings.sure
        summary = summary_of(run).to_dict() if gates else {}
        where = str(run.path / "report.html")
        verdicts = [judge(g, figure_of(summary, g.name), sure=sure, where=where) for g in gates]
        if self.baseline:
            verdicts += verdicts_against(run, self.baseline, sure=sure)
        return Checked(run, gates, tuple(verdicts))


def gates(**settings: Any) -> Gates:
    """Gates for runs of brittle audit; settings: fail_over, fail_under, against, sure.

    Raises UsageError for a figure that there is not, RunError for a baseline that is no finished run.
    """
    chosen = GateSettings.build(settings)
    baseline = None if chosen.against is None else Run.open(chosen.against)
    if baseline:
        baseline.summary()
    return Gates(chosen, baseline)
