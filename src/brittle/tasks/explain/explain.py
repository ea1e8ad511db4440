"""Explain decisions: find what each rests on, keep the maps, sum it up."""

from collections.abc import Mapping
from contextlib import closing
from typing import Any

from brittle.store.run import Run
from brittle.tasks.explain.opening import open_explanation
from brittle.tasks.explain.settings import ExplainSettings
from brittle.tasks.playing.naming import name_objects, refuse_workers
from brittle.tasks.playing.opened import known_outputs
from brittle.tasks.playing.progress import Watch
from brittle.tasks.playing.session import Verb, finish_run
from brittle.tasks.report import write_explanation_tables

EXPLAIN = Verb(open_explanation, write_explanation_tables)


def explain(model: Any = None, data: Any = None, *, watch: Watch | None = None, **settings: Any) -> Run:
    """Find out what each decision of a classifier rests on.

    model:    a path, address or name as on the command line, a function on a NumPy batch, or a torch module.
    data:     a path or name as on the command line, or arrays (x, y): x (n, *shape) of uint8 or floats,
              y (n,) of class indices, None where there are no labels.
    watch:    called with a Progress while it runs.
    settings: the fields of ExplainSettings.

    The same call again finishes what is missing. Raises BrittleError with one line for the user.
    """
    named = name_objects(model, data)
    return run_explanation(ExplainSettings.build({**settings, **named.texts}), named.objects, watch)


def run_explanation(settings: ExplainSettings, objects: Mapping[str, Any], watch: Watch | None = None) -> Run:
    """One explanation; objects: the model and data that are Python objects, by these names."""
    refuse_workers(objects, settings.elsewhere)
    folder = settings.folder()
    opened = open_explanation(settings, **objects, outputs=known_outputs(folder, settings))
    try:
        run = Run.begin(folder, opened.manifest(), opened.settings.to_text())
        with closing(run):
            finish_run(EXPLAIN, opened, run, watch or (lambda _: None))
    finally:
        opened.backend.close()
    return run
