"""The page that sets several runs side by side: one HTML file that needs nothing but itself."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from markupsafe import Markup

from brittle.core.errors import BrittleError
from brittle.core.result import SearchResult
from brittle.report.classes import class_name, own_class
from brittle.report.compare.comparison import ComparedRun, Conditions, compared_run, paired, warnings
from brittle.report.compare.figures import asr_charts
from brittle.report.compare.tables import HEADINGS, cells, comparison_rows, paired_rows
from brittle.report.pictures import Picture, pictures_of
from brittle.report.summary import summary_of
from brittle.report.template import rendered
from brittle.report.wording import NO_INTERVAL, number
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
    compared = tuple(
        compared_run(name, run.results(), summary_of(run)) for name, run in zip(names, runs, strict=True)
    )
    conditions = [_conditions(name, run) for name, run in zip(names, runs, strict=True)]
    return Comparison(tuple(runs), compared, tuple(warnings(conditions, compared)))


def write_comparison(found: Comparison, folder: Path) -> Path:
    """Write compare.html into a folder. Raises DiskError."""
    page = folder / "compare.html"
    write_whole(page, render_comparison(found))
    return page


def render_comparison(found: Comparison) -> str:
    """The page as text; the same for the same runs."""
    manifest = found.runs[0].manifest
    contents: dict[str, Any] = {
        "model": Path(str(manifest.model.get("name", "a model"))).name,
        "data": manifest.data.get("name", "data"),
        "settings": manifest.settings,
        "names": [one.name for one in found.contenders],
        "warnings": found.warnings,
        "headings": HEADINGS,
        "rows": [(row.name, cells(row)) for row in comparison_rows(found.contenders)],
        "no_interval": NO_INTERVAL,
        "paired": paired_rows(paired(found.contenders)),
        "charts": [Markup(svg) for svg in asr_charts(found.contenders)],
        "sides": _sides(found),
    }
    return rendered("compare/compare.html.j2", contents)


def _names(runs: Sequence[Run]) -> list[str]:
    """Searches by name; with their folder where two runs share one."""
    searches = [str(run.manifest.settings.get("search")) for run in runs]
    return [
        s if searches.count(s) == 1 else f"{s} ({run.path.resolve().name})"
        for s, run in zip(searches, runs, strict=True)
    ]


def _conditions(name: str, run: Run) -> Conditions:
    manifest, samples = run.manifest, run.manifest.data.get("samples")
    on_cells = any(r.closest and r.closest.assignment is not None for r in run.results())
    return Conditions(
        name=name,
        model=_short(manifest.model),
        data=_short(manifest.data),
        settings=manifest.settings,
        cells=f"{manifest.cell} {manifest.palette}" if on_cells else None,
        wanted=None if samples is None else int(samples),
    )


def _short(thing: dict[str, Any]) -> str:
    return f"{thing.get('name')} {str(thing.get('sha256') or '')[:8]}".strip()


@dataclass(frozen=True)
class Side:
    """One sample under one search. flip: what it measures; pictures: flip and amplified change."""

    name: str
    measures: str
    predicted: str
    pictures: tuple[Picture, ...]


@dataclass(frozen=True)
class Sides:
    """One sample under every search."""

    sample: str
    label: str
    original: Picture | None
    sides: tuple[Side, ...]


def _sides(found: Comparison) -> Sides | None:
    """The sample that most searches flipped, and of those the one of median L2 under the first of them."""
    counts: dict[str, list[float]] = {}
    for one in found.contenders:
        for sample, outcome in one.outcomes.items():
            if outcome.l2 is not None:
                counts.setdefault(sample, []).append(outcome.l2)
    if not counts:
        return None
    most = max(map(len, counts.values()))
    candidates = sorted((values[0], sample) for sample, values in counts.items() if len(values) == most)
    return _one_sample(found, candidates[len(candidates) // 2][1])


def _one_sample(found: Comparison, sample: str) -> Sides:
    sides, original, label = [], None, ""
    for run, one in zip(found.runs, found.contenders, strict=True):
        result = next((r for r in run.results() if r.sample == sample), None)
        if result is None:
            continue
        classes = run.manifest.model.get("classes", ())
        label = class_name(classes, own_class(result))
        pictures = _pictures(run, result)
        original = original or (pictures[0] if pictures else None)
        sides.append(_side(one.name, result, classes, pictures[1:3]))
    return Sides(sample, label, original, tuple(sides))


def _pictures(run: Run, result: SearchResult) -> tuple[Picture, ...]:
    if result.closest is None:
        return ()
    try:
        return pictures_of(run, result, result.closest)
    except (BrittleError, OSError, ValueError):
        return ()


def _side(name: str, result: SearchResult, classes: Sequence[str], pictures: tuple[Picture, ...]) -> Side:
    flip, first = result.closest, result.first
    if flip is None or first is None:
        return Side(name, f"no flip in {number(result.queries)} queries", "", ())
    measures = f"L2 {number(flip.l2)} · first flip at query {number(first.query)} of {number(result.queries)}"
    return Side(name, measures, class_name(classes, flip.predicted), pictures)
