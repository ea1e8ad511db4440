"""The least level of a distortion that flips: `tune` with few queries, a ladder of random draws with many.

    python benchmarks/tune.py --model efficientnet-lite0 --data photos --count 24 --out tune.jsonl
    python benchmarks/tune.py --table --out tune.jsonl

The ladder climbs 20 levels, even steps of strength from the weakest of the family to the strongest, and shows
10 members of the family at each, drawn at random anew. It ends at its first flip; where none flips it was 200
queries. So it knows the least level to a step. A miss counts as a step above the strongest. Inputs are those
that the model answers right. Results are kept in --out: the same command continues.
"""

import argparse
from collections.abc import Iterator
from dataclasses import replace
from itertools import product
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from brittle.core.result import SearchResult, Status
from brittle.report.intervals import mean_interval
from brittle.searches.tune.families import FAMILIES, fitting
from brittle.searches.tune.search import Tune
from brittle.tasks.audit.opening import OpenedAudit, open_audit
from brittle.tasks.audit.settings import AuditSettings
from kept import play_missing, read
from search_quality import half_of
from tune_rivals import DRAWS, LEVELS, Bisection, Ladder

METHODS = ("tune", "ladder", "whole", "bisection")
CHUNK = 8  # inputs that every method plays before the next ones, so that a stopped run is a fair one


def methods(family: str, queries: int) -> dict[str, tuple[Any, int, str]]:
    """Of each method: the search, its budget with the clean row and the checks, and its goal."""
    tune = Tune(distortion=family, queries=queries)
    return {
        "tune": (tune, queries + 3, "closest"),
        "ladder": (Ladder(family), LEVELS * DRAWS + 2, "first"),
        "whole": (Ladder(family, whole=True), LEVELS * DRAWS + 2, "first"),
        "bisection": (Bisection(family), queries + 3, "closest"),
    }


def row_of(result: SearchResult) -> dict[str, Any]:
    """What is kept of one search."""
    notes = dict(result.notes or {}) if result.first else {}
    return {
        "sample": result.sample,
        "status": result.status.value,
        "rows": result.queries,
        "notes": notes,
        "seconds": result.seconds,
    }


def play(args: argparse.Namespace) -> None:
    """Play what is missing, in chunks of inputs that every model and method plays."""
    opened = {model: open_game(model, args) for model in args.models}
    names = half_of(list(next(iter(opened.values())).dataset.ids), args.half)
    for chunk in chunks(names):
        for model in args.models:
            if count_of(args, model, names) < args.count:
                for family, method in product(args.families, args.methods):
                    play_one(opened[model], model, family, method, chunk, args)


def play_one(
    opened: OpenedAudit, model: str, family: str, method: str, names: list[str], args: argparse.Namespace
) -> None:
    """Play what is missing of one method on one family."""
    search, budget, goal = methods(family, args.queries)[method]
    settings = opened.settings.model_copy(update={"budget": budget, "goal": goal})
    key = {"model": Path(model).stem, "family": family, "method": method, "seed": args.seed}
    play_missing(replace(opened, search=search, settings=settings), names, key, row_of, CHUNK, args.out)


def count_of(args: argparse.Namespace, model: str, names: list[str]) -> int:
    """How many of these inputs were answered right, and played by every method asked for."""
    played: dict[tuple[str, str], set[str]] = {pair: set() for pair in product(args.families, args.methods)}
    for row in read(args.out):
        pair, right = (row["family"], row["method"]), row["status"] in (Status.FLIPPED, Status.SURVIVED)
        if row["model"] == Path(model).stem and right and pair in played:
            played[pair].add(row["sample"])
    return len(set.intersection(*played.values()) & set(names))


def chunks(names: list[str]) -> Iterator[list[str]]:
    """The names, so many at a time."""
    return (names[i : i + CHUNK] for i in range(0, len(names), CHUNK))


def open_game(model: str, args: argparse.Namespace) -> OpenedAudit:
    """The model and the data."""
    options = {"classes": args.classes} if args.classes else {}
    values = {
        "model": model,
        "data": args.data,
        "search": "tune",
        "seed": args.seed,
        "model_options": options,
    }
    return open_audit(AuditSettings.build(values))


