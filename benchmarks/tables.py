"""The tables of the RLAB papers, measured by brittle: Markdown and a figure each, from runs that continue.

    python benchmarks/tables.py imagenet --assets DIR --samples 50 --budget 250

Every number is an audit in --runs; what is there already is not played again. Tables are written from what
has finished, and say what has not.
"""

import argparse
import shlex
from importlib.metadata import version
from pathlib import Path
from typing import Any

import numpy as np

import brittle
from brittle.core.result import SearchResult
from brittle.report.compare.comparison import ComparedRun, compared_run
from brittle.report.compare.figures import asr_chart
from brittle.report.summary import summary_of
from brittle.report.wording import number, percent
from cifar import cifar_arrays
from paired import pairs_table
from plans import TABLES, Audit, Table, model_file

HEAD = (
    *("Played", "ASR", "ASR, near", "Queries, mean", "Queries, median", "… all, mean"),
    *("Steps, mean", "L2, mean", "L2, median"),
)
TAUGHT = 100  # first images of CIFAR-10 that agents are taught on
LIBRARIES = ("adversarial-robustness-toolbox", "foolbox")


def main() -> None:
    """Play what is missing, then write the table."""
    arguments = _arguments()
    table = TABLES[arguments.table](arguments.search)
    for audit in table.audits:
        wanted = audit.victim in (arguments.victim or [audit.victim]) and audit.row in (
            arguments.row or [audit.row]
        )
        if wanted and not arguments.write_only:
            _play(table, audit, arguments)
            print(f"{audit.victim}: {audit.row} done", flush=True)
    if not arguments.play_only:
        print(_write(table, arguments))


def _play(table: Table, audit: Audit, arguments: argparse.Namespace) -> None:
    """Play or continue the run of one line of the table."""
    data: Any = str(arguments.assets / table.data)
    workers, data_options = arguments.workers, dict[str, Any](limit=arguments.samples)
    if table.data.endswith("cifar10/test.npz"):
        first = TAUGHT if table.fresh else 0
        data, workers = cifar_arrays(arguments.assets / table.data, arguments.samples, first), 1
    elif table.fresh:
        data_options["labels"] = str(_second_half(arguments.assets / table.data, arguments.runs))
    brittle.audit(
        model_file(arguments.assets, audit.victim),
        data,
        budget=arguments.budget,
        seed=arguments.seed,
        workers=workers,
        model_options={"threads": 1},
        data_options=data_options,
        out=str(_folder(table, audit, arguments)),
        **audit.settings,
    )


