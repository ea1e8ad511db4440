"""A run of explanations as plain rows: for the terminal and for results.csv."""

from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path
from typing import Any

from rich.table import Table

from brittle.core.explanation import Explanation
from brittle.report.classes import class_name
from brittle.report.csv_rows import write_rows
from brittle.report.explain.evaluated import OTHER, Evaluated, Portion, TruthFound
from brittle.report.explain.summary import ExplainSummary
from brittle.report.intervals import Interval
from brittle.report.summary import Spread
from brittle.report.tables import SummaryRow, spread_row, table_of
from brittle.report.wording import (
    TIGHT,
    duration,
    number,
    percent,
    percent_interval,
)

EXPLANATION_COLUMNS = (
    *("sample", "label", "label_name", "status", "explainer", "fill", "queries", "evaluation_rows"),
    *("predicted", "predicted_name", "explained", "explained_name", "probability", "filled"),
    *("suffices", "suffices_probability", "suffices_file"),
    *("flips", "flips_predicted", "flips_predicted_name", "flips_file"),
    *("insertion", "deletion", "other_fill", "other_insertion", "other_deletion", "drop", "increase"),
    *("stability", "iou", "pointing", "mass", "original", "file", "seed", "message", "seconds"),
)


def outcome_rows(summary: ExplainSummary) -> list[SummaryRow]:
    """How samples ended."""
    labelled = f" of {number(summary.labelled)}" if summary.labelled else ""
    wrong = number(summary.wrong) + labelled if summary.labelled else "not known"
    return [
        SummaryRow("Samples", number(summary.samples)),
        SummaryRow("Explained", number(summary.explained)),
        SummaryRow("Nothing found", number(summary.nothing_found)),
        SummaryRow("Refused", number(summary.refused)),
        SummaryRow("Failed", number(summary.failed)),
        SummaryRow("The model was wrong", wrong),
        SummaryRow("Share that suffices found", number(summary.suffices_found)),
        SummaryRow("Share that flips found", number(summary.flips_found)),
    ]


def account_rows(summary: ExplainSummary) -> list[SummaryRow]:
    """What the model was shown, and what of it was no query of a sample; lines of 0 are left out."""
    shown = summary.shown
    parts = {
        "… of them to evaluate": summary.evaluation_rows,
        "… of them to set up": shown.setup,
        "… of them again, as no answer had come": shown.retried,
        "… of them for interrupted samples": summary.interrupted,
        "Queries answered from the cache": shown.looked_up,
    }
    return [
        SummaryRow("Queries in all", number(summary.rows)),
        SummaryRow("Rows shown to the model", number(shown.shown)),
        *(SummaryRow(name, number(rows)) for name, rows in parts.items() if rows),
        SummaryRow("Time", duration(summary.seconds)),
        SummaryRow("Rows per second", number(summary.rows_per_second)),
    ]


def map_rows(summary: ExplainSummary) -> list[SummaryRow]:
    """What the maps found: median and mean."""
    return [
        _share_row("Share that suffices", summary.suffices),
        _share_row("Share that flips", summary.flips),
        spread_row("Insertion", summary.insertion),
        spread_row("Deletion", summary.deletion),
        spread_row("Insertion − deletion", summary.difference),
    ]


def evaluation_rows(found: Evaluated) -> list[SummaryRow]:
    """What was measured besides: Average Drop and Increase, stability."""
    return [
        spread_row("Stability", found.stability),
        _share_row("Average Drop", found.drop),
        _portion_row("Average Increase", found.increase),
    ]


def truth_rows(found: TruthFound) -> list[SummaryRow]:
    """The maps against masks of what should matter."""
    return [
        spread_row("IoU with the mask", found.iou),
        _share_row("Mass inside the mask", found.mass),
        _portion_row("Pointing", found.pointing),
    ]


def _other_fill_rows(found: Evaluated) -> list[SummaryRow]:
    names = {
        "map": "… behind another fill",
        "centre": "… … of the centre",
        "contrast": "… … of the contrast",
        "random": "… … of chance",
    }
    return [
        spread_row(text, found.areas[name][OTHER].difference)
        for name, text in names.items()
        if OTHER in found.areas[name]
    ]


def _share_row(name: str, spread: Spread) -> SummaryRow:
    values = percent(spread.median), shares(spread.median_interval), percent(spread.mean)
    return SummaryRow(name, *values, shares(spread.interval))


def _portion_row(name: str, portion: Portion) -> SummaryRow:
    return SummaryRow(name, percent(portion.share), percent_interval(portion.interval))


def shares(found: Interval | None) -> str:
    """An interval of shares of an input: 4.2 – 18.0 %."""
    return f"{100 * found.low:.1f}{TIGHT}–{TIGHT}{100 * found.high:.1f}{TIGHT}%" if found else ""


def explanation_table(summary: ExplainSummary) -> Table:
    """The summary for a terminal of 80 columns."""
    rows = [*outcome_rows(summary), *map_rows(summary)]
    if summary.evaluation:
        rows += [*_other_fill_rows(summary.evaluation), *evaluation_rows(summary.evaluation)]
    if summary.truth:
        rows += truth_rows(summary.truth)
    rows += account_rows(summary)
    return table_of(rows, summary.explained, lambda row: row.name.startswith("Share") and bool(row.mean))


def write_explanation_csv(lines: Iterable[Explanation], path: Path, classes: Sequence[str]) -> None:
    """One flat row for each sample, empty where there is nothing. Raises DiskError."""
    write_rows(path, EXPLANATION_COLUMNS, flat_explanations(lines, classes))


def flat_explanations(lines: Iterable[Explanation], classes: Sequence[str]) -> Iterator[dict[str, Any]]:
    """Explanations as flat records of EXPLANATION_COLUMNS; file is that of the map."""
    for line in lines:
        row: dict[str, Any] = dict.fromkeys(EXPLANATION_COLUMNS)
        row |= {name: value for name, value in vars(line).items() if name in row}
        row["status"] = line.status.value
        for name in ("label", "predicted", "explained"):
            row[f"{name}_name"] = class_name(classes, getattr(line, name))
        for name in ("suffices", "flips"):
            row |= _share_columns(name, line, classes)
        row |= _evaluation_columns(line)
        yield {name: row[name] for name in EXPLANATION_COLUMNS}


def _share_columns(name: str, line: Explanation, classes: Sequence[str]) -> dict[str, Any]:
    found = getattr(line, name)
    if found is None:
        return {name: None}
    row = {name: found.share, f"{name}_file": found.file}
    if name == "suffices":
        return row | {"suffices_probability": found.probability}
    named = class_name(classes, found.predicted)
    return row | {"flips_predicted": found.predicted, "flips_predicted_name": named}


def _evaluation_columns(line: Explanation) -> dict[str, Any]:
    row: dict[str, Any] = {}
    if line.evaluation:
        row = {
            name: getattr(line.evaluation, name) for name in ("other_fill", "drop", "increase", "stability")
        }
        if areas := line.evaluation.areas.get("map", {}).get(line.evaluation.other_fill):
            row |= {"other_insertion": areas.insertion, "other_deletion": areas.deletion}
    if line.truth:
        row |= vars(line.truth)
    return row
