"""The board of a hard set: one HTML file that needs nothing but itself."""

import json
from collections.abc import Sequence
from typing import Any

from markupsafe import Markup

from brittle.report.board.agreement import agreements
from brittle.report.board.examples import clipped, examples_of
from brittle.report.board.figures import error_charts
from brittle.report.board.rows import columns_of, rows_of
from brittle.report.hard_card import level_unit
from brittle.report.template import rendered
from brittle.report.wording import NO_INTERVAL, NOTHING, number, percent
from brittle.store.hard_records import Benchmark, Level, NamedNet
from brittle.store.hard_set import HardSet, write_inside
from brittle.store.scores import ScoreEntry, last_part
from brittle.store.set_files import SetFiles

BOARD = "board.html"
LONGEST = 400
"""Letters of a setting."""


def write_page(
    hard: HardSet,
    files: SetFiles,
    entries: Sequence[ScoreEntry],
    left_out: Sequence[str],
    reference: ScoreEntry | None = None,
) -> None:
    """Write board.html into the set. left_out: entries that are not shown, a line each. Raises DiskError."""
    page = render(hard, files, entries, left_out, reference)
    write_inside(hard.path, BOARD, page.encode(errors="backslashreplace"))


def render(
    hard: HardSet,
    files: SetFiles,
    entries: Sequence[ScoreEntry],
    left_out: Sequence[str],
    reference: ScoreEntry | None = None,
) -> str:
    """The page as text; the same for the same set and entries."""
    about, rows = hard.about, rows_of(hard.about, entries, reference)
    ranked = [row.entry for row in rows if row.rank is not None]
    contents: dict[str, Any] = {
        "data": last_part(about.data.name),
        "about": about,
        "verdict": verdict(ranked, about.form.place),
        "inputs": about.form.place,
        "columns": columns_of(about, reference),
        "rows": rows,
        "reference": reference and reference.name,
        "left_out": left_out,
        "agreements": agreements(ranked),
        "charts": [
            (kind, Markup(svg)) for kind, svg in error_charts(rows, [k.name for k in about.kinds], about.spec)
        ],
        "examples": examples_of(hard, files),
        "made": _made(about),
        "licence": about.data.licence,
        "no_interval": NO_INTERVAL,
    }
    return rendered("board/board.html.j2", contents)


def verdict(ranked: Sequence[ScoreEntry], inputs: str) -> str:
    """What the board says, in a sentence or two. ranked: from the least mean error on; inputs: images ..."""
    if not ranked:
        return "No model has been scored that this set was not made against."
    first, last = ranked[0], ranked[-1]
    clean, hard = percent(first.clean.error), percent(first.mean_error)
    if len(ranked) == 1:
        return f"{first.name} errs on {hard} of these {inputs}, and on {clean} of the untouched ones."
    return (
        f"Of {number(len(ranked))} models that this set was not made against, {first.name} errs least: on "
        f"{hard} of these {inputs}, and on {clean} of the untouched ones. {last.name} errs most, on "
        f"{percent(last.mean_error)}."
    )


def _made(about: Benchmark) -> list[tuple[str, str]]:
    """How the set was made, by name."""
    data, shape = about.data, " × ".join(map(str, about.spec.shape))
    rows = {name: count for name, count in about.rows.model_dump().items() if count}
    stated = {name: value for name, value in sorted(about.settings.items()) if value not in (None, [], {})}
    return [
        ("Surrogates, which it was made against", _nets(about.surrogates)),
        ("Hold-outs, asked once at the end", _nets(about.hold_outs)),
        ("Data", f"{data.name}, {number(data.samples)} samples, SHA-256 {data.sha256[:12]}"),
        (f"Source {about.form.place} in the set", number(about.samples)),
        ("Inputs", f"{about.domain}, {shape} within {_text(about.spec.bounds)}"),
        ("Levels", "; ".join(map(_level, about.levels)) + f"; changes were sought at {about.base}"),
        ("Kinds of change", "; ".join(f"{kind.name} ({kind.way})" for kind in about.kinds)),
        ("Rows shown", ", ".join(f"{name} {number(count)}" for name, count in rows.items()) or NOTHING),
        ("Made with", ", ".join(f"{name} {clipped(version)}" for name, version in about.versions.items())),
        *((f"Setting {clipped(name)}", _text(value)) for name, value in stated.items()),
    ]


def _nets(nets: Sequence[NamedNet]) -> str:
    told = (f"{last_part(net.name)} (SHA-256 {net.sha256[:12] or 'none'})" for net in nets)
    return ", ".join(told) or NOTHING


def _level(level: Level) -> str:
    return f"{level.name}: {level.measure} {number(level.value)}{level_unit(level)}"


def _text(value: Any) -> str:
    text = value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)
    return text if len(text) <= LONGEST else text[: LONGEST - 1] + "…"
