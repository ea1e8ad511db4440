"""Compare searches on the same images: success, queries, and paired ratios with their intervals.

    python benchmarks/search_quality.py --model efficientnet-lite0 --data photos --half report \\
        --search ripple --search ripple:tile=none --search random --max-l2 5 --out quality.jsonl
    python benchmarks/search_quality.py --natural --budget 250 --search patchwork --search random

Queries are rows shown up to the first flip, the clean one included; a miss counts as the whole budget.
With --natural there is no greatest L2, searches go on after the first flip, and the L2 of the closest flip
is what counts; a miss is infinitely far. Of several seeds a sample counts its mean, or its median distance.
Results are kept in --out: the same command continues, another search adds its rows, and the table is made
from the file.
"""

import argparse
import json
import sys
from collections import defaultdict
from collections.abc import Mapping
from dataclasses import dataclass
from itertools import product
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from rich.console import Console
from rich.table import Table

from brittle.core.result import SearchResult, Status
from brittle.tasks.audit.opening import open_audit
from brittle.tasks.audit.settings import AuditSettings
from kept import play_missing, read
from paired import geometric_ratio, mean_ratio, median_ratio

WIDTH = 140  # of tables that go into a file


@dataclass(frozen=True)
class Cell:
    """One cell of the plan: who plays whom under which terms."""

    model: str
    search: str
    max_l2: float | None
    budget: int
    seed: int

    def settings(self, data: str, surrogates: Mapping[str, str]) -> AuditSettings:
        """The audit of this cell; surrogates: their files by stem.

        Searches are written name or name:setting=value,setting=value; name@one+other with surrogates.
        """
        who, _, options = self.search.partition(":")
        name, _, stems = who.partition("@")
        pairs = (option.split("=", 1) for option in options.split(",") if options)
        return AuditSettings.build(
            {
                "model": self.model,
                "data": data,
                "search": name,
                "search_settings": {key: plain(value) for key, value in pairs},
                "surrogates": [surrogates.get(stem, stem) for stem in stems.split("+") if stem],
                "max_l2": self.max_l2,
                "budget": self.budget,
                "seed": self.seed,
                "goal": "first" if self.max_l2 else "closest",
            }
        )


def plain(text: str) -> Any:
    """A setting as it was written: JSON where it is that."""
    try:
        return json.loads(text)
    except ValueError:
        return text


def half_of(names: list[str], half: str) -> list[str]:
    """The training half (first), the report half (second), or all."""
    middle = len(names) // 2
    return {"training": names[:middle], "report": names[middle:], "all": names}[half]


def row_of(result: SearchResult) -> dict[str, Any]:
    """What is kept of one search."""
    return {
        "sample": result.sample,
        "status": result.status.value,
        "queries": result.first.query if result.first else None,
        "l2": result.closest.l2 if result.closest else None,
        "notes": dict(result.notes or {}),
        "seconds": result.seconds,
    }


def play(cell: Cell, args: argparse.Namespace) -> None:
    """Play what is missing of one cell and append it to the file."""
    files = {Path(file).stem: file for file in args.surrogates}
    opened = open_audit(cell.settings(args.data, files))
    names = half_of(list(opened.dataset.ids), args.half)[: args.limit]
    play_missing(opened, names, vars(cell), row_of, args.batch, args.out)


Costs = dict[str, dict[str, list[float | None]]]  # search -> sample -> cost of each seed, None a miss


def costs_of(rows: list[dict[str, Any]], model: str, max_l2: float | None, budget: int) -> Costs:
    """Queries (or distances, without a limit) of samples that every search of these terms has played."""
    costs: Costs = defaultdict(lambda: defaultdict(list))
    for row in rows:
        asked = (row["model"], row["max_l2"], row["budget"]) == (model, max_l2, budget)
        if asked and row["status"] in (Status.FLIPPED, Status.SURVIVED):
            costs[row["search"]][row["sample"]].append(row["queries" if max_l2 else "l2"])
    shared = set.intersection(*(set(c) for c in costs.values())) if costs else set()
    return {search: {s: c[s] for s in sorted(shared)} for search, c in costs.items()}


