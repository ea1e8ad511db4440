"""results.csv and the table on the terminal."""

import csv
from io import StringIO
from pathlib import Path

import pytest
from rich.console import Console

from brittle.core.errors import DiskError
from brittle.core.result import Status
from brittle.report.audit.panels import tiles
from brittle.report.summary import summarise
from brittle.report.tables import COLUMNS, summary_table, write_csv
from report.made_up import BUDGET, CLASSES, ended, flipped

RESULTS = [
    flipped("a,b", first=10, l2=1.5),
    ended("größe", Status.FAILED, message='not "an" image\nat all'),
    flipped("c", first=20, l2=2.5, label=None),
]


def test_csv_reads_back_one_row_a_sample(tmp_path: Path) -> None:
    write_csv(RESULTS, tmp_path / "results.csv", CLASSES)
    with (tmp_path / "results.csv").open(newline="", encoding="utf-8") as file:
        rows = list(csv.DictReader(file))
    assert tuple(rows[0]) == COLUMNS
    first, failed, unlabelled = rows
    assert (first["sample"], first["label_name"], first["status"]) == ("a,b", "cat", "flipped")
    assert (first["first_query"], first["first_l2"], first["closest_l2"]) == ("10", "3.0", "1.5")
    assert (first["closest_predicted_name"], first["file"]) == ("dog", "flips/a,b.closest.png")
    assert failed["message"] == 'not "an" image\nat all'
    assert failed["closest_l2"] == failed["file"] == ""
    assert unlabelled["label"] == unlabelled["label_name"] == ""
    assert [path.name for path in tmp_path.iterdir()] == ["results.csv"]


def test_csv_that_cannot_be_written_is_one_clear_line(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    with pytest.raises(DiskError, match=r"cannot write .*results\.csv"):
        write_csv(RESULTS, tmp_path / "file" / "results.csv", CLASSES)


def test_the_terminal_table_fits_80_columns() -> None:
    summary = summarise(RESULTS, search="random", budget=BUDGET, seed=0, seconds=2.0)
    console = Console(width=80, record=True, file=StringIO())
    console.print(summary_table(summary))
    text = console.export_text()
    for name in ("Already wrong", "Flipped", "ASR", "First flip: L2", "Closest flip: L2", "Rows per second"):
        assert any(line.strip().startswith(name) for line in text.splitlines()), name


def test_below_8_flips_it_is_said_that_there_is_no_interval() -> None:
    for flips, said in ((0, False), (7, True), (8, False)):
        results = [ended("s", Status.SURVIVED), *(flipped(str(k), 10 + k, 1.0 + k) for k in range(flips))]
        summary = summarise(results, search="random", budget=BUDGET, seed=0, seconds=2.0)
        console = Console(width=80, record=True, file=StringIO())
        console.print(summary_table(summary))
        assert ("no interval below 8 values" in console.export_text()) is said
        medians = [tile.interval for tile in tiles(summary) if " flip," in tile.name]
        assert len(medians) == 2 * bool(flips)
        assert all(("no interval below 8 values" in one) is said for one in medians)
