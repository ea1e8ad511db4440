"""Audit a classifier: play every sample, keep what flips, sum it up."""

from collections.abc import Callable, Mapping
from contextlib import closing
from typing import Any

from brittle.store.run import Run
from brittle.tasks.audit.curves import play_curves
from brittle.tasks.audit.opening import OpenedAudit, open_audit
from brittle.tasks.audit.settings import AuditSettings
from brittle.tasks.audit.twins import warn_of_twins
from brittle.tasks.audit.warming import warmed_up
from brittle.tasks.playing.naming import name_objects, refuse_workers
from brittle.tasks.playing.opened import known_outputs
from brittle.tasks.playing.progress import Watch
from brittle.tasks.playing.session import Verb, finish_run
from brittle.tasks.report import write_tables


def audit(model: Any = None, data: Any = None, *, watch: Watch | None = None, **settings: Any) -> Run:
    """Find out how little distortion flips each decision of a classifier.

    model:    a path, address or name as on the command line, a function on a NumPy batch, or a torch module.
    data:     a path or name as on the command line, or arrays (x, y): x (n, *shape) of uint8 or floats,
              y (n,) of class indices, None where there are no labels.
    watch:    called with a Progress while the audit runs.
    settings: the fields of AuditSettings.

    The same call again finishes what is missing. Raises BrittleError with one line for the user.
    """
    named = name_objects(model, data)
    return run_audit(AuditSettings.build({**settings, **named.texts}), named.objects, watch)


def run_audit(settings: AuditSettings, objects: Mapping[str, Any], watch: Watch | None = None) -> Run:
    """One audit; objects: the model and data that are Python objects, by these names."""
    refuse_workers(objects, settings.elsewhere)
    folder = settings.folder()
    opened = open_audit(settings, **objects, outputs=known_outputs(folder, settings))
    try:
        run = Run.begin(folder, opened.manifest(), opened.settings.to_text())
        with closing(run):
            tell = watch or (lambda _: None)
            finish_run(AUDIT, opened, run, tell)
            if settings.curves:
                play_curves(opened, run, tell)
                write_tables(run)
    finally:
        opened.backend.close()
    return run


def _prepare(opened: OpenedAudit, run: Run, on_rows: Callable[[int], None]) -> OpenedAudit:
    """Warn of surrogates that are the model; let the agent learn first, where that is asked for.

    A warm-up that was cut short counts too.
    """
    warn_of_twins(opened, run)
    if not opened.settings.warm_up:
        return opened
    opened.backend.meter.purpose = "warm_up"
    return warmed_up(opened, run, on_rows)


AUDIT = Verb(open_audit, write_tables, _prepare)
