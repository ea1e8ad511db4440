"""Several searches on the same samples: audit with each, or take finished runs, and set them side by side."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

from brittle.core.errors import UsageError
from brittle.report.compare.page import Comparison, comparison_of, write_comparison
from brittle.searches import open_search
from brittle.store.run import Run
from brittle.tasks.audit.audit import audit
from brittle.tasks.audit.progress import Watch


def compare(
    model: Any = None,
    data: Any = None,
    *,
    searches: Sequence[str],
    out: str | Path,
    watch: Watch | None = None,
    **settings: Any,
) -> Comparison:
    """Audit the same samples with each search, in `out`/<search>/, and write `out`/compare.html.

    settings: those of brittle.audit, the same for every search. The same call again finishes what is missing.
    Raises BrittleError with one line for the user.
    """
    if len(set(searches)) < len(searches) or not searches:
        raise UsageError(f"expected different searches to compare, got {', '.join(searches) or 'none'}")
    for name in searches:
        open_search(name)  # a name or an extra that is missing is found before anything is played
    folder = Path(out)
    runs = [
        audit(model, data, watch=watch, search=name, out=str(folder / _plain(name)), **settings)
        for name in searches
    ]
    found = comparison_of(runs)
    write_comparison(found, folder)
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


def _plain(name: str) -> str:
    return "".join(c if c.isalnum() or c in "-_" else "_" for c in name)
