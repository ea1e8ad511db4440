"""Tables of benchmarks/optimisers.py: regret of every method, and differences on the same tasks."""

from collections import defaultdict
from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from brittle.core.seeds import generator

AT = (10, 25, 50, 100)
LEAST = 1e-4  # of a regret in logarithms
DRAWS = 2000
FEWEST = 8  # tasks for an interval
Row = dict[str, Any]


def print_tables(rows: Sequence[Row], families: Sequence[str], rival: str) -> None:
    """One Markdown table a family."""
    for of in families:
        print(f"\n{of}\n\n{table(by_method(rows, of), rival)}")


def by_method(rows: Sequence[Row], of: str) -> dict[str, list[Row]]:
    """Rows of one family by method; of a run that was played anew the one of the greatest budget."""
    kept: dict[tuple[str, int, int], Row] = {}
    for row in rows:
        key = (row["method"], row["task"], row["seed"])
        if row["family"] == of and (key not in kept or row["budget"] >= kept[key]["budget"]):
            kept[key] = row
    methods: dict[str, list[Row]] = defaultdict(list)
    for (name, _, _), row in kept.items():
        methods[name].append(row)
    return methods


def log_regrets(rows: Sequence[Row], after: int) -> dict[int, float]:
    """log10 of the regret after so many evaluations, mean over the seeds of each task."""
    tasks: dict[int, list[float]] = defaultdict(list)
    for row in rows:
        if row["budget"] >= after:
            tasks[row["task"]].append(float(np.log10(max(row["regret"][after - 1], LEAST))))
    return {task: float(np.mean(values)) for task, values in tasks.items()}


def difference(ours: Sequence[Row], theirs: Sequence[Row], after: int) -> str:
    """Mean difference of log10 regret, with the 95 % interval of a bootstrap over tasks.

    Only starting points count that both began with: tasks and seeds that both have played.
    """
    both = _played(ours, after) & _played(theirs, after)
    logs, others = (
        log_regrets([row for row in rows if (row["task"], row["seed"]) in both], after)
        for rows in (ours, theirs)
    )
    shared = sorted(logs)
    if len(shared) < FEWEST:
        return "-"
    apart = np.array([logs[task] - others[task] for task in shared])
    rng = generator(0, "difference", len(shared))
    means = apart[rng.integers(len(apart), size=(DRAWS, len(apart)))].mean(axis=1)
    low, high = np.quantile(means, (0.025, 0.975))
    return f"{apart.mean():+.2f} [{low:+.2f}, {high:+.2f}]"


def _played(rows: Sequence[Row], after: int) -> set[tuple[int, int]]:
    return {(row["task"], row["seed"]) for row in rows if row["budget"] >= after}


def table(methods: dict[str, list[Row]], rival: str) -> str:
    """A line a method: runs, CPU milliseconds an evaluation; after 10, 25, 50, 100 the median regret, the
    mean of log10, and its difference to the rival on the same tasks."""
    heads = " | ".join(f"{at}: regret (log10) | minus {rival}" for at in AT)
    lines = [f"| method | runs | CPU ms | {heads} |", "|---|---:|---:|" + "---:|" * (2 * len(AT))]
    for name, rows in methods.items():
        cost = 1e3 * np.mean([row["cpu"] / row["budget"] for row in rows])
        cells = [name, str(len(rows)), f"{cost:.1f}"]
        for at in AT:
            ours = log_regrets(rows, at)
            cells.append(_level(rows, ours, at))
            cells.append("" if name == rival else difference(rows, methods.get(rival, []), at))
        lines.append("| " + " | ".join(cells) + " |")
    return "\n".join(lines)


def _level(rows: Sequence[Row], logs: dict[int, float], at: int) -> str:
    if not logs:
        return "-"
    regrets: NDArray[np.float64] = np.array([r["regret"][at - 1] for r in rows if r["budget"] >= at])
    return f"{np.median(regrets):.3f} ({np.mean(list(logs.values())):.2f})"