def _second_half(data: Path, runs: Path) -> Path:
    """The second half of a folder's labels.csv, written among the runs."""
    head, *rows = (data / "labels.csv").read_text(encoding="utf-8").splitlines()
    half = runs / f"{data.name}-second-half.csv"
    half.parent.mkdir(parents=True, exist_ok=True)
    half.write_text("\n".join([head, *rows[len(rows) // 2 :]]) + "\n", encoding="utf-8")
    return half


def _folder(table: Table, audit: Audit, arguments: argparse.Namespace) -> Path:
    row = "".join(c if c.isalnum() or c == "-" else "_" for c in audit.row)
    return Path(arguments.runs) / table.name / audit.victim / row


def _finished(table: Table, audit: Audit, arguments: argparse.Namespace) -> ComparedRun | None:
    """The numbers of one line; None if its run has not finished."""
    folder = _folder(table, audit, arguments)
    if not (folder / "summary.json").exists():
        return None
    run = brittle.Run.open(folder)
    return compared_run(audit.row, run.results(), summary_of(run))


def _write(table: Table, arguments: argparse.Namespace) -> Path:
    """Write the Markdown and a figure for each victim."""
    arguments.out.mkdir(parents=True, exist_ok=True)
    parts, missing = [f"# {table.title}\n\n{_conditions(table, arguments)}"], []
    for victim in dict.fromkeys(audit.victim for audit in table.audits):
        lines: list[ComparedRun] = []
        for audit in (a for a in table.audits if a.victim == victim):
            found = _finished(table, audit, arguments)
            if found is None:
                missing.append(f"{victim}: {audit.row}")
            else:
                lines.append(found)
        if lines:
            figure = f"{table.name}-{victim}.svg"
            (arguments.out / figure).write_text(asr_chart(lines, victim), encoding="utf-8")
            body = "\n".join(_line(one, table.near) for one in lines)
            parts.append(f"## {victim}\n\n{_header(table)}\n{body}\n\n![ASR under each search]({figure})\n")
            if table.paired and len(lines) > 1:
                parts.append(_pairs(table, victim, arguments))
    if missing:
        parts.append("Not finished, so not in the tables: " + "; ".join(missing) + ".\n")
    page: Path = arguments.out / f"{table.name}.md"
    page.write_text("\n".join(parts), encoding="utf-8")
    return page


def _conditions(table: Table, arguments: argparse.Namespace) -> str:
    """The command, seed, n and versions behind the numbers."""
    environment = _environment(table, arguments)
    lines = [
        f"    {_command(arguments)}",
        "",
        f"- Samples: {arguments.samples}. Budget: {arguments.budget} queries a sample. "
        f"Seed: {arguments.seed}. No greatest L2.",
        f"- Measured with {environment}.",
        "- Queries are rows shown to the model, to the first flip; “all” counts the whole budget for a "
        "sample that held. L2 is of the closest flip, on [0, 1] pixels of the victim's own input size. "
        "Steps are rounds, as HPE counts them, where a search has them.",
        f"- “ASR, near” counts flips within an L2 of {table.near:g} only: HopSkipJump and Boundary start "
        "from a random image that is a flip, however far. Square stops at its first flip, within its radius "
        "(L2 5 for a photo and as much per element elsewhere, or L∞ 8/255).",
    ]
    if table.note:
        lines.append(f"- {table.note}")
    return "\n".join(lines) + "\n"


def _environment(table: Table, arguments: argparse.Namespace) -> str:
    for audit in table.audits:
        folder = _folder(table, audit, arguments)
        if (folder / "summary.json").exists():
            session = brittle.Run.open(folder).sessions()[0]
            known = session["versions"] | {name: version(name) for name in LIBRARIES}
            versions = ", ".join(f"{name} {found}" for name, found in known.items())
            return f"{versions}, on {session['machine']}"
    return "nothing yet"


def _command(arguments: argparse.Namespace) -> str:
    chosen = "".join(f" --search {shlex.quote(name)}" for name in arguments.search)
    return (
        f"python benchmarks/tables.py {arguments.table} --assets ASSETS --samples {arguments.samples} "
        f"--budget {arguments.budget} --seed {arguments.seed}{chosen}"
    )


def _header(table: Table) -> str:
    return f"| {table.rows} | " + " | ".join(HEAD) + " |\n|---|" + "---:|" * len(HEAD)


def _line(one: ComparedRun, near: float) -> str:
    summary, l2, queries = one.summary, one.spread("l2"), one.spread("queries")
    close = one.curves.distance.share(np.array([near]))[0]
    steps = summary.notes.get("rounds") or summary.notes.get("steps")
    cells = (
        number(summary.played),
        percent(summary.asr),
        percent(float(close)),
        number(queries.mean),
        number(queries.median),
        number(one.spread("queries", flips=False).mean),
        number(steps.mean) if steps else "–",
        number(l2.mean),
        number(l2.median),
    )
    return f"| {one.name} | " + " | ".join(cells) + " |"


def _pairs(table: Table, victim: str, arguments: argparse.Namespace) -> str:
    """The first row that is there held against each of the others."""
    played = {a.row: _results(table, a, arguments) for a in table.audits if a.victim == victim}
    (name, ours), *others = ((row, results) for row, results in played.items() if results)
    return pairs_table(name, ours, dict(others), arguments.budget)


def _results(table: Table, audit: Audit, arguments: argparse.Namespace) -> list[SearchResult]:
    folder = _folder(table, audit, arguments)
    return list(brittle.Run.open(folder).results()) if (folder / "summary.json").exists() else []


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("table", choices=TABLES)
    parser.add_argument("--assets", type=Path, required=True, help="folder with models/ and data/")
    parser.add_argument("--row", action="append", default=[], help="repeatable; play these rows alone")
    parser.add_argument("--runs", type=Path, default=Path("runs/tables"), help="where audits are kept")
    parser.add_argument("--out", type=Path, default=Path("docs/results"), help="where tables are written")
    parser.add_argument("--samples", type=int, default=50)
    parser.add_argument("--budget", type=int, default=250)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--workers", type=int, default=2, help="processes of one thread each, for ImageNet")
    parser.add_argument(
        "--search", action="append", default=[], help="repeatable; default: those of the table"
    )
    parser.add_argument("--victim", action="append", default=[], help="repeatable; play on these alone")
    parser.add_argument("--play-only", action="store_true", help="do not write the table yet")
    parser.add_argument("--write-only", action="store_true", help="write from what has finished")
    return parser.parse_args()


if __name__ == "__main__":
    main()
