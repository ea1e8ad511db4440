"""A comparison as rows of text, for the terminal and the page."""

from collections.abc import Sequence
from dataclasses import dataclass, fields, replace

from rich.box import SIMPLE_HEAD
from rich.table import Table

from brittle.report.compare.comparison import ComparedRun, Difference, Paired
from brittle.report.intervals import Interval
from brittle.report.summary import Spread
from brittle.report.wording import duration, interval, number, percent, percent_interval


@dataclass(frozen=True)
class Cell:
    """A value, and its 95 % interval in small print where it has one."""

    value: str
    interval: str = ""


@dataclass(frozen=True)
class Row:
    """One search in numbers. flips: only samples that flipped count; all: a survivor counts the budget."""

    name: str
    played: Cell
    asr: Cell
    queries_mean: Cell
    queries_median: Cell
    queries_all_mean: Cell
    queries_all_median: Cell
    l2_mean: Cell
    l2_median: Cell
    linf: Cell
    l0: Cell
    rows: Cell
    time: Cell


HEADINGS = (
    *("Search", "Played", "ASR", "Queries, mean", "Queries, median", "… all, mean", "… all, median"),
    *("L2, mean", "L2, median", "L∞, median", "L0, median", "Rows shown", "Time"),
)
TERMINAL = ("Search", "ASR", "Queries, median", "… all, mean", "L2, median", "Time")


def comparison_rows(compared: Sequence[ComparedRun]) -> list[Row]:
    """One row for each search, in their order."""
    return [_row(one) for one in compared]


def _row(one: ComparedRun) -> Row:
    summary = one.summary
    queries, every, l2 = one.spread("queries"), one.spread("queries", flips=False), one.spread("l2")
    return Row(
        name=one.name,
        played=Cell(number(summary.played)),
        asr=Cell(percent(summary.asr), percent_interval(summary.asr_interval)),
        queries_mean=_mean(queries),
        queries_median=_median(queries),
        queries_all_mean=_mean(every),
        queries_all_median=_median(every),
        l2_mean=_mean(l2),
        l2_median=_median(l2),
        linf=_median(one.spread("linf")),
        l0=_median(one.spread("l0")),
        rows=Cell(number(summary.rows)),
        time=Cell(duration(summary.seconds)),
    )


def _mean(spread: Spread) -> Cell:
    return Cell(number(spread.mean), interval(spread.interval))


def _median(spread: Spread) -> Cell:
    return Cell(number(spread.median), interval(spread.median_interval))


@dataclass(frozen=True)
class PairedRow:
    """One search minus the first, in text."""

    name: str
    asr: Cell
    queries: Cell
    l2: Cell


def paired_rows(found: Sequence[Paired]) -> list[PairedRow]:
    """One row for each search but the first."""
    return [PairedRow(p.name, _points(p.asr), _signed(p.queries), _signed(p.l2)) for p in found]


def _points(difference: Difference | None) -> Cell:
    """A difference of shares in percentage points."""
    if difference is None:
        return Cell("–")
    low_high = difference.interval
    scaled = None if low_high is None else Interval(100 * low_high.low, 100 * low_high.high)
    return _signed(replace(difference, mean=100 * difference.mean, interval=scaled), " points")


def _signed(difference: Difference | None, unit: str = "") -> Cell:
    if difference is None:
        return Cell("–")
    value = "equal" if difference.equal else f"{difference.mean:+.3g}{unit}"
    found = difference.interval
    span = f"{found.low:+.3g} to {found.high:+.3g}, " if found and found.low < found.high else ""
    return Cell(value, f"{span}{difference.pairs} pairs")


def comparison_table(compared: Sequence[ComparedRun]) -> Table:
    """The comparison for a terminal of 80 columns."""
    table = Table(box=SIMPLE_HEAD)
    chosen = [HEADINGS.index(name) for name in TERMINAL]
    for place in chosen:
        table.add_column(HEADINGS[place], justify="left" if place == 0 else "right")
    for row in comparison_rows(compared):
        texts = [row.name, *(cell.value for cell in cells(row))]
        table.add_row(*(texts[place] for place in chosen))
    return table


def cells(row: Row) -> list[Cell]:
    """The numbers of a row, in the order of HEADINGS[1:]."""
    return [getattr(row, field.name) for field in fields(row)[1:]]
