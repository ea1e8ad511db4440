"""Verification: an honest run holds; a forged one does not, and says where; a stranger's run runs no code."""

import io
import json
import os
import re
import shutil
import subprocess
import sys
from collections.abc import Callable, Iterator
from http.server import BaseHTTPRequestHandler
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from click.testing import CliRunner, Result
from PIL import Image

import brittle
from brittle.cli import cli
from brittle.core.errors import ModelError, RunError, UsageError
from brittle.store.run import Run
from endpoint import serving

SECRET = "s3cr3t-t0ken"
Row = dict[str, Any]


def command(*arguments: object) -> Result:
    return CliRunner().invoke(cli, ["verify", *map(str, arguments)], catch_exceptions=False)


def messages(folder: Path, *given: Any, **options: Any) -> list[str]:
    """What does not hold."""
    return [str(check) for check in brittle.verify(folder, *given, **options).broken]


def rows_of(folder: Path) -> list[Row]:
    return [json.loads(line) for line in (folder / "results.jsonl").read_text().splitlines()]


def write_rows(folder: Path, rows: list[Row]) -> None:
    (folder / "results.jsonl").write_text("".join(json.dumps(row) + "\n" for row in rows))


def change_manifest(folder: Path, change: Callable[[Row], object]) -> None:
    manifest = json.loads((folder / "run.json").read_text())
    change(manifest)
    (folder / "run.json").write_text(json.dumps(manifest))


def flipped(rows: list[Row]) -> Row:
    """One whose first and closest flip differ."""
    return next(row for row in rows if row["first"] and row["first"] != row["closest"])


def of_status(rows: list[Row], status: str) -> Row:
    return next(row for row in rows if row["status"] == status)


