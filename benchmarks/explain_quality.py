"""Compare explainers on the same samples: insertion and deletion with two fills, shares, stability, rows.

    python benchmarks/explain_quality.py --model MODEL --data photos --half report --limit 50 \\
        --play survey@300 --play rise@500 --play rise@1000 --out explain.jsonl

A play is an explainer and its budget, all rows of a sample included; NAME:setting=value,...@BUDGET sets it
up. Every map is evaluated with rows of its own: curves of 15 shares with the fill that explainers see and
with one that none of them sees, beside a centre map and a random one. Only samples count that the model gets
right, and of these those that every play explained. Differences are paired by sample, with 95 % intervals.
Results are kept in --out: the same command continues, another play adds its rows, and the table is made from
the file.
"""

import argparse
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from brittle.core.explanation import Explanation, Outcome
from brittle.report.intervals import mean_interval
from brittle.tasks.explain.opening import open_explanation
from brittle.tasks.explain.settings import ExplainSettings
from kept import play_missing, read
from search_quality import half_of, plain

CURVES, KINDS, CONTROLS = ("insertion", "deletion"), ("used", "other"), ("centre", "contrast", "random")
HEADINGS = [
    *("play", "n", "rows", "insertion", "deletion", "ins - del", "… other fill"),
    *("gain in insertion", "gain in deletion", "gain in ins - del", "… other fill"),
    *("suffices", "flips", "stability", "drop", "increase"),
]
Rows = dict[str, dict[str, Any]]  # sample -> its line


@dataclass(frozen=True)
class Play:
    """An explainer with its settings and budget, as written."""

    text: str

    def settings(self, model: str, asked: argparse.Namespace) -> ExplainSettings:
        """The explanation of this play."""
        explainer, _, budget = self.text.rpartition("@")
        name, _, options = explainer.partition(":")
        return ExplainSettings.build(
            {
                "model": model,
                "data": asked.data,
                "explainer": name,
                "explainer_settings": pairs(options.split(",") if options else []),
                "budget": int(budget),
                "evaluate": True,
                "fill": asked.fill,
                "seed": asked.seed,
                "model_options": pairs(asked.model_options),
                "data_options": pairs(asked.data_options),
            }
        )


def pairs(options: Sequence[str]) -> dict[str, Any]:
    """NAME=VALUE each, values as JSON where they are."""
    return {name: plain(value) for name, value in (option.split("=", 1) for option in options)}


def run(play: Play, model: str, arguments: argparse.Namespace) -> None:
    """Play what is missing and append it to the file."""
    opened = open_explanation(play.settings(model, arguments))
    if arguments.curves_only and opened.evaluator:
        opened = replace(opened, evaluator=replace(opened.evaluator, floors=False, again=False))
    key = [model, play.text, arguments.seed, arguments.fill]
    names = half_of(list(opened.dataset.ids), arguments.half)[: arguments.limit]
    play_missing(opened, names, {"key": key}, _row, arguments.batch, arguments.out)


def _row(found: Explanation) -> dict[str, Any]:
    """What is kept of one explanation."""
    row: dict[str, Any] = {
        "sample": found.sample,
        "status": found.status.value,
        "right": found.label in (None, found.predicted),
        "queries": found.queries,
        "seconds": found.seconds,
        "suffices": found.suffices.share if found.suffices else None,
        "flips": found.flips.share if found.flips else None,
    }
    if found.evaluation:
        one = found.evaluation
        for name, by_fill in one.areas.items():
            for fill, areas in by_fill.items():
                kind = "other" if fill == one.other_fill else "used"
                row |= {
                    f"{name} insertion {kind}": areas.insertion,
                    f"{name} deletion {kind}": areas.deletion,
                }
        row |= {"drop": one.drop, "increase": float(one.increase), "stability": one.stability}
    return row


def by_play(rows: Sequence[dict[str, Any]], models: Sequence[str], plays: Sequence[str]) -> dict[str, Rows]:
    """The lines of samples that were right and that every play explained, for each play."""
    found: dict[str, Rows] = defaultdict(dict)
    for row in rows:
        model, play, *_ = row["key"]
        if model in models and play in plays and row["right"] and row["status"] == Outcome.EXPLAINED:
            found[play][f"{model} {row['sample']}"] = row
    shared = set.intersection(*(set(lines) for lines in found.values())) if found else set()
    return {play: {s: found[play][s] for s in sorted(shared)} for play in plays if play in found}


