"""results.csv and the terminal's table of an explanation."""

import csv
import io
from pathlib import Path

from rich.console import Console

from brittle.core.explanation import Outcome
from brittle.report.explain.summary import summarise
from brittle.report.explain.tables import EXPLANATION_COLUMNS, explanation_table, write_explanation_csv
from report.explain.made_up import CLASSES, against_truth, ended, evaluated, explained, samples


def test_one_flat_row_a_sample(tmp_path: Path) -> None:
    lines = [
        against_truth(evaluated(explained("a,b", label=2))),
        explained("plain", None, None),
        ended("c", Outcome.FAILED, "no"),
    ]
    write_explanation_csv(lines, tmp_path / "results.csv", CLASSES)
    with (tmp_path / "results.csv").open(encoding="utf-8", newline="") as file:
        full, plain, failed = csv.DictReader(file)
    assert tuple(full) == EXPLANATION_COLUMNS
    assert (full["sample"], full["status"], full["label_name"]) == ("a,b", "explained", CLASSES[2])
    assert (full["suffices"], full["suffices_probability"], full["flips"]) == ("0.2", "0.85", "0.1")
    assert (full["flips_predicted_name"], full["flips_file"][:6]) == ("dog", "shown/")
    assert (full["other_fill"], full["other_insertion"], full["drop"]) == ("flat", "0.7", "0.25")
    assert (full["iou"], full["pointing"], full["mass"]) == ("0.5", "True", "0.75")
    assert (plain["suffices"], plain["flips"], plain["iou"], plain["stability"]) == ("", "", "", "")
    assert (failed["status"], failed["message"], failed["insertion"]) == ("failed", "no", "")


def test_the_terminal_shows_all_of_it_within_80_columns() -> None:
    lines = samples([against_truth(evaluated(explained("a")))], 9)
    summary = summarise(lines, explainer="rise", budget=100, seed=0, seconds=1.0)
    shown = io.StringIO()
    Console(file=shown, width=80).print(explanation_table(summary))
    text = shown.getvalue().replace("\u00a0", " ")
    for words in ("Share that suffices", "20.0 %", "Average Drop", "IoU", "… of them to evaluate", "450"):
        assert words in text
    assert max(map(len, text.splitlines())) <= 80


def test_few_samples_are_said_to_have_no_interval() -> None:
    summary = summarise([explained("a")], explainer="rise", budget=100, seed=0, seconds=1.0)
    assert str(explanation_table(summary).caption) == "no interval below 8 values"
