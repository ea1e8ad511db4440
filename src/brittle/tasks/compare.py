"""Several searches on the same samples: audit with each, or take finished runs, and set them side by side."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

from brittle.core.errors import UsageError
from brittle.report.compare.page import Comparison, comparison_of, write_comparison
from brittle.searches import open_search
from brittle.store.run import Run
from brittle.tasks.audit.audit import run_audit
from brittle.tasks.audit.settings import CompareSettings
from brittle.tasks.playing.naming import name_objects
from brittle.tasks.playing.progress import Watch


def compare(
    model: Any = None, data: Any = None, *, watch: Watch | None = None, **settings: Any
) -> Comparison:
    """Audit the same samples with each of `searches`, in `out`/<search>/, and write `out`/compare.html.

    model, data, watch: as of brittle.audit. settings: the fields of CompareSettings.
    The same call again finishes what is missing. Raises BrittleError with one line for the user.
    """
    named = name_objects(model, data)
    audits = CompareSettings.build({**settings, **named.texts}).audits()
    for name in audits:
        open_search(name)  # a name or an extra that is missing is found before anything is played
    runs = [run_audit(chosen, named.objects, watch) for chosen in audits.values()]
    found = comparison_of(runs)
    write_comparison(found, runs[0].path.parent)
    return found


def compare_runs(folders: Sequence[str | Path], out: str | Path | None = None) -> Comparison:
    """Set finished runs side by side and write compare.html: into `out`, or beside the first run.

    Raises RunError, UsageError for fewer than two.
    """
    paths = [Path(folder) for folder in folders]
    if len({path.resolve() for path in paths}) < max(2, len(paths)):
        raise UsageError(f"expected two different run folders or more, got {len(paths)}")
    found = comparison_of([Run.open(path) for path in paths])
    write_comparison(found, paths[0].resolve().parent if out is None else Path(out))
    return found
