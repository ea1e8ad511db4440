"""A file of a run that was forged does not hold, and verify says which."""

import json
import re
import shutil
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

import brittle
from forged import Row, change_manifest, command, flipped, messages, rows_of, swap_files, write_rows


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
