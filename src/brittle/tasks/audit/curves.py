"""Severity curves: how often the model errs under each distortion over the whole input, level by level.

They are a run of their own in the folder `curves` of an audit, with books of its own: its rows are no queries
of the audit. It goes on where it stopped, and shares its samples among workers, as every run does.
"""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any

from brittle.core.canvas import Distortion, Palette
from brittle.core.curve_run import CurveResult, CurveStatus, curve_sample
from brittle.core.request import SampleRun
from brittle.core.rows import Rows
from brittle.core.sample import InputSpec
from brittle.report.severity import CURVES, write_curves
from brittle.settings import setting
from brittle.store.kept import Kept
from brittle.store.manifest import Manifest
from brittle.store.run import Run
from brittle.tasks.audit.opening import OpenedAudit, open_palette
from brittle.tasks.audit.settings import AuditSettings
from brittle.tasks.playing.opened import Opened, fit
from brittle.tasks.playing.progress import Watch
from brittle.tasks.playing.session import Verb, finish_run
from brittle.tasks.playing.settings import RunSettings
from brittle.tasks.playing.setup import batch_of


class CurveSettings(RunSettings):
    """What curves depend on, and how they are drawn; budget: rows that a sample takes."""

    distortions: tuple[str, ...] = setting((), "those of the audit")


@dataclass(frozen=True, kw_only=True)
class OpenedCurves(Opened):
    """A model and data that fit each other, and what the inputs are put under."""

    settings: CurveSettings
    distortions: tuple[Distortion, ...]

    def manifest(self) -> Manifest:
        """What is asked, for the run folder."""
        return Manifest(
            verb="curves",
            settings=self.settings.question(),
            model=self.named_model,
            data=self.named_data,
            spec=self.dataset.spec,
            palette=Palette(self.distortions).layers,
        )

    def sample_runs(self, names: Iterable[str], files: Kept) -> Iterator[SampleRun[CurveResult]]:
        """The run of each of these samples, which leaves no files."""
        for name in names:
            yield curve_sample(name, partial(self.dataset.open, name), self.distortions, self.settings.seed)

    def failed(self, **known: Any) -> CurveResult:
        """A FAILED result without rows."""
        return CurveResult(status=CurveStatus.FAILED, queries=0, **known)


def curve_distortions(names: Sequence[str], spec: InputSpec) -> tuple[Distortion, ...]:
    """Those of the palette, and of images the 15 corruptions beside. Raises UsageError."""
    from brittle.searches.peers.corruption_layers import corruptions  # noqa: PLC0415 (SciPy takes its time)

    return (*open_palette(names, 1, spec).distortions, *corruptions(spec))


def rows_of(names: Sequence[str], spec: InputSpec) -> int:
    """Rows that a sample takes, the untouched one included. Raises UsageError."""
    return 1 + sum(len(distortion.levels) for distortion in curve_distortions(names, spec))


def play_curves(opened: OpenedAudit, audit: Run, watch: Watch) -> Run:
    """Draw what is missing of the curves of an audit, into its folder. Raises BrittleError."""
    distortions = curve_distortions(opened.settings.distortions, opened.dataset.spec)
    settings = _settings(opened.settings, audit, 1 + len(Palette(distortions).layers))
    parts = {name: getattr(opened, name) for name in ("backend", "model", "dataset", "domain")}
    curves = OpenedCurves(**parts, settings=settings, distortions=distortions)
    meter = opened.backend.meter
    meter.rows, meter.purpose = Rows(), "setup"
    run = Run.begin(audit.path / CURVES, curves.manifest(), settings.to_text())
    try:
        finish_run(Verb(open_curves, write_curves), curves, run, watch)
    finally:
        run.close()
    return run


def open_curves(settings: CurveSettings, *, outputs: int | None = None) -> OpenedCurves:
    """Open what settings name, in a worker. Raises ModelError, DataError, UsageError."""
    found = fit(settings, outputs=outputs)
    distortions = curve_distortions(settings.distortions, found.dataset.spec)
    return OpenedCurves(**vars(found), settings=settings, distortions=distortions)


def _settings(settings: AuditSettings, audit: Run, rows: int) -> CurveSettings:
    """Those of the audit that curves depend on or are drawn by."""
    shared: dict[str, Any] = {name: getattr(settings, name) for name in CurveSettings.model_fields}
    shared |= {"budget": max(3, rows), "batch": settings.batch or batch_of(audit)}
    return CurveSettings(**{**shared, "out": str(audit.path / CURVES)})
