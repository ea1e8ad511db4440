"""The page that sets several runs side by side: one HTML file that needs nothing but itself."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from markupsafe import Markup

from brittle.report.compare.comparison import ComparedRun, compared_run
from brittle.report.compare.conditions import Conditions, warnings
from brittle.report.compare.figures import asr_charts
from brittle.report.compare.naming import apart
from brittle.report.compare.paired import paired
from brittle.report.compare.sides import side_by_side
from brittle.report.compare.tables import NUMBERS, comparison_rows, distances, groups, paired_rows
from brittle.report.summary import summary_of
from brittle.report.template import rendered
from brittle.report.wording import NO_INTERVAL, NOTHING
from brittle.store.files import write_whole
from brittle.store.run import Run


@dataclass(frozen=True)
class Comparison:
    """Runs side by side. warnings: why they are not comparable, empty if they are."""

    runs: tuple[Run, ...]
    contenders: tuple[ComparedRun, ...]
    warnings: tuple[str, ...]


def comparison_of(runs: Sequence[Run]) -> Comparison:
    """The comparison of runs, the first one being what the others are held against. Raises RunError."""
    names = _names(runs)
    compared = tuple(_compared(name, run) for name, run in zip(names, runs, strict=True))
    conditions = [_conditions(name, run) for name, run in zip(names, runs, strict=True)]
    return Comparison(tuple(runs), compared, tuple(warnings(conditions, compared)))


def _compared(name: str, run: Run) -> ComparedRun:
    to_first = run.manifest.settings.get("goal") == "first"
    return compared_run(name, run.results(), summary_of(run), to_first=to_first)


def write_comparison(found: Comparison, folder: Path) -> Path:
    """Write compare.html into a folder. Raises DiskError."""
    page = folder / "compare.html"
    write_whole(page, render_comparison(found))
    return page


def render_comparison(found: Comparison) -> str:
    """The page as text; the same for the same runs."""
    return rendered("compare/compare.html.j2", contents_of(found))


def comparison_parts(found: Comparison) -> tuple[str, str]:
    """The head and the body of the same page, for another page to hold."""
    contents = contents_of(found)
    return rendered("compare/head.html.j2", contents), rendered("compare/body.html.j2", contents)


def contents_of(found: Comparison) -> dict[str, Any]:
    """All that the page shows."""
    manifest, rows = found.runs[0].manifest, comparison_rows(found.contenders)
    return {
        "model": Path(str(manifest.model.get("name", "a model"))).name,
        "data": manifest.data.get("name", "data"),
        "settings": manifest.settings,
        "names": [one.name for one in found.contenders],
        "warnings": found.warnings,
        "numbers": NUMBERS,
        "distances": distances(rows),
        "rows": rows,
        "groups": groups(rows),
        "stopping": [row.name for row in rows if row.stops],
        "no_interval": NO_INTERVAL,
        "nothing": NOTHING,
        "paired": paired_rows(paired(found.contenders)),
        "charts": [Markup(svg) for svg in asr_charts(found.contenders)],
        "shown": side_by_side(found.runs, found.contenders),
    }


def _names(runs: Sequence[Run]) -> list[str]:
    """Searches by name; with what tells their runs apart where two share one."""
    searches = [run.manifest.player for run in runs]
    alike = [run for search, run in zip(searches, runs, strict=True) if searches.count(search) > 1]
    names = dict(zip(map(id, alike), apart(alike), strict=True))
    return [
        f"{search} ({names[id(run)]})" if id(run) in names else search
        for search, run in zip(searches, runs, strict=True)
    ]


def _conditions(name: str, run: Run) -> Conditions:
    manifest, samples = run.manifest, run.manifest.data.get("samples")
    on_cells = any(r.closest and r.closest.assignment is not None for r in run.results())
    return Conditions(
        name=name,
        model=_short(manifest.model),
        data=_short(manifest.data),
        settings=manifest.settings,
        surrogates=", ".join(one.sha256[:12] for one in manifest.surrogates or ()) or "none",
        cells=f"{manifest.cell} {manifest.palette}" if on_cells else None,
        wanted=None if samples is None else int(samples),
    )


def _short(thing: dict[str, Any]) -> str:
    return f"{thing.get('name')} {str(thing.get('sha256') or '')[:8]}".strip()
