"""A forged line does not hold, and verify says where; the tables are written again, to agree with the lie."""

import re
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

import brittle
from forged import Row, command, flipped, of_status, rows_of, write_rows


def set_flip(which: str, /, **values: Any) -> Callable[[list[Row]], None]:
    def forge(rows: list[Row]) -> None:
        flipped(rows)[which].update(values)

    return forge


def set_line(of: str, /, **values: Any) -> Callable[[list[Row]], None]:
    def forge(rows: list[Row]) -> None:
        of_status(rows, of).update(values)

    return forge


def halve(which: str, name: str) -> Callable[[list[Row]], None]:
    def forge(rows: list[Row]) -> None:
        flip = flipped(rows)[which]
        flip[name] /= 2
        for point in flipped(rows)["curve"]:
            if name == "l2" and point[0] == flip["query"]:
                point[2] = flip["l2"]

    return forge


def recolour(rows: list[Row]) -> None:
    assignment = flipped(rows)["closest"]["assignment"]
    assignment[:] = [0 if k else 1 for k in assignment]


def swap_flips(rows: list[Row]) -> None:
    row = flipped(rows)
    row["first"], row["closest"] = row["closest"], row["first"]


def one_file_for_two(rows: list[Row]) -> None:
    row = flipped(rows)
    row["closest"] = {**row["first"], "query": row["closest"]["query"]}


def hide_the_closest(rows: list[Row]) -> None:
    row = flipped(rows)
    row["closest"], row["queries"] = row["first"], 59


def forget_flips(rows: list[Row]) -> None:
    row = flipped(rows)
    row["curve"] = [point for point in row["curve"] if point[2] is None]


def hide_a_flip(rows: list[Row]) -> None:
    flipped(rows).update(status="survived", first=None, closest=None, queries=59)


def turn_the_curve(rows: list[Row]) -> None:
    flipped(rows)["curve"].reverse()


def edit_curve(edit: Callable[[list[Any], list[Any]], object]) -> Callable[[list[Row]], None]:
    """Edit the curve of a flipped sample: its points before the first flip, and those from there on."""

    def forge(rows: list[Row]) -> None:
        row = next(r for r in rows if r["first"] and len(r["curve"]) > 4 and r["curve"][1][2] is None)
        points = row["curve"]
        before, after = ([p for p in points if (p[2] is None) is wanted] for wanted in (True, False))
        edit(before, after)
        row["curve"] = before + after

    return forge


def a_late_point(rows: list[Row]) -> None:
    row = of_status(rows, "survived")
    row["curve"].append([61, 0.0, None])


def change_top(rows: list[Row]) -> None:
    top = flipped(rows)["top"]
    top[0][1] -= 0.01


def change_class(rows: list[Row]) -> None:
    row = of_status(rows, "survived")
    row["predicted"] = row["top"][1][0]


def change_flip_top(rows: list[Row]) -> None:
    top = flipped(rows)["first"]["top"]
    top[1][1] += 0.01


def change_flip_class(rows: list[Row]) -> None:
    flip = flipped(rows)["closest"]
    flip["predicted"] = flip["top"][1][0]


def name_no_class(rows: list[Row]) -> None:
    flipped(rows)["closest"]["top"][1][0] = 77


def cut_top(rows: list[Row]) -> None:
    del flipped(rows)["top"][3:]


def name_the_file_of_another(rows: list[Row]) -> None:
    row = flipped(rows)
    other = next(r for r in rows if r["first"] and r is not row)
    row["closest"]["file"] = other["closest"]["file"]


def call_it_wrong(rows: list[Row]) -> None:
    """A survivor is taken out of the count of those that were played."""
    of_status(rows, "survived").update(status="misclassified", queries=1, curve=[])


def call_it_another(rows: list[Row]) -> None:
    row = of_status(rows, "misclassified")
    row.update(status="survived", label=row["predicted"])


def call_a_wrong_one_failed(rows: list[Row]) -> None:
    of_status(rows, "misclassified").update(status="failed", message="bad luck")


def call_it_failed(rows: list[Row]) -> None:
    row = flipped(rows)
    row.update(status="failed", message="bad luck", first=None, closest=None, curve=[], queries=0)
    row.update(predicted=None, top=[])


