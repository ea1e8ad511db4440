"""Explanations side by side: several explainers, or several models, on the same samples."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from rich.box import SIMPLE_HEAD
from rich.table import Table

from brittle.core.explanation import Explanation, Outcome
from brittle.core.sample import InputSpec
from brittle.core.seeds import generator
from brittle.report.classes import class_name
from brittle.report.explain.lines import lines_of
from brittle.report.explain.pictures import DAMAGED, opened, under_map
from brittle.report.explain.words import thing_of
from brittle.report.intervals import mean_interval
from brittle.report.pictures import Picture, thumbnail
from brittle.report.template import rendered
from brittle.report.wording import NO_INTERVAL, NOTHING, TIGHT, number, percent, short_name
from brittle.store.files import write_whole
from brittle.store.run import Run

MOST_SAMPLES, LONGEST_SIDE, LONGEST_TRACE = 12, 224, 512
ASKED = {"budget": "budgets", "which": "classes", "seed": "seeds", "fill": "fills"}
Value = Callable[[Explanation], float | None]


def _area(kind: str, other: bool) -> Value:
    """An area of the evaluation, behind the fill that was used or behind the other one."""

    def value(line: Explanation) -> float | None:
        if line.evaluation is None:
            return None if other else getattr(line, kind, None)
        fill = line.evaluation.other_fill if other else line.fill
        areas = line.evaluation.areas.get("map", {}).get(fill)
        return None if areas is None else float(getattr(areas, kind))

    return value


@dataclass(frozen=True)
class Measure:
    """One column. of: its value of a line. share: whether it is told in percent."""

    name: str
    of: Value
    share: bool = False


MEASURES = (
    Measure("Insertion", _area("insertion", other=False)),
    Measure("Deletion", _area("deletion", other=False)),
    Measure("Insertion − deletion", _area("difference", other=False)),
    Measure("… behind another fill", _area("difference", other=True)),
    Measure("Suffices", lambda line: line.suffices.share if line.suffices else None, share=True),
    Measure("Flips", lambda line: line.flips.share if line.flips else None, share=True),
    Measure("Stability", lambda line: line.evaluation.stability if line.evaluation else None),
    Measure("IoU", lambda line: line.truth.iou if line.truth else None),
    Measure("Pointing", lambda line: float(line.truth.pointing) if line.truth else None, share=True),
    Measure("Mass inside", lambda line: line.truth.mass if line.truth else None, share=True),
)


@dataclass(frozen=True)
class Cell:
    """One figure of a table: a mean, and its 95 % interval where there is one."""

    value: str = NOTHING
    interval: str = ""


@dataclass(frozen=True)
class Row:
    """One explanation of the table. rows: mean queries a sample; against: the first, paired."""

    name: str
    explained: int
    rows: float
    means: tuple[Cell, ...]
    against: tuple[Cell, ...] = ()


@dataclass(frozen=True)
class Side:
    """One sample under one explanation. words: what it says; picture: the map, None where it has none."""

    name: str
    words: tuple[str, ...]
    picture: Picture | None


@dataclass
class Sides:
    """One sample under all of them."""

    sample: str
    label: str = ""
    sides: list[Side] = field(default_factory=list)


@dataclass(frozen=True)
class ExplanationComparison:
    """Explanations side by side.

    runs: by name, the first being what the others are held against. shared: samples that all explained.
    measures: the columns that have values. warnings: why they are not comparable. folder: of the page.
    """

    runs: Mapping[str, Run]
    rows: tuple[Row, ...]
    measures: tuple[Measure, ...]
    shared: tuple[str, ...]
    warnings: tuple[str, ...]
    folder: Path = Path()


def compare_explained(runs: Mapping[str, Run]) -> ExplanationComparison:
    """The comparison of finished explanations. Raises RunError."""
    lines = {name: {line.sample: line for line in lines_of(run)} for name, run in runs.items()}
    explained = {
        name: {s: line for s, line in found.items() if line.status is Outcome.EXPLAINED}
        for name, found in lines.items()
    }
    shared = [s for s in next(iter(explained.values())) if all(s in found for found in explained.values())]
    kept = [m for m in MEASURES if any(m.of(f[s]) is not None for f in explained.values() for s in shared)]
    base = next(iter(explained.values()))
    rows = tuple(
        Row(
            name=name,
            explained=len(found),
            rows=float(np.mean([found[s].queries for s in shared])) if shared else 0.0,
            means=tuple(_mean(name, m, [m.of(found[s]) for s in shared]) for m in kept),
            against=() if found is base else tuple(_paired(name, m, shared, found, base) for m in kept),
        )
        for name, found in explained.items()
    )
    return ExplanationComparison(dict(runs), rows, tuple(kept), tuple(shared), tuple(_warnings(runs, lines)))


def _mean(name: str, measure: Measure, values: Sequence[float | None]) -> Cell:
    found = [value for value in values if value is not None]
    if not found:
        return Cell()
    return _cell(np.array(found, np.float64), name, measure)


def _paired(
    name: str,
    measure: Measure,
    shared: Sequence[str],
    found: Mapping[str, Explanation],
    base: Mapping[str, Explanation],
) -> Cell:
    pairs = [(measure.of(found[s]), measure.of(base[s])) for s in shared]
    differences = [a - b for a, b in pairs if a is not None and b is not None]
    if not differences:
        return Cell()
    if not any(differences):
        return Cell("equal")
    return _cell(np.array(differences, np.float64), name, measure, signed=True)


def _cell(values: NDArray[np.float64], name: str, measure: Measure, signed: bool = False) -> Cell:
    scale, unit = (100, f"{TIGHT}%") if measure.share else (1, "")
    rng = generator(0, "compared", name, measure.name, int(signed))
    mean, sure = scale * float(values.mean()), mean_interval(values, rng)
    plus = "+" if signed and mean > 0 else ""
    ends = f"{_figure(scale * sure.low)} to {_figure(scale * sure.high)}{unit}" if sure else ""
    return Cell(f"{plus}{_figure(mean)}{unit}", ends)


def _figure(value: float) -> str:
    """A number with a minus that is no hyphen."""
    return number(value).replace("-", "−")


def _warnings(runs: Mapping[str, Run], lines: Mapping[str, Mapping[str, Explanation]]) -> list[str]:
    """Why these runs do not answer the same question, one sentence each."""
    found, names = [], list(runs)
    for key, words in ASKED.items():
        values = {name: str(run.manifest.settings.get(key)) for name, run in runs.items()}
        if len(set(values.values())) > 1:
            each = ", ".join(f"{name}: {value}" for name, value in values.items())
            found.append(f"These runs have different {words} ({each}).")
    data = {run.manifest.data.get("sha256") for run in runs.values()}
    if len(data) > 1:
        found.append("These runs are on different data.")
    first = set(lines[names[0]])
    for name in names[1:]:
        if set(lines[name]) != first:
            found.append(f"{name} and {names[0]} share {len(first & set(lines[name]))} samples.")
    return found


def write_explanation_comparison(found: ExplanationComparison, folder: Path) -> Path:
    """Write compare.html into a folder. Raises DiskError."""
    page = folder / "compare.html"
    write_whole(page, render(found))
    return page


def render(found: ExplanationComparison) -> str:
    """The page as text; the same for the same runs."""
    return rendered("explain/compare.html.j2", contents_of(found))


def explanation_parts(found: ExplanationComparison) -> tuple[str, str]:
    """The head and the body of the same page, for another page to hold."""
    contents = contents_of(found)
    return rendered("explain/compare_head.html.j2", contents), rendered(
        "explain/compare_body.html.j2", contents
    )


def contents_of(found: ExplanationComparison) -> dict[str, Any]:
    """All that the page shows."""
    first = next(iter(found.runs.values())).manifest
    models = dict.fromkeys(short_name(str(run.manifest.model.get("name"))) for run in found.runs.values())
    return {
        "title": ", ".join(models),
        "data": first.data.get("name", "data"),
        "settings": first.settings,
        "names": list(found.runs),
        "found": found,
        "thing": thing_of(first.spec),
        "samples": _side_by_side(found),
        "wide": _is_wide(first.spec),
        "no_interval": NO_INTERVAL,
    }


def _side_by_side(found: ExplanationComparison) -> list[Sides]:
    """Shared samples, evenly chosen, under every explanation."""
    count = min(MOST_SAMPLES, len(found.shared))
    chosen = [found.shared[round(k)] for k in np.linspace(0, len(found.shared) - 1, count)] if count else []
    shown = {sample: Sides(sample) for sample in chosen}
    for name, run in found.runs.items():
        for line in run.explanations():
            if line.sample in shown:
                sides, classes = shown[line.sample], run.manifest.model["classes"]
                sides.label = class_name(classes, line.label)
                sides.sides.append(Side(name, tuple(_words(line, classes)), _picture(run, line)))
    return list(shown.values())


def _words(line: Explanation, classes: Sequence[str]) -> list[str]:
    words = [f"{class_name(classes, line.explained)}, probability {number(line.probability)}"]
    words += [f"{percent(line.suffices.share)} suffices"] if line.suffices else []
    words += [f"{percent(line.flips.share)} flips it"] if line.flips else []
    return [*words, "the model is wrong"] if line.wrong else words


def _picture(run: Run, line: Explanation) -> Picture | None:
    """The sample under its map; None where its files are damaged."""
    try:
        side = LONGEST_TRACE if _is_wide(run.manifest.spec) else LONGEST_SIDE
        return thumbnail(f"What matters in {line.sample}", under_map(run, opened(run, line)), side)
    except DAMAGED:
        return None


def _is_wide(spec: InputSpec) -> bool:
    """Whether inputs are drawn as traces or film strips."""
    return not {"time", "frame"}.isdisjoint(spec.axes)


def explanation_comparison_table(found: ExplanationComparison) -> Table:
    """The means for a terminal, a column an explanation; in brackets the paired difference to the first."""
    caption = f"means over {len(found.shared)} samples that all explained (against the first)"
    table = Table(box=SIMPLE_HEAD, caption=caption)
    table.add_column("Measure", no_wrap=True)
    for row in found.rows:
        table.add_column(row.name, justify="right")
    table.add_row("Rows", *(number(round(row.rows)) for row in found.rows))
    for k, measure in enumerate(found.measures):
        cells = [
            row.means[k].value + (f" ({row.against[k].value})" if row.against else "") for row in found.rows
        ]
        table.add_row(measure.name, *cells)
    return table
