"""A hard set for a terminal."""

from collections.abc import Mapping

from rich.box import SIMPLE_HEAD
from rich.table import Table

from brittle.report.hard_card import (
    UNTOUCHED,
    accounts,
    distance_rows,
    held_out_rows,
    likeness,
    seen_rows,
)
from brittle.report.wording import NOTHING, number
from brittle.store.hard_set import HardSet

BESIDES = {
    "setup": "to know models and a good batch",
    "retried": "shown once more",
    "interrupted": "of samples that were interrupted",
    "looked_up": "answered by the cache, not shown",
}


def benchmark_table(hard: HardSet) -> Table:
    """Error of hold-outs, errors of surrogates and likeness, for every kind at every level."""
    about, items = hard.about, list(hard.items())
    names = [net.name for net in about.hold_outs]
    table = Table(box=SIMPLE_HEAD, caption=f"errors on {about.samples} samples; {len(items)} files")
    for name in ("Kind", "Level"):
        table.add_column(name)
    for name in (likeness(about.spec), *names, *(f"{net.name} (seen)" for net in about.surrogates)):
        table.add_column(name, justify="right")
    unseen = dict(held_out_rows(about, items, list(hard.held_out())) if names else [])
    seen = dict(seen_rows(about, items))
    alike = {(row[0], row[1]): row[2] for row in distance_rows(about, items)}
    for cell in [*([UNTOUCHED] if names else []), *alike]:
        errors = [*unseen.get(cell, [])[: len(names)], *seen.get(cell, [])]
        table.add_row(*cell, alike.get(cell, ""), *(str(one or NOTHING) for one in errors))
    return table


def benchmark_rows_table(hard: HardSet, besides: Mapping[str, int]) -> Table:
    """Rows by what for, those besides the accounts of the set too."""
    table = Table(box=SIMPLE_HEAD)
    table.add_column("Rows shown to models")
    table.add_column("rows", justify="right")
    for what, rows in accounts(hard.about):
        table.add_row(what, number(rows))
    for name, what in BESIDES.items():
        if besides.get(name):
            table.add_row(what, number(besides[name]))
    return table
