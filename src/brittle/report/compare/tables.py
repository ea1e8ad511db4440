"""A comparison as rows of text, for the terminal and the page."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

from rich.box import SIMPLE_HEAD
from rich.table import Table
from rich.text import Text

from brittle.report.compare.comparison import ComparedRun
from brittle.report.compare.equal import AtEqual, at_equal_queries
from brittle.report.compare.paired import Difference, Paired
from brittle.report.intervals import Interval
from brittle.report.summary import Spread, Summary
from brittle.report.wording import NOTHING, duration, interval, number, percent, percent_interval


@dataclass(frozen=True)
class Cell:
    """A value, and its 95 % interval in small print where it has one."""

    value: str
    interval: str = ""


@dataclass(frozen=True)
class Row:
    """One search in numbers. flips: only samples that flipped count; all: a survivor counts the budget.

    stops: whether at its first flip; l2_equal: at equal queries; the other distances: of the closest flips,
    map of those of clips.
    """

    name: str
    stops: bool
    played: Cell
    asr: Cell
    queries_mean: Cell
    queries_median: Cell
    queries_all_mean: Cell
    queries_all_median: Cell
    rows: Cell
    time: Cell
    l2_equal: Cell
    l2_mean: Cell
    l2_median: Cell
    linf: Cell
    l0: Cell
    map: Cell | None = None

    def cells(self, columns: Mapping[str, str]) -> list[Cell]:
        """The numbers of some columns, each a heading and a field."""
        return [getattr(self, field) for field in columns.values()]


NUMBERS = {
    "Played": "played",
    "ASR": "asr",
    "Queries, mean": "queries_mean",
    "Queries, median": "queries_median",
    "… all, mean": "queries_all_mean",
    "… all, median": "queries_all_median",
    "Rows shown": "rows",
    "Time": "time",
}
DISTANCES = {
    "L2 at equal queries, median": "l2_equal",
    "Closest flip: L2, mean": "l2_mean",
    "L2, median": "l2_median",
    "L∞, median": "linf",
    "L0, median": "l0",
}
TERMINAL = {
    "ASR": "asr",
    "Queries, median": "queries_median",
    "… all, mean": "queries_all_mean",
    "L2 at equal queries": "l2_equal",
    "Time": "time",
}
STOPS, GOES_ON = "Stop at their first flip", "Go on to closer flips"


def comparison_rows(compared: Sequence[ComparedRun]) -> list[Row]:
    """One row for each search, in their order."""
    return [_row(one, equal) for one, equal in zip(compared, at_equal_queries(compared), strict=True)]


def distances(rows: Sequence[Row]) -> Mapping[str, str]:
    """The columns of distances; MAP among them where the inputs are clips."""
    return DISTANCES if any(row.map is None for row in rows) else DISTANCES | {"MAP, median": "map"}


def groups(rows: Sequence[Row]) -> list[tuple[str, list[Row]]]:
    """The rows by how their searches end: the distances of closest flips compare within a group alone."""
    by_end = [(GOES_ON, [row for row in rows if not row.stops]), (STOPS, [row for row in rows if row.stops])]
    return [(title, found) for title, found in by_end if found]


def _accuracy(summary: Summary) -> str:
    """How many of the labelled samples the model was right about, before anything was changed."""
    return "" if summary.accuracy is None else f"accuracy {percent(summary.accuracy)}"


def _row(one: ComparedRun, equal: AtEqual) -> Row:
    summary = one.summary
    queries, every, l2 = one.spread("queries"), one.spread("queries", flips=False), one.spread("l2")
    return Row(
        name=one.name,
        stops=one.stops,
        played=Cell(number(summary.played), _accuracy(summary)),
        asr=Cell(percent(summary.asr), percent_interval(summary.asr_interval)),
        queries_mean=_mean(queries),
        queries_median=_median(queries),
        queries_all_mean=_mean(every),
        queries_all_median=_median(every),
        rows=Cell(number(summary.rows)),
        time=Cell(duration(summary.seconds)),
        l2_equal=Cell(number(equal.median), f"{equal.flipped:,} of {equal.samples:,} flipped"),
        l2_mean=_mean(l2),
        l2_median=_median(l2),
        linf=_median(one.spread("linf")),
        l0=_median(one.spread("l0")),
        map=Cell(number(summary.distances["map"].median)) if summary.map1 is not None else None,
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
    rows = comparison_rows(compared)
    table = Table(box=SIMPLE_HEAD, caption=_caption(rows), caption_justify="left")
    table.add_column("Search")
    for heading in TERMINAL:
        table.add_column(heading, justify="right")
    for row in rows:
        name = Text(f"{row.name} *" if row.stops else row.name)
        table.add_row(name, *(cell.value for cell in row.cells(TERMINAL)))
    return table


def _caption(rows: Sequence[Row]) -> str:
    stops = "* stops at its first flip, " if any(row.stops for row in rows) else ""
    queries = "and its queries are all that the others have for that sample; " if stops else ""
    return f"{stops}{queries}{NOTHING} where half or more had no flip by then"
