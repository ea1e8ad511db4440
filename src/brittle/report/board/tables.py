"""A score for a terminal."""

from rich.box import SIMPLE_HEAD
from rich.table import Table

from brittle.report.board.rows import points
from brittle.report.intervals import Interval
from brittle.report.wording import number, percent, percent_interval
from brittle.store.scores import Ends, ScoreEntry


def score_table(entry: ScoreEntry) -> Table:
    """Accuracy on the untouched files and under every kind at every level, and what follows from them."""
    shown = f"{number(entry.samples)} sources, {number(entry.rows_shown)} rows"
    table = Table(box=SIMPLE_HEAD, caption=shown)
    table.add_column("Files")
    for name in ("RMS", "Accuracy", "95 % interval"):
        table.add_column(name, justify="right")
    table.add_row("untouched", "0", percent(entry.clean.accuracy), _interval(entry.clean.interval))
    for one in entry.levels:
        name, accuracy = f"{one.kind} {one.level}", percent(one.accuracy)
        table.add_row(name, number(one.rms), accuracy, _interval(one.interval))
    table.add_section()
    ends = _interval(entry.mean_error_interval)
    table.add_row("Mean error", "", percent(entry.mean_error), ends, style="bold")
    table.add_row("Relative error, points", "", points(entry.relative_error), "")
    table.add_row("RMS at half error", number(entry.rms_at_half_error), "", "")
    if entry.relative_to:
        table.add_row(f"mCE against {entry.relative_to.reference}", "", number(entry.relative_to.mce), "")
    if entry.unanswered:
        table.add_row("Rows unanswered, counted as wrong", "", number(entry.unanswered), "")
    return table


def _interval(ends: Ends | None) -> str:
    return percent_interval(Interval(*ends) if ends else None)