def strengths(rows: list[dict[str, Any]], family: str) -> dict[str, dict[str, float]]:
    """method -> sample -> least strength that flipped, a miss a step above 1; samples of every method."""
    level, found = FAMILIES[family].level, dict[str, dict[str, float]]()
    for row in rows:
        if row["family"] == family and row["status"] in (Status.FLIPPED, Status.SURVIVED):
            least = row["notes"].get(f"{family}_level")
            strength = 1 + 1 / (LEVELS - 1) if least is None else level.strength(least)
            found.setdefault(row["method"], {})[row["sample"]] = strength
    shared = set.intersection(*(set(by) for by in found.values())) if found else set()
    return {method: {name: by[name] for name in sorted(shared)} for method, by in found.items()}


def table(out: Path, rival: str) -> Iterator[str]:
    """Lines of Markdown: a line a model and family."""
    rows = [row for row in read(out) if row["method"] in ("tune", rival)]
    yield (
        f"| model | distortion | n | tune, median (misses) | {rival}, median (misses) | "
        f"difference of strength | tune <= {rival} | queries: tune, {rival} |"
    )
    yield "|---|---|---:|---:|---:|---:|---:|---:|"
    for model, family in dict.fromkeys((row["model"], row["family"]) for row in rows):
        own = [row for row in rows if row["model"] == model]
        found = strengths(own, family)
        if len(found) == 2:
            yield f"| {model} | {family} | {line_of(own, found, family, rival)} |"


def line_of(rows: list[dict[str, Any]], found: dict[str, dict[str, float]], family: str, rival: str) -> str:
    """The figures of one line."""
    tune, other = (np.array(list(found[method].values())) for method in ("tune", rival))
    interval = mean_interval(tune - other, np.random.default_rng(0))
    apart = f"{(tune - other).mean():+.3f}"
    apart += f" [{interval.low:+.3f}, {interval.high:+.3f}]" if interval else ""
    asked = [mean_queries(rows, family, method, set(found[method])) for method in ("tune", rival)]
    medians = [median_level(values, family) for values in (tune, other)]
    share = f"{(tune <= other + 1e-9).mean():.2f}"
    return " | ".join([str(len(tune)), *medians, apart, share, f"{asked[0]:.0f}, {asked[1]:.0f}"])


def mean_queries(rows: list[dict[str, Any]], family: str, method: str, samples: set[str]) -> float:
    """Mean rows shown of these samples, the clean one and those of checks included."""
    own = [row for row in rows if (row["family"], row["method"]) == (family, method)]
    return float(np.mean([row["rows"] for row in own if row["sample"] in samples]))


def median_level(values: NDArray[np.float64], family: str) -> str:
    """The median as a level, and how many missed."""
    median, level = float(np.median(values)), FAMILIES[family].level
    said = f"{level.at(median):.3g}" if median <= 1 else f"beyond {level.strongest:g}"
    return f"{said} ({int((values > 1).sum())})"


def main() -> None:
    """Play what is missing, or print the table."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("--model", action="append", dest="models")
    parser.add_argument("--data", default="photos")
    parser.add_argument("--half", choices=["training", "report", "all"], default="report")
    parser.add_argument("--distortion", action="append", dest="families", choices=list(FAMILIES))
    parser.add_argument("--count", type=int, default=24, help="inputs that the model answers right, at least")
    parser.add_argument("--queries", type=int, default=50)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--method", action="append", dest="methods", choices=list(METHODS))
    parser.add_argument("--rival", default="ladder", help="whom the table holds tune against")
    parser.add_argument("--classes", help="file with class names, in the model's order")
    parser.add_argument("--table", action="store_true")
    parser.add_argument("--out", type=Path, default=Path("tune.jsonl"))
    args = parser.parse_args()
    if args.table:
        print(*table(args.out, args.rival), sep="\n")
        return
    args.methods = args.methods or ["tune", "ladder"]
    args.models = args.models or ["efficientnet-lite0"]
    args.families = args.families or [f.name for f in fitting(open_game(args.models[0], args).model.input)]
    play(args)


if __name__ == "__main__":
    main()
