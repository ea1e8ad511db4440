"""The robustness figure of many models: its parts, and what it ranks alike.

    python benchmarks/robustness.py --out robustness/ --budget 150 \\
        photos/:mobilenet_v2.onnx photos/:efficientnet-lite0 cifar.npz:resnet20.onnx ecg5000:ecg camera:video

Every DATA:MODEL (of signals DATA@RATE:MODEL, in Hz) is audited with severity curves into a folder of --out;
the same command continues. The table has the figure and its halves, accuracy, how far the closest flips are
of samples that are right untouched, the share of these that did not flip, and right answers under the
corruptions of ImageNet-C; then Spearman's rank correlation of each column with the figure: over all models,
and over models of the same data.
"""

import argparse
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
from rich.console import Console
from rich.table import Table
from scipy.stats import spearmanr

import brittle
from brittle.report.curves import PLAYED
from brittle.report.robustness import held
from brittle.store.run import Run

WIDTH = 160
RESAMPLES = 2000
Figures = Mapping[str, float]


def played(data: str, model: str, args: argparse.Namespace) -> Run:
    """The audit of one model, finished."""
    data, _, rate = data.partition("@")
    options: dict[str, Any] = {"limit": args.limit, "sampling_rate": float(rate) if rate else None}
    folder = args.out / f"{Path(data).stem}-{Path(model).stem}"
    given: dict[str, Any] = {"budget": args.budget, "seed": args.seed, "data_options": options}
    return brittle.audit(model, data, out=folder, curves=True, **given)


def figures_of(run: Run) -> dict[str, float]:
    """A line of the table."""
    found, curves = run.summary(), brittle.severity_beside(run)
    if curves is None:
        raise SystemExit(f"{run.path} has no curves")
    right = [held(result, run.manifest.spec) for result in run.results() if result.status in PLAYED]
    parts = found["robustness_parts"]
    return {
        "robustness": found["robustness"],
        "low": (found["robustness_interval"] or [np.nan])[0],
        "high": (found["robustness_interval"] or [np.nan, np.nan])[1],
        "samples": parts["samples"],
        "accuracy": 1 - curves.clean.share,
        "under distortion": parts["under_distortion"],
        "under attack": parts["under_attack"],
        "attack, right ones": float(np.mean(right or [0])),
        "not flipped": 1 - (found["asr"] or 0),
        "stands ImageNet-C": 1 - curves.mean(curves.corruptions) if curves.corruptions else np.nan,
    }


def correlation(lines: Sequence[Figures], name: str) -> str:
    """Spearman's rank correlation of a column with the figure, and 95 % bootstrap over models."""
    pairs = np.array([(one["robustness"], one[name]) for one in lines if np.isfinite(one[name])])
    if len(pairs) < 4 or np.ptp(pairs[:, 1]) == 0:
        return "-"
    found = float(spearmanr(*pairs.T)[0])
    rng, drawn = np.random.default_rng(0), []
    for _ in range(RESAMPLES):
        some = pairs[rng.integers(len(pairs), size=len(pairs))]
        if np.ptp(some[:, 0]) and np.ptp(some[:, 1]):
            drawn.append(float(spearmanr(*some.T)[0]))
    low, high = np.quantile(drawn, [0.025, 0.975])
    return f"{found:.2f} [{low:.2f}, {high:.2f}]"


def show(lines: Mapping[tuple[str, str], Figures], console: Console) -> None:
    """The table of models, and that of correlations."""
    table = Table(title="Robustness", title_justify="left")
    columns = list(next(iter(lines.values())))
    table.add_column("data")
    table.add_column("model")
    for column in columns:
        table.add_column(column, justify="right")
    for (data, model), line in lines.items():
        table.add_row(Path(data).stem, Path(model).stem, *(f"{line[c]:.3g}" for c in columns))
    console.print(table)
    groups = {"all": list(lines.values())}
    for (data, _), line in lines.items():
        groups.setdefault(data, []).append(line)
    table = Table(title="Rank correlation with the figure", title_justify="left")
    table.add_column("column")
    for name in groups:
        table.add_column(Path(name).stem, justify="right")
    for column in columns[4:]:
        table.add_row(column, *(correlation(group, column) for group in groups.values()))
    console.print(table)


def main() -> None:
    """Audit what is missing and print the tables."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("pairs", nargs="+", metavar="DATA:MODEL")
    parser.add_argument("--budget", type=int, default=150)
    parser.add_argument("--limit", type=int, default=32)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--out", type=Path, default=Path("robustness"))
    args = parser.parse_args()
    pairs = [tuple(pair.rsplit(":", 1)) for pair in args.pairs]
    lines = {(data, model): figures_of(played(data, model, args)) for data, model in pairs}
    show(lines, Console(width=WIDTH))


if __name__ == "__main__":
    main()
