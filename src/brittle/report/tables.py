"""A run as plain rows: for the terminal and for results.csv."""

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from rich.box import SIMPLE_HEAD
from rich.table import Table

from brittle.core.result import Flip, SearchResult
from brittle.core.sample import InputSpec
from brittle.report.classes import class_name
from brittle.report.csv_rows import write_rows
from brittle.report.intervals import FEWEST
from brittle.report.summary import Spread, Summary
from brittle.report.wording import (
    NO_INTERVAL,
    change_unit,
    duration,
    interval,
    number,
    percent,
    percent_interval,
)

FLIP_COLUMNS = (
    "query",
    "l2",
    "linf",
    "l0",
    "mean_absolute",
    "snr",
    "prd",
    "cells",
    "frames",
    "frames_in_row",
    "predicted",
    "predicted_name",
)
COLUMNS = (
    *("sample", "label", "label_name", "status", "search", "queries", "predicted", "predicted_name"),
    *(f"first_{name}" for name in FLIP_COLUMNS),
    *(f"closest_{name}" for name in FLIP_COLUMNS),
    *("file", "seed", "message", "seconds"),
)
SPREADS = {
    "l2": "Closest flip: L2",
    "rms": "… as RMS change",
    "psnr": "… as PSNR (dB)",
    "linf": "L∞",
    "l0": "L0 (elements)",
    "mean_absolute": "Mean absolute change",
    "map": "MAP (0 to 255)",
    "cells": "Cells touched",
    "frames": "Frames touched",
    "frames_in_row": "… longest run",
    "snr": "SNR (dB)",
    "prd": "PRD (%)",
}


@dataclass(frozen=True)
class SummaryRow:
    """One line of the summary: a value or a median, and its mean; empty where there is none."""

    name: str
    value: str
    interval: str = ""
    mean: str = ""
    mean_interval: str = ""


def summary_rows(summary: Summary) -> list[SummaryRow]:
    """The summary in the order in which people read it."""
    return [
        SummaryRow("Samples", number(summary.samples)),
        SummaryRow("Already wrong", number(summary.misclassified)),
        SummaryRow("Failed", number(summary.failed)),
        SummaryRow("Accuracy", percent(summary.accuracy), percent_interval(summary.accuracy_interval)),
        SummaryRow("Flipped", number(summary.flipped)),
        SummaryRow("Survived", number(summary.survived)),
        SummaryRow("ASR", percent(summary.asr), percent_interval(summary.asr_interval)),
        *_robustness_rows(summary),
        spread_row("First flip: queries", summary.queries),
        spread_row("… a survivor counts the budget", summary.queries_all),
        spread_row("First flip: L2", summary.first_l2),
        spread_row("Closest flip: found at query", summary.closest_queries),
        *(_distance_row(name, spread, summary.spec) for name, spread in summary.distances.items()),
        *_clip_rows(summary),
        *(spread_row(name.replace("_", " ").capitalize(), found) for name, found in summary.notes.items()),
        SummaryRow("Queries in all", number(summary.rows)),
        *shown_rows(summary),
        SummaryRow("Time", duration(summary.seconds)),
        SummaryRow("Rows per second", number(summary.rows_per_second)),
    ]


def _robustness_rows(summary: Summary) -> list[SummaryRow]:
    """The one figure and its parts, of an audit with severity curves."""
    if (found := summary.robustness) is None:
        return []
    return [
        SummaryRow("Robustness", percent(found.value), percent_interval(found.interval)),
        SummaryRow("… under distortion", percent(found.under_distortion)),
        SummaryRow("… under attack", percent(found.under_attack)),
    ]


def _clip_rows(summary: Summary) -> list[SummaryRow]:
    """What is said of clips alone."""
    if summary.map_all is None or summary.map1_queries is None:
        return []
    return [
        spread_row("MAP, a survivor counts 12.75", summary.map_all),
        SummaryRow("Flips of MAP 1 or less", number(summary.map1)),
        spread_row("First flip of MAP 1 or less: queries", summary.map1_queries),
    ]


def shown_rows(summary: Summary) -> list[SummaryRow]:
    """What the model was shown in all, and what of it was no query of a sample; lines of 0 are left out."""
    shown = summary.shown
    parts = {
        "… of them to set up": shown.setup,
        "… of them for the agent's warm-up": shown.warm_up,
        "… of them again, as no answer had come": shown.retried,
        "… of them for interrupted samples": summary.interrupted,
        "Queries answered from the cache": shown.looked_up,
    }
    found = [SummaryRow(name, number(rows)) for name, rows in parts.items() if rows]
    return [SummaryRow("Rows shown to the model", number(shown.shown)), *found]


def spread_row(name: str, spread: Spread) -> SummaryRow:
    """The median and the mean of a spread, with their intervals."""
    return SummaryRow(
        name,
        number(spread.median),
        interval(spread.median_interval),
        number(spread.mean),
        interval(spread.interval),
    )


def _distance_row(name: str, spread: Spread, spec: InputSpec | None) -> SummaryRow:
    """A distance of the closest flips; an RMS change as people tell it."""
    if name != "rms" or spec is None:
        return spread_row(SPREADS[name], spread)
    scale, unit = change_unit(spec)
    mean, median = (None if value is None else scale * value for value in (spread.mean, spread.median))
    return spread_row(f"… as RMS change ({unit})", Spread(mean, median))


def summary_table(summary: Summary) -> Table:
    """The summary for a terminal of 80 columns."""
    return table_of(summary_rows(summary), summary.flipped, lambda row: row.name == "ASR")


def table_of(rows: Iterable[SummaryRow], values: int, bold: Callable[[SummaryRow], bool]) -> Table:
    """Rows for a terminal. values: how many intervals are of, said where too few. bold: the main rows."""
    few = 0 < values < FEWEST
    table = Table(box=SIMPLE_HEAD, caption=NO_INTERVAL if few else None)
    table.add_column("Measure")
    for name in ("Value or median", "95 % interval", "Mean"):
        table.add_column(name, justify="right")
    for row in rows:
        cells = (row.name, row.value, row.interval, row.mean)
        table.add_row(*cells, style="bold" if bold(row) else None)
    return table


def write_csv(results: Iterable[SearchResult], path: Path, classes: Sequence[str]) -> None:
    """One flat row for each sample, empty where there is nothing. Raises DiskError."""
    write_rows(path, COLUMNS, flat_rows(results, classes))


def flat_rows(results: Iterable[SearchResult], classes: Sequence[str]) -> Iterator[dict[str, Any]]:
    """Results as flat records of COLUMNS; file is that of the closest flip."""
    for result in results:
        yield {
            "sample": result.sample,
            "label": result.label,
            "label_name": class_name(classes, result.label),
            "status": result.status.value,
            "search": result.search,
            "queries": result.queries,
            "predicted": result.predicted,
            "predicted_name": class_name(classes, result.predicted),
            **_flip_columns("first", result.first, classes),
            **_flip_columns("closest", result.closest, classes),
            "file": result.closest.file if result.closest else None,
            "seed": result.seed,
            "message": result.message,
            "seconds": result.seconds,
        }


def _flip_columns(which: str, flip: Flip | None, classes: Sequence[str]) -> dict[str, Any]:
    row: dict[str, Any] = {f"{which}_{name}": getattr(flip, name, None) for name in FLIP_COLUMNS}
    row[f"{which}_predicted_name"] = class_name(classes, flip.predicted) if flip else None
    return row
