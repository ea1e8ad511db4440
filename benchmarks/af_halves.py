"""Two halves of the rhythm records of CinC 2017, N and A alone: one to learn from, one to choose and report.

    python benchmarks/af_halves.py ASSETS/data/ecg/cinc2017 HALVES

writes HALVES/learn, HALVES/rest, each with its records and a labels.csv, and HALVES/classes.txt. Every second
record of either label is in the second half, so that no record is on both sides.
"""

import csv
import shutil
import sys
from pathlib import Path

LABELS = ("N", "A")


def write_halves(source: Path, out: Path) -> None:
    """Copy the records with these labels."""
    with (source / "labels.csv").open(newline="", encoding="utf-8") as table:
        rows = list(csv.DictReader(table))
    of_label = {label: [row["record"] for row in rows if row["label"] == label] for label in LABELS}
    for half, name in enumerate(("learn", "rest")):
        folder = out / name
        folder.mkdir(parents=True, exist_ok=True)
        lines = ["record,label"]
        for label, records in of_label.items():
            for record in records[half::2]:
                for file in source.glob(f"{record}.*"):
                    shutil.copy(file, folder)
                lines.append(f"{record},{label}")
        (folder / "labels.csv").write_text("\n".join(lines) + "\n", encoding="utf-8")
    (out / "classes.txt").write_text("\n".join(LABELS) + "\n", encoding="utf-8")


if __name__ == "__main__":
    write_halves(Path(sys.argv[1]), Path(sys.argv[2]))