def natural_table_of(costs: Costs, title: str, rival: str | None) -> Table:
    """One table of closest flips: a line a search; against the rival the ratio of medians, and geometric."""
    table = Table(title=title, title_justify="left")
    for column in ("search", "n", "ASR", "median L2", "quartiles"):
        table.add_column(column, justify="left" if column == "search" else "right")
    if rival in costs:
        for name in ("median", "geometric"):
            table.add_column(f"{name} / {rival}", justify="right", no_wrap=True)
    for search, by_sample in costs.items():
        runs = [l2 for seeds in by_sample.values() for l2 in seeds]
        flips = sum(l2 is not None for l2 in runs)
        nearest = _distances(by_sample)
        low, median, high = np.quantile(nearest, [0.25, 0.5, 0.75], method="lower")
        cells = [search, str(len(by_sample)), f"{flips / max(len(runs), 1):.3f}"]
        cells += [f"{median:.2f}", f"{low:.2f} to {high:.2f}"]
        if rival in costs:
            theirs = _distances(costs[rival])
            found = (of(nearest, theirs, np.random.default_rng(0)) for of in (median_ratio, geometric_ratio))
            cells += map(str, found)
        table.add_row(*cells)
    return table


def _distances(by_sample: dict[str, list[float | None]]) -> NDArray[np.float64]:
    """Median over its seeds of the distance of each sample's closest flip; a miss is infinitely far."""
    return np.array([np.median([np.inf if d is None else d for d in seeds]) for seeds in by_sample.values()])


def table_of(costs: Costs, title: str, budget: int, rival: str | None) -> Table:
    """One table: a line a search, ratios against the rival."""
    table = Table(title=title, title_justify="left")
    for column in ("search", "n", "ASR", "mean of flips", "median of all", "mean of all"):
        table.add_column(column, justify="left" if column == "search" else "right")
    if rival in costs:
        for name in ("mean", "median"):
            table.add_column(f"{name} / {rival}", justify="right", no_wrap=True)
    for search, by_sample in costs.items():
        runs = [q for seeds in by_sample.values() for q in seeds]
        flips = [q for q in runs if q is not None]
        means = _per_sample(by_sample, budget)
        cells = [search, str(len(by_sample)), f"{len(flips) / max(len(runs), 1):.3f}"]
        cells += [f"{np.mean(flips):.0f}" if flips else "-"]
        cells += [f"{np.median(means):.0f}", f"{means.mean():.0f}"]
        if rival in costs:
            theirs = _per_sample(costs[rival], budget)
            found = (of(means, theirs, np.random.default_rng(0)) for of in (mean_ratio, median_ratio))
            cells += map(str, found)
        table.add_row(*cells)
    return table


def _per_sample(by_sample: dict[str, list[float | None]], budget: int) -> NDArray[np.float64]:
    """Mean queries of each sample over its seeds; a miss counts the budget."""
    return np.array([np.mean([budget if q is None else q for q in seeds]) for seeds in by_sample.values()])


def main() -> None:
    """Play the plan and print the tables."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("--model", action="append", dest="models")
    parser.add_argument("--data", default="photos")
    parser.add_argument("--half", choices=["training", "report", "all"], default="report")
    parser.add_argument("--search", action="append", dest="searches", help="name or name:setting=value,...")
    parser.add_argument("--surrogate", action="append", dest="surrogates", default=[], metavar="FILE")
    parser.add_argument("--rival", help="the search that ratios are taken against; the last one if not given")
    parser.add_argument("--max-l2", type=float, action="append", dest="limits")
    parser.add_argument("--natural", action="store_true", help="no greatest L2: the closest flip counts")
    parser.add_argument("--budget", type=int, default=1000)
    parser.add_argument("--seeds", type=int, default=1)
    parser.add_argument("--limit", type=int, help="only so many images of the half")
    parser.add_argument("--batch", type=int, default=16)
    parser.add_argument("--out", type=Path, default=Path("search_quality.jsonl"))
    args = parser.parse_args()
    models = args.models or ["efficientnet-lite0"]
    searches = args.searches or ["ripple", "ripple:tile=none", "random"]
    limits = [None] if args.natural else args.limits or [5.0]
    plan = [
        Cell(m, s, d, args.budget, n) for m, d, s, n in product(models, limits, searches, range(args.seeds))
    ]
    for cell in plan:
        play(cell, args)
    rows = read(args.out)
    console = Console(width=None if sys.stdout.isatty() else WIDTH)
    for model, limit in product(models, limits):
        costs = costs_of(rows, model, limit, args.budget)
        rival = args.rival or searches[-1]
        if limit is None:
            title = f"{Path(model).stem}, closest flip, budget {args.budget}"
            console.print(natural_table_of(costs, title, rival))
        else:
            title = f"{Path(model).stem}, L2 <= {limit:g}, budget {args.budget}"
            console.print(table_of(costs, title, args.budget, rival))


if __name__ == "__main__":
    main()
