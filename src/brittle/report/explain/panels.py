"""The parts of the page that are made in Python: facts, key numbers, floors, samples without a map."""

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import islice
from typing import Any

from brittle.core.explanation import Explanation, Outcome
from brittle.report import wording
from brittle.report.compare.tables import Cell
from brittle.report.explain.evaluated import MAPS, OTHER, OWN, Evaluated
from brittle.report.explain.lines import lines_of
from brittle.report.explain.summary import ExplainSummary
from brittle.report.explain.tables import shares
from brittle.report.explain.words import chosen, found_on, one_of
from brittle.report.summary import Spread
from brittle.report.tables import SummaryRow
from brittle.store.run import Run

MOST_UNEXPLAINED = 100
OUTCOMES = {
    Outcome.NOTHING_FOUND: "nothing found",
    Outcome.REFUSED: "refused",
    Outcome.FAILED: "failed",
}
FLOORS = {
    "map": "The map",
    "centre": "Centre first",
    "contrast": "Contrast first",
    "random": "By chance",
}


def facts(run: Run, summary: ExplainSummary) -> dict[str, str]:
    """What was asked, for the top of the page; what was not asked is left out."""
    manifest = run.manifest
    settings, samples, spec = manifest.settings, manifest.data.get("samples"), manifest.spec
    data = str(manifest.data.get("name", ""))
    fills = [f"{name} ({wording.number(count)})" for name, count in summary.fills.items()]
    asked = {
        "Data": f"{data} ({wording.number(samples)} samples)" if samples is not None else data,
        "Explainer": summary.explainer,
        "Agent": wording.agent(manifest.agent),
        "Class explained": chosen(settings, manifest.model["classes"]),
        "Fill": ", ".join(fills if len(fills) > 1 else summary.fills),
        "Budget": f"{summary.budget:,} rows a sample",
        "Flips of": wording.text_setting(settings, "flips"),
        "Masks": wording.text_setting(settings, "truth"),
        "Leads": ", ".join(spec.channels),
        "Rate": "" if spec.rate is None else f"{spec.rate:g} a second",
        "Seed": str(summary.seed),
        "Finished": wording.moment(
            max((str(session.get("finished") or "") for session in run.sessions()), default="")
        ),
    }
    return {name: value for name, value in asked.items() if value}


def tiles(summary: ExplainSummary) -> list[SummaryRow]:
    """The numbers to remember."""
    if not summary.explained:
        return []
    return [
        _share_tile("Suffices, median", summary.suffices, summary.suffices_found, summary.explained),
        _share_tile("Flips when removed, median", summary.flips, summary.flips_found, summary.explained),
        _area_tile("Insertion, mean", summary.insertion, "greater is better"),
        _area_tile("Deletion, mean", summary.deletion, "less is better"),
    ]


def _share_tile(name: str, spread: Spread, found: int, explained: int) -> SummaryRow:
    sure = (
        f"95 % interval {shares(spread.median_interval)}" if spread.median_interval else wording.NO_INTERVAL
    )
    words = (sure, found_on(found, explained))
    return SummaryRow(name, wording.percent(spread.median), "; ".join(filter(None, words)))


def _area_tile(name: str, spread: Spread, better: str) -> SummaryRow:
    sure = f"95 % interval {wording.interval(spread.interval)}" if spread.interval else wording.NO_INTERVAL
    return SummaryRow(name, wording.number(spread.mean), f"{sure}; {better}")


@dataclass(frozen=True)
class Floors:
    """The areas of the maps behind one fill, beside those of maps that cost nothing; rows of name, cells."""

    title: str
    rows: tuple[tuple[str, tuple[Cell, ...]], ...]


def floors(found: Evaluated) -> list[Floors]:
    """A table for each fill: that of the maps, and one that they were not made with. Means."""
    titles = {
        OWN: f"Filled by {one_of(found.fills[OWN])}, as the maps were made",
        OTHER: f"Filled by {one_of(found.fills[OTHER])}, which the explainer did not see",
    }
    tables = []
    for fill, title in titles.items():
        rows = []
        for name in MAPS:
            if areas := found.areas[name].get(fill):
                spreads = (areas.insertion, areas.deletion, areas.difference, areas.ahead)
                rows.append((FLOORS[name], tuple(map(_cell, spreads))))
        if rows:
            tables.append(Floors(title, tuple(rows)))
    return tables


def _cell(spread: Spread) -> Cell:
    return Cell("" if spread.mean is None else wording.number(spread.mean), wording.interval(spread.interval))


def unexplained(run: Run) -> list[tuple[Explanation, str]]:
    """The first samples without a map, and how they ended."""
    found = ((line, OUTCOMES[line.status]) for line in lines_of(run) if line.status in OUTCOMES)
    return list(islice(found, MOST_UNEXPLAINED))


def table_rows(run: Run, most: int) -> Iterator[dict[str, Any]]:
    """Rows of the table of all samples."""
    for line in islice(lines_of(run), most):
        yield {
            "line": line,
            "suffices": line.suffices.share if line.suffices else None,
            "flips": line.flips.share if line.flips else None,
        }