FORGED_LINES: dict[str, tuple[Callable[[list[Row]], object], str]] = {
    "l2": (halve("closest", "l2"), r"l2 is \S+ in results.jsonl, its files say"),
    "l2 of the first": (halve("first", "l2"), r"l2 is \S+ in results.jsonl, its files say|farther"),
    "l2, but not its curve": (set_flip("closest", l2=0.001), r"closest.l2 is 0.001, its curve says"),
    "closest that is farther": (set_flip("closest", l2=99.0), "closest.l2 is 99.0, farther than first.l2"),
    "linf": (halve("closest", "linf"), r"linf is \S+ in results.jsonl, its files say"),
    "l0": (set_flip("first", l0=1), "l0 is 1 in results.jsonl, its files say"),
    "mean absolute": (halve("first", "mean_absolute"), "mean_absolute is .*, its files say"),
    "snr of an image": (set_flip("first", snr=3.0), "snr is 3.0 in results.jsonl, its files say None"),
    "class of a flip": (set_flip("closest", predicted=11), "predicted is 11 in results.jsonl"),
    "top of a flip": (change_flip_top, r"top has .* in results.jsonl, the model answers"),
    "another class of a flip": (change_flip_class, "predicted is . in results.jsonl, the model answers"),
    "top that is no class": (name_no_class, "top has class 77 in results.jsonl, expected 0 to 9"),
    "class of a sample": (set_line("survived", predicted=11), "predicted is 11"),
    "another class of a sample": (change_class, "but the greatest of its top answers is"),
    "top of a sample": (change_top, "top has .* in results.jsonl, the model answers"),
    "short top": (cut_top, "top has 3 classes in results.jsonl, expected 5"),
    "label": (set_line("misclassified", label=8), "label is 8 in results.jsonl, . in the data"),
    "label that is no class": (set_line("survived", label=77), "label is 77, expected a class of 0 to 9"),
    "queries beyond the budget": (set_line("survived", queries=61), "queries is 61, .* budget of 60"),
    "query after all": (set_flip("closest", query=60), r"closest.query is 60, expected 2 to"),
    "query before all": (set_flip("first", query=1), "first.query is 1, expected 2 to"),
    "queries of a wrong one": (set_line("misclassified", queries=2), "queries is 2, expected 1"),
    "one file, two tellings": (
        one_file_for_two,
        "its first and closest flip have one query or file, but differ",
    ),
    "flips in turn": (swap_flips, "first.query is .*, after closest.query"),
    "closest is hidden": (hide_the_closest, "its curve has a closer flip"),
    "flip is hidden": (hide_a_flip, "its curve has a closer flip"),
    "curve without flips": (forget_flips, "its curve has no flip at first.query"),
    "curve turned round": (turn_the_curve, r"its curve has query \d+ after"),
    "margin that rises": (
        edit_curve(lambda before, after: before[1].__setitem__(1, 99.0)),
        "its curve does not fall at query",
    ),
    "l2 that rises": (
        edit_curve(lambda before, after: after.insert(1, [after[0][0] + 1, -1.0, 99.0])),
        "its curve does not fall at query",
    ),
    "no flip after one": (
        edit_curve(lambda before, after: after.append([60, 0.0, None])),
        "its curve does not fall at query 60",
    ),
    "flip without an l2": (
        edit_curve(lambda before, after: before[-1].__setitem__(1, -1.0)),
        "its curve has margin -1.0 and l2 None",
    ),
    "l2 without a flip": (
        edit_curve(lambda before, after: after[-1].__setitem__(1, 1.0)),
        "its curve has margin 1.0 and l2",
    ),
    "curve beyond the queries": (a_late_point, "its curve has query 61, expected 2 to"),
    "assignment": (recolour, "its assignment renders another input than its file holds"),
    "no assignment": (set_flip("first", assignment=None), "it has no assignment"),
    "assignment of others": (set_flip("first", assignment=[1, 2]), "its assignment cannot be replayed"),
    "wrong layer": (set_flip("first", assignment=[9999] * 64), "its assignment cannot be replayed"),
    "file of another": (name_the_file_of_another, "its file .* is that of"),
    "survivor called wrong": (call_it_wrong, "its status is misclassified, but its label is"),
    "wrong called survivor": (call_it_another, "label is . in results.jsonl, . in the data"),
    "wrong called failed": (
        call_a_wrong_one_failed,
        "failed, but the model answers the untouched sample not",
    ),
    "called failed": (call_it_failed, "it failed .bad luck., but the sample can be read and is answered"),
    "flipped without a flip": (set_line("survived", status="flipped"), "flipped, but it has no first flip"),
    "seed": (set_line("survived", seed=5), "seed is 5 in its line, 0 in run.json"),
    "search": (set_line("survived", search="greedy"), "search is greedy in its line, patchwork in run.json"),
    "unknown sample": (set_line("survived", sample="000999"), "the data have no such sample"),
    "two lines": (lambda rows: rows.append(rows[0]), "it has two lines"),
    "a line less": (lambda rows: rows.pop(), "it has lines of 59 samples, run.json asks for 60"),
    "no lines": (lambda rows: rows.clear(), "it has lines of 0 samples, run.json asks for 60"),
    "file outside": (set_flip("closest", file="/etc/hostname"), "no plain file inside the run folder"),
    "file above": (set_flip("closest", file="../secret.png"), "no plain file inside the run folder"),
    "file through a link": (set_flip("closest", file="flips/out.png"), "no plain file inside the run folder"),
    "file that is missing": (set_flip("closest", file="flips/none.png"), "cannot be read: No such file"),
}


@pytest.mark.parametrize("name", FORGED_LINES)
def test_a_forged_line_does_not_hold(name: str, run: Path) -> None:
    forge, expected = FORGED_LINES[name]
    rows = rows_of(run)
    shutil.copy(run / flipped(rows)["closest"]["file"], run.parent / "secret.png")
    if name == "file through a link":
        (run / "flips" / "out.png").symlink_to(run.parent / "secret.png")
    forge(rows)
    write_rows(run, rows)
    brittle.rewrite_report(run)
    result = command(run)
    assert result.exit_code == 1, result.output
    lines = [line for line in result.stdout.splitlines() if line.startswith("does not hold: ")]
    assert any(re.search(expected, line) for line in lines), result.stdout