@pytest.fixture(scope="module")
def honest(digits: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A run of 60 samples that is true; tests copy it."""
    folder = tmp_path_factory.mktemp("honest") / "run"
    settings: dict[str, Any] = {"budget": 60, "search": "patchwork", "max_l2": 3.0, "batch": 16}
    brittle.audit(digits / "digits.onnx", digits / "digits.npz", out=folder, **settings)
    statuses = {row["status"] for row in rows_of(folder)}
    assert statuses == {"flipped", "survived", "misclassified"}
    return folder


@pytest.fixture
def run(honest: Path, tmp_path: Path) -> Path:
    """A copy of it, to be forged."""
    return Path(shutil.copytree(honest, tmp_path / "run"))


def test_an_honest_run_holds(run: Path, digits: Path) -> None:
    found = brittle.verify(run)
    rows = rows_of(run)
    assert not found.broken and found.same_model and found.finished and found.notes == ()
    named = {flip["file"] for row in rows for flip in (row["first"], row["closest"]) if flip}
    assert (found.samples, found.flips) == (60, len(named))
    assert named <= {check.file for check in found.checks}
    assert found.rows == 60 + len(named)  # every untouched sample once, every flip once
    result = command(run, digits / "digits.onnx", digits / "digits.npz")
    assert result.exit_code == 0 and result.stdout.count("\n") == 1, result.output


@pytest.mark.parametrize(
    "settings",
    [
        {"search": "ripple"},
        {"search": "random", "goal": "first"},
        {"search": "greedy", "top_k": 2},
        {"search": "patchwork", "target": "3"},
        {"search": "random", "budget": 3},
        {"search": "random", "model_options": {"mean": 0.1, "std": (0.9,)}},
    ],
)
def test_honest_runs_of_other_games_hold(settings: Row, digits: Path, tmp_path: Path) -> None:
    brittle.audit(
        digits / "digits.onnx", digits / "digits.npz", out=tmp_path / "r", **{"budget": 90, **settings}
    )
    assert messages(tmp_path / "r") == []


# What a forger changes in the lines; the tables are written again, so that they agree with the lie.


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


def swap_files(run: Path, name: str) -> None:
    """Swap a stored input with that of the next flipped sample."""
    one, other = [row for row in rows_of(run) if row["first"]][:2]
    files = [run / row["first"]["file"].replace("first", name) for row in (one, other)]
    data = [file.read_bytes() for file in files]
    files[0].write_bytes(data[1])
    files[1].write_bytes(data[0])


def edit_summary(edit: Callable[[Row], object]) -> Callable[[Path], object]:
    def forge(run: Path) -> None:
        summary = json.loads((run / "summary.json").read_text())
        edit(summary)
        (run / "summary.json").write_text(json.dumps(summary))

    return forge


def edit_table(run: Path) -> None:
    text = (run / "results.csv").read_text()
    (run / "results.csv").write_text(text.replace(",survived,", ",flipped,", 1))


def cut_table(run: Path) -> None:
    lines = (run / "results.csv").read_text().splitlines(keepends=True)
    (run / "results.csv").write_text("".join(lines[:-1]))


def original_of(run: Path) -> Path:
    return run / str(flipped(rows_of(run))["first"]["file"]).replace("first", "original")


def closest_of(run: Path) -> Path:
    return run / str(flipped(rows_of(run))["closest"]["file"])


FORGED_FILES: dict[str, tuple[Callable[[Path], object], str]] = {
    "flips swapped": (lambda run: swap_files(run, "first"), r"-first.png: l2 is \S+ in results.jsonl"),
    "originals swapped": (lambda run: swap_files(run, "original"), "-original.png: it is not the sample"),
    "flip is the original": (
        lambda run: shutil.copy(original_of(run), closest_of(run)),
        r"l2 is \S+ in results.jsonl, its files say 0.0",
    ),
    "flip damaged": (lambda run: closest_of(run).write_bytes(b"\x89PNG"), "damaged data"),
    "flip gone": (lambda run: closest_of(run).unlink(), "No such file"),
    "original gone": (lambda run: original_of(run).unlink(), "No such file"),
    "a stray file": (
        lambda run: (run / "flips" / "more-first.png").touch(),
        "more-first.png is of no sample",
    ),
    "summary": (
        edit_summary(lambda summary: summary["l2"].update(median=9.0)),
        "summary.json: l2.median is 9.0, results.jsonl says",
    ),
    "summary without a median": (
        edit_summary(lambda summary: summary["l2"].update(median=None)),
        "summary.json: l2.median is None, results.jsonl says",
    ),
    "count of the summary": (
        edit_summary(lambda summary: summary.update(survived=0)),
        "summary.json: survived is 0, results.jsonl says",
    ),
    "interval of the summary": (
        edit_summary(lambda summary: summary.update(asr_interval=[0.1, 0.2])),
        "summary.json: asr_interval is 0.1, results.jsonl says",
    ),
    "summary gone": (lambda run: (run / "summary.json").unlink(), "summary.json: it is missing"),
    "table": (edit_table, r"results.csv: status of \d+ is flipped, results.jsonl says survived"),
    "table cut": (cut_table, "results.csv: it has 59 rows, results.jsonl has 60 lines"),
    "table gone": (lambda run: (run / "results.csv").unlink(), "results.csv: it is missing"),
    "results gone": (lambda run: (run / "results.jsonl").unlink(), "it has lines of 0 samples"),
    "max_l2": (
        lambda run: change_manifest(run, lambda m: m["settings"].update(max_l2=0.1)),
        r"l2 is \S+, more than the max_l2 of 0.1",
    ),
    "goal": (
        lambda run: change_manifest(run, lambda m: m["settings"].update(top_k=5)),
        "the decision is not flipped",
    ),
    "budget": (
        lambda run: change_manifest(run, lambda m: m["settings"].update(budget=40)),
        "queries is .*, expected 1 to the budget of 40",
    ),
    "samples": (
        lambda run: change_manifest(run, lambda m: m["data"].update(samples=61)),
        "lines of 60 samples, run.json asks for 61",
    ),
}


@pytest.mark.parametrize("name", FORGED_FILES)
def test_a_forged_file_does_not_hold(name: str, run: Path) -> None:
    forge, expected = FORGED_FILES[name]
    forge(run)
    result = command(run)
    assert result.exit_code == 1, result.output
    lines = [line for line in result.stdout.splitlines() if line.startswith("does not hold: ")]
    assert any(re.search(expected, line) for line in lines), result.stdout


def test_the_last_bits_of_a_summary_may_differ(run: Path) -> None:
    edit_summary(lambda summary: summary["l2"].update(median=summary["l2"]["median"] * (1 + 1e-13)))(run)
    assert messages(run) == []


def test_only_what_was_forged_does_not_hold(run: Path) -> None:
    rows = rows_of(run)
    flip = flipped(rows)["closest"]
    flip["l0"] += 1
    write_rows(run, rows)
    brittle.rewrite_report(run)
    assert [check.file for check in brittle.verify(run).broken] == [flip["file"]]


def test_without_data_a_swapped_original_is_seen_by_its_answer(run: Path, digits: Path) -> None:
    change_manifest(run, lambda m: m["settings"].update(data="elsewhere.npz"))
    rows = [row for row in rows_of(run) if row["first"]]
    other = next(row for row in rows if row["label"] != rows[0]["label"])
    mine, its = (run / row["first"]["file"].replace("first", "original") for row in (rows[0], other))
    assert messages(run) == []
    mine.write_bytes(its.read_bytes())
    found = brittle.verify(run)
    assert any("elsewhere.npz' is not here" in note for note in found.notes)
    faults = {check.file: check.message for check in found.broken}
    assert "the model answers" in faults[mine.relative_to(run).as_posix()]


def test_without_the_model_s_help_a_swapped_original_is_seen_by_the_data(run: Path, digits: Path) -> None:
    """One value changed, too little for the model to mind, and all distances recorded anew."""
    file = original_of(run)
    pixels = np.array(Image.open(file))
    pixels[0, 0] ^= 1
    Image.fromarray(pixels).save(file)
    assert f"{file.name}: it is not the sample of the data: 1 of 64 values differ" in "\n".join(messages(run))


def test_other_data_are_compared_if_they_are_given(run: Path, digits: Path, tmp_path: Path) -> None:
    arrays = dict(np.load(digits / "digits.npz"))
    arrays["x"] = arrays["x"][::-1]
    np.savez(tmp_path / "other.npz", **arrays)
    change_manifest(run, lambda m: m["data"].update(digest=2))
    found = brittle.verify(run, None, tmp_path / "other.npz")
    assert any("the data are not those that were audited" in note for note in found.notes)
    assert any("not the sample of the data" in check.message for check in found.broken)
    change_manifest(run, lambda m: m["settings"].update(data=str(tmp_path / "other.npz")))
    found = brittle.verify(run)
    assert not found.broken and any("is another one now" in note for note in found.notes)
    np.savez(tmp_path / "fine.npz", x=arrays["x"].astype(np.uint16) * 257, y=arrays["y"])
    refused = command(run, digits / "digits.onnx", tmp_path / "fine.npz")
    assert refused.exit_code == 3 and "bits=16" in refused.stderr
    np.savez(tmp_path / "small.npz", x=arrays["x"][:, :, :4], y=arrays["y"])
    assert command(run, digits / "digits.onnx", tmp_path / "small.npz").exit_code == 3
    assert command(run, digits / "digits.onnx", tmp_path / "none.npz").exit_code == 3


def test_data_of_more_samples_are_other_data(run: Path, digits: Path, tmp_path: Path) -> None:
    arrays = np.load(digits / "digits.npz")
    x, y = (np.concatenate([arrays[name]] * 2) for name in ("x", "y"))
    np.savez(tmp_path / "more.npz", x=x, y=y)
    found = messages(run, None, tmp_path / "more.npz")
    assert found == ["results.jsonl: run.json asks for 60 samples, the data have 120"]


def test_digests_of_an_earlier_brittle_tell_nothing(run: Path) -> None:
    def age(manifest: Row) -> None:
        for part in ("model", "data"):
            manifest[part].pop("digest", None)
            manifest[part]["sha256"] = "0" * 64

    change_manifest(run, age)
    found = brittle.verify(run)
    assert not found.broken and not found.same_model
    assert [note.split(" is not known")[0].split(" are the")[0] for note in found.notes] == [
        "whether the model is the audited one",
        "whether the data",
    ]
    swap_files(run, "original")
    assert any("it is not the sample of the data" in text for text in messages(run))


def test_another_model_is_named_as_such(run: Path) -> None:
    change_manifest(run, lambda m: m["model"].update(sha256="0" * 64, digest=2))
    found = brittle.verify(run)
    assert not found.same_model
    assert found.notes == ("the model is not the one that was audited (another SHA-256)",)


def test_what_cannot_be_proved_is_noted(digits: Path, tmp_path: Path) -> None:
    """Samples of the target class fail, after the model has answered them."""
    settings: Row = {"target": "3", "budget": 9, "search": "random"}
    run = brittle.audit(digits / "digits.onnx", digits / "digits.npz", out=tmp_path / "r", **settings)
    failed = run.summary()["failed"]
    assert failed and brittle.verify(tmp_path / "r").notes == (
        f"why {failed} samples failed after the model had answered them is not checked",
    )


def test_who_watches_is_told_how_far_it_is(run: Path) -> None:
    seen: list[tuple[int, int]] = []
    brittle.verify(run, watch=lambda done, of: seen.append((done, of)))
    assert seen == [(done, 60) for done in range(1, 61)]


def test_a_palette_of_other_levels_is_an_error(run: Path) -> None:
    change_manifest(run, lambda m: m["palette"][0].update(level=0.5))
    assert command(run).exit_code == 5


def test_an_unfinished_run_is_said_to_be_unfinished(run: Path) -> None:
    write_rows(run, rows_of(run)[:20])
    for name in ("summary.json", "results.csv", "report.html"):
        (run / name).unlink()
    result = command(run)
    assert result.exit_code == 5 and "unfinished: 20 of 60 samples have their line" in result.stdout
    swap_files(run, "first")
    assert command(run).exit_code == 1


def test_one_sample_can_be_checked_alone(run: Path) -> None:
    rows = rows_of(run)
    bad, good = [row for row in rows if row["first"]][:2]
    bad["first"]["l0"] += 1
    write_rows(run, rows)
    found = brittle.verify(run, sample=good["sample"])
    assert not found.broken and {check.sample for check in found.checks} == {good["sample"]}
    assert command(run, "--sample", good["sample"]).exit_code == 0
    assert command(run, "--sample", bad["sample"]).exit_code == 1
    assert command(run, "--sample", "7").exit_code == 2


def test_what_lies_beside_the_run_is_said_not_to_be_looked_at(run: Path) -> None:
    (run / "notes.txt").write_text("mine")
    found = brittle.verify(run)
    assert not found.broken and "not looked at: notes.txt" in found.notes


def test_what_a_stranger_wrote_does_not_reach_the_terminal(run: Path) -> None:
    rows = rows_of(run)
    rows[3]["sample"] = "\x1b[2J\nall hold"
    write_rows(run, rows)
    output = command(run).stdout
    assert "\x1b" not in output and "\\x1b[2J\\nall hold" in output


@pytest.mark.parametrize(
    "change",
    [
        lambda m: m["settings"].update(budget="many"),
        lambda m: m["settings"].update(model_options={"output": "words"}),
        lambda m: m.update(cell=[99, 99]),
        lambda m: m["model"].pop("classes"),
        lambda m: m["data"].update(samples=None),
        lambda m: m["settings"].update(target="eleven"),
    ],
)
def test_a_run_json_that_makes_no_sense_is_an_error(change: Callable[[Row], object], run: Path) -> None:
    change_manifest(run, change)
    with pytest.raises(RunError, match=r"run\.json"):
        brittle.verify(run)


# Signals, and models that are Python objects.


def beats(x: np.ndarray) -> np.ndarray:
    energy = np.square(x).sum(axis=(1, 2))
    return np.stack([energy - 8, 8 - energy], axis=1)


beats.input_shape = (1, 90)  # type: ignore[attr-defined]


@pytest.mark.parametrize("name", ["snr", "prd"])
def test_distances_of_signals_are_recomputed(name: str, tmp_path: Path) -> None:
    wave = np.sin(np.arange(90) / 7) * np.linspace(0.35, 0.6, 10)[:, None]
    data = (wave[:, None].astype(np.float32), None)
    out = tmp_path / "r"
    brittle.audit(beats, data, out=out, budget=60, data_options={"sampling_rate": 180}, search="patchwork")
    assert messages(out, beats, data) == []
    rows = rows_of(out)
    row = next(row for row in rows if row["first"])
    row["first"][name] += 1
    write_rows(out, rows)
    brittle.rewrite_report(out)
    assert any(f"{name} is" in text and "its files say" in text for text in messages(out, beats, data))


def test_answers_may_differ_by_their_rounding_and_no_more(digits: Path, tmp_path: Path) -> None:
    weights = np.load(digits / "weights.npz")

    def model(x: np.ndarray, shift: float = 0.0) -> np.ndarray:
        logits = x.reshape(len(x), -1) @ weights["coef"].T + weights["intercept"]
        return np.asarray(logits * (1 + shift))

    data = (np.load(digits / "digits.npz")["x"][:20], None)
    brittle.audit(model, data, budget=40, out=tmp_path / "r", search="patchwork")
    assert messages(tmp_path / "r", lambda x: model(x, 1e-5), data) == []
    assert any(
        "the model answers" in text for text in messages(tmp_path / "r", lambda x: model(x, 0.02), data)
    )
    nothing = messages(tmp_path / "r", lambda x: model(x) * np.nan, data)
    assert any("the model answers NaN or infinity" in text for text in nothing)


def test_class_names_of_a_file_are_not_needed_again(digits: Path, tmp_path: Path) -> None:
    names = tmp_path / "names.txt"
    names.write_text("\n".join(f"digit {9 - k}" for k in range(10)))  # not in the order of the alphabet
    arrays = np.load(digits / "digits.npz")
    labels = np.array([f"digit {9 - k}" for k in arrays["y"]])
    np.savez(tmp_path / "named.npz", x=arrays["x"][:20], y=labels[:20])
    options = {"classes": str(names)}
    brittle.audit(
        digits / "digits.onnx", tmp_path / "named.npz", budget=30, out=tmp_path / "r", model_options=options
    )
    names.unlink()
    found = brittle.verify(tmp_path / "r")
    assert not found.broken and found.notes == ()


def test_samples_that_failed_fail_again(digits: Path, tmp_path: Path) -> None:
    """One cannot be answered with numbers, one makes the model raise, one cannot be read."""
    weights = np.load(digits / "weights.npz")
    x = np.load(digits / "digits.npz")["x"][:8] / np.float32(255)
    x[:, 0, 3, 3] = np.minimum(x[:, 0, 3, 3], 0.5)
    x[2, 0, 3, 3], x[4, 0, 3, 3], x[6, 0, 3, 3] = 0.9, 1.0, np.nan

    def model(x: np.ndarray) -> np.ndarray:
        logits = x.reshape(len(x), -1) @ weights["coef"].T + weights["intercept"]
        logits[x[:, 0, 3, 3] > 0.85] = np.nan
        if (x[:, 0, 3, 3] == 1).any():
            raise RuntimeError("too bright")
        return np.asarray(logits)

    options = {"bounds": (0, 1)}
    brittle.audit(model, (x, None), budget=9, out=tmp_path / "r", distortions=["jpeg"], data_options=options)
    assert {row["sample"] for row in rows_of(tmp_path / "r") if row["status"] == "failed"} >= {
        "000002",
        "000004",
        "000006",
    }
    assert messages(tmp_path / "r", model, (x, None)) == []


def test_data_that_cannot_be_read_are_no_proof(digits: Path, tmp_path: Path) -> None:
    def model(x: np.ndarray) -> np.ndarray:
        return np.asarray(x.reshape(len(x), -1)[:, 20:30])

    x = np.load(digits / "digits.npz")["x"][:4] / np.float32(255)
    settings: Row = {"budget": 9, "data_options": {"bounds": (0, 1)}, "search": "random"}
    brittle.audit(model, (x, None), out=tmp_path / "r", **settings)
    damaged = x.copy()
    damaged[1, 0, 0, 0] = np.nan
    assert messages(tmp_path / "r", model, (x, None)) == []
    assert any("the data cannot be read" in text for text in messages(tmp_path / "r", model, (damaged, None)))


# What may be opened.

EVIL = """
from pathlib import Path
Path("{mark}").write_text("imported")
def model(x): return x.reshape(len(x), -1)[:, :10]
def fog(x, spec, level, rng): return x * 0.5
fog.levels = (0.5,)
"""


@pytest.fixture
def evil(run: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """A mark that a module in the run folder, which is the working folder, leaves when it is imported."""
    mark = run.parent / "imported"
    (run / "evil_of_a_stranger.py").write_text(EVIL.format(mark=mark.as_posix()))
    monkeypatch.chdir(run)
    monkeypatch.setattr(sys, "path", [*sys.path, str(run)])
    yield mark
    sys.modules.pop("evil_of_a_stranger", None)


def name_evil_model(manifest: Row) -> None:
    manifest["model"]["name"] = "evil_of_a_stranger:model"


def name_evil_distortion(manifest: Row) -> None:
    manifest["palette"][0]["distortion"] = "evil_of_a_stranger:fog"


@pytest.mark.parametrize(("change", "word"), [(name_evil_model, "model"), (name_evil_distortion, "fog")])
def test_code_that_a_run_names_is_not_imported(change: Any, word: str, run: Path, evil: Path) -> None:
    change_manifest(run, change)
    result = command(".")
    assert result.exit_code == 2 and "--trust" in result.stderr and word in result.stderr
    assert not evil.exists() and "evil_of_a_stranger" not in sys.modules
    command(".", "--trust")
    assert evil.exists()


def test_code_is_opened_if_it_is_given_again(run: Path, evil: Path, digits: Path) -> None:
    fog = "evil_of_a_stranger:fog"
    out = run.parent / "own"
    brittle.audit(digits / "digits.onnx", digits / "digits.npz", distortions=[fog], budget=20, out=out)
    with pytest.raises(UsageError, match="--distortion evil_of_a_stranger:fog"):
        brittle.verify(out)
    assert command(out, "--distortion", fog).exit_code == 0
    assert command(out, "--trust").exit_code == 0
    with pytest.raises(UsageError, match="no distortion 'jpeg'"):
        brittle.verify(out, distortions=[fog, "jpeg"])
    change_manifest(run, name_evil_model)
    assert command(".", "evil_of_a_stranger:model").exit_code == 1


def test_the_data_that_a_run_names_are_never_imported(run: Path, evil: Path) -> None:
    change_manifest(run, lambda m: m["settings"].update(data="evil_of_a_stranger:model"))
    assert command(".").exit_code == 0 and not evil.exists()


def test_the_command_does_not_look_for_modules_in_the_working_folder(run: Path) -> None:
    code = (
        "import atexit, os, sys; sys.argv = ['brittle', 'verify', '.']; "
        "atexit.register(lambda: print({'', os.getcwd()} & set(sys.path) or 'did not look')); "
        "from brittle.cli import main; main()"
    )
    done = subprocess.run([sys.executable, "-P", "-c", code], cwd=run, capture_output=True, text=True)
    assert done.returncode == 0 and done.stdout.splitlines()[-1] == "did not look", done


@pytest.mark.parametrize(
    "file", ["/etc/hostname", "../run.json", "flips/../../x", "link", "deep/x", "a\0b", "pipe"]
)
def test_a_run_reads_no_file_outside_of_its_folder(file: str, run: Path) -> None:
    (run.parent / "x").write_text("secret")
    (run / "link").symlink_to(run.parent / "x")
    (run / "deep").symlink_to(run.parent)
    os.mkfifo(run / "pipe")
    assert Run.open(run).read("run.json")
    with pytest.raises(RunError):
        Run.open(run).read(file)


# Endpoints.


class Endpoint:
    """A server that answers with the digits' weights, to who shows the token; and what it was sent."""

    def __init__(self, weights: Path) -> None:
        self.weights, self.sent = np.load(weights), list[dict[str, str]]()
        self.address = ""

    def answer(self, asked: BaseHTTPRequestHandler) -> None:
        self.sent.append(dict(asked.headers))
        body = asked.rfile.read(int(asked.headers["Content-Length"]))
        x = np.load(io.BytesIO(body))
        logits = x.reshape(len(x), -1) @ self.weights["coef"].T + self.weights["intercept"]
        data = json.dumps({"logits": logits.tolist()}).encode()
        allowed = asked.headers.get("X-Key") == SECRET
        asked.send_response(200 if allowed else 401)
        asked.send_header("Content-Type", "application/json")
        asked.end_headers()
        asked.wfile.write(data if allowed else b"")


@pytest.fixture
def endpoint(digits: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Endpoint]:
    monkeypatch.setenv("BRITTLE_TEST_TOKEN", SECRET)
    found = Endpoint(digits / "weights.npz")
    with serving(found.answer) as found.address:
        yield found


HEADER = "X-Key=BRITTLE_TEST_TOKEN"


def test_an_endpoint_behind_a_token_is_verified_with_its_header(
    endpoint: Endpoint, digits: Path, tmp_path: Path
) -> None:
    options = {"header": HEADER, "body": "npy"}
    limit = {"limit": 6}
    brittle.audit(
        endpoint.address,
        digits / "digits.npz",
        budget=20,
        out=tmp_path / "r",
        model_options=options,
        data_options=limit,
    )
    given = (tmp_path / "r", endpoint.address)
    held = command(*given, "--header", HEADER, "--timeout", 5, "--rate", 500)
    assert held.exit_code == 0 and "note: the model has no SHA-256" in held.stdout
    refused = command(*given)
    assert refused.exit_code == 4 and "401" in refused.stderr and "does not hold" not in refused.stdout
    endpoint.sent.clear()
    assert command(tmp_path / "r", "--header", HEADER).exit_code == 2
    assert endpoint.sent == []
    assert command(tmp_path / "r", "--header", HEADER, "--trust").exit_code == 0
    assert command(*given, "--header", "X-Key=NOT_SET_ANYWHERE").exit_code == 2


@pytest.mark.parametrize("end", ["", "/net.onnx"])
def test_a_run_sends_no_secret_to_an_address_of_its_choice(end: str, run: Path, endpoint: Endpoint) -> None:
    address = endpoint.address + end

    def forge(manifest: Row) -> None:
        manifest["model"]["name"] = manifest["settings"]["model"] = address
        manifest["settings"]["model_options"].update(header=HEADER, body="npy", retries=0)

    change_manifest(run, forge)
    assert command(run).exit_code == 2
    assert endpoint.sent == []
    assert command(run, address).exit_code == 4  # asked without the header
    assert command(run, "--trust").exit_code == 4
    assert len(endpoint.sent) == 2 and not any("X-Key" in sent for sent in endpoint.sent)


def test_a_model_that_cannot_be_asked_is_an_error_of_the_model(
    run: Path, digits: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    down = command(run, "http://127.0.0.1:9/", "--retries", 0, "--timeout", 1)
    assert down.exit_code == 4 and "does not hold" not in down.stdout
    assert command(run, "nowhere.onnx").exit_code == 4
    monkeypatch.syspath_prepend(str(digits))
    with pytest.raises(ModelError, match="RuntimeError: no weights"):
        brittle.verify(run, "victims:broken")


def test_options_that_are_given_overrule_those_of_the_run(run: Path, digits: Path) -> None:
    assert command(run, "--mean", "0.5").exit_code == 1
    assert command(run, "--mean", "0", "--threads", 1).exit_code == 0
    assert command(run, "--output", "nonsense").exit_code == 2
