"""Several explainers on the same samples, or the same photos on several models, side by side."""

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

from brittle.explainers import open_explainer
from brittle.report.compare.naming import apart
from brittle.report.explain.compare import (
    ExplanationComparison,
    compare_explained,
    write_explanation_comparison,
)
from brittle.store.run import Run
from brittle.tasks.explain.explain import run_explanation
from brittle.tasks.explain.settings import CompareExplanationsSettings
from brittle.tasks.playing.naming import name_objects
from brittle.tasks.playing.progress import Watch


def compare_explanations(
    model: Any = None,
    data: Any = None,
    *,
    models: Sequence[str] = (),
    watch: Watch | None = None,
    **settings: Any,
) -> ExplanationComparison:
    """Explain the same samples with each of `explainers`, or each of `models`, and write `out`/compare.html.

    Every map is evaluated, with rows of an account of their own. model, data, watch: as of brittle.explain;
    models: names of several, in place of model. settings: the fields of CompareExplanationsSettings. The same
    call again finishes what is missing. Raises BrittleError with one line for the user.
    """
    named = name_objects(model, data)
    chosen = CompareExplanationsSettings.build({**settings, **named.texts, "models": tuple(models)})
    for name in chosen.explainers:
        open_explainer(name)  # a name or an extra that is missing is found before anything is asked
    runs = {name: run_explanation(one, named.objects, watch) for name, one in chosen.explanations().items()}
    return _compared(runs, next(iter(runs.values())).path.parent)


def compare_explanation_runs(
    folders: Sequence[str | Path], out: str | Path | None = None
) -> ExplanationComparison:
    """Set finished explanations side by side and write compare.html: into `out`, or beside the first run.

    Raises RunError.
    """
    opened = [Run.open(folder) for folder in folders]
    runs = dict(zip(apart(opened), opened, strict=True))
    return _compared(runs, Path(folders[0]).resolve().parent if out is None else Path(out))


def _compared(runs: dict[str, Run], folder: Path) -> ExplanationComparison:
    found = replace(compare_explained(runs), folder=folder)
    write_explanation_comparison(found, folder)
    return found