def column(lines: Rows, name: str) -> NDArray[np.float64]:
    """One value a sample, NaN where there is none."""
    found = (line.get(name) for line in lines.values())
    return np.array([np.nan if value is None else value for value in found], np.float64)


def difference(lines: Rows, kind: str, name: str = "map") -> NDArray[np.float64]:
    """Insertion - deletion of each sample."""
    return column(lines, f"{name} insertion {kind}") - column(lines, f"{name} deletion {kind}")


def told(values: NDArray[np.float64], digits: int = 3) -> str:
    """A mean with its interval."""
    values = values[np.isfinite(values)]
    if not values.size:
        return "-"
    interval = mean_interval(values, np.random.default_rng(0))
    text = f"{values.mean():.{digits}f}"
    return text + (f" [{interval.low:.{digits}f}, {interval.high:.{digits}f}]" if interval else "")


def table_of(lines: dict[str, Rows], rival: str) -> str:
    """Markdown: a line a play, and the floors below."""
    base, empty = lines[rival], [""] * (len(HEADINGS) - 7)
    rows = [_line(play, found, None if play == rival else base) for play, found in lines.items()]
    floors = [
        control for control in CONTROLS if all(f"{control} deletion used" in line for line in base.values())
    ]
    for control in floors:
        areas = [told(column(base, f"{control} {name} used")) for name in CURVES]
        areas += [told(difference(base, kind, control)) for kind in KINDS]
        rows.append([f"{control} map", str(len(base)), "0", *areas, *empty])
    marks = ["---", *["---:"] * (len(HEADINGS) - 1)]
    return "\n".join(f"| {' | '.join(cells)} |" for cells in [HEADINGS, marks, *rows])


def _line(play: str, rows: Rows, base: Rows | None) -> list[str]:
    """The figures of a play; its gains over the base are better above 0."""
    cells = [f"`{play}`", str(len(rows)), f"{column(rows, 'queries').mean():.0f}"]
    cells += [told(column(rows, f"map {name} used")) for name in CURVES]
    cells += [told(difference(rows, kind)) for kind in KINDS]
    if base is None:
        cells += [""] * 4
    else:
        gains = [column(rows, f"map {name} used") - column(base, f"map {name} used") for name in CURVES]
        cells += [told(gains[0]), told(-gains[1])]
        cells += [told(difference(rows, kind) - difference(base, kind)) for kind in KINDS]
    cells += [f"{np.nanmedian(column(rows, name)):.3f}" for name in ("suffices", "flips")]
    cells.append(told(column(rows, "stability"), 2))
    return cells + [f"{np.nanmean(column(rows, name)):.2f}" for name in ("drop", "increase")]


def main() -> None:
    """Play the plan and print the tables: one a model, and one of all together."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("--model", action="append", dest="models", required=True)
    parser.add_argument("--data", required=True)
    parser.add_argument("--half", choices=["training", "report", "all"], default="report")
    parser.add_argument("--play", action="append", dest="plays", required=True, help="NAME@BUDGET")
    parser.add_argument("--rival", help="the play that differences are taken to; the last one if not given")
    parser.add_argument("--fill", help="the fill that explainers see; the usual ones if not given")
    for name in ("model", "data"):
        text = f"NAME=VALUE of the {name} options; repeatable"
        parser.add_argument(
            f"--{name}-option", action="append", dest=f"{name}_options", default=[], help=text
        )
    parser.add_argument("--limit", type=int, help="only so many samples of the half")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--batch", type=int, default=8)
    parser.add_argument("--curves-only", action="store_true", help="neither floors nor stability")
    parser.add_argument("--table-only", action="store_true", help="ask nothing")
    parser.add_argument("--out", type=Path, default=Path("explain_quality.jsonl"))
    arguments = parser.parse_args()
    for model in [] if arguments.table_only else arguments.models:
        for text in arguments.plays:
            run(Play(text), model, arguments)
    rows = read(arguments.out)
    rival = arguments.rival or arguments.plays[-1]
    groups = [[model] for model in arguments.models]
    for models in [*groups, *([arguments.models] if len(groups) > 1 else [])]:
        lines = by_play(rows, models, arguments.plays)
        if rival in lines:
            print(f"\n{', '.join(Path(model).name for model in models)}; gains over `{rival}`\n")
            print(table_of(lines, rival))


if __name__ == "__main__":
    main()
