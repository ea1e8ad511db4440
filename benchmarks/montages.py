"""The Grid Pointing Game: montages of four photos, a mask of one of them, and what maps put on it.

    python benchmarks/montages.py --model MODEL --data photos --half report --count 100 --out montages
    brittle explain MODEL montages/montages.npz --explainer survey --class true --truth montages/masks.npz \\
        --out survey
    python benchmarks/montages.py --score survey --score rise

Every photo is shrunk to a quarter of the input. The class that is explained is that of the one of the four
photos whose class the model gives the greatest probability; a montage in which that is below --least is left
out. What the game scores is "mass inside": the share of the map above its median that lies on that photo, .25
by chance. A map of evenly spaced ranks, such as that of survey, has .75 at most; IoU and pointing ask for the
order alone. Source: Boehle, Fritz and Schiele, CVPR 2021 (Convolutional Dynamic Alignment Networks), 4.2.
"""

import argparse
from collections.abc import Sequence
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from brittle.core.explanation import Truth
from brittle.core.sample import Array
from brittle.report.explain.lines import lines_of
from brittle.report.intervals import Interval, mean_interval, newcombe, wilson
from brittle.store.run import Run
from brittle.tasks.audit.opening import OpenedAudit, open_audit
from brittle.tasks.audit.settings import AuditSettings
from search_quality import half_of

TRIES = 20  # times as many montages as are wanted are drawn at most


def shrunk(x: Array) -> Array:
    """Every two by two values as their mean, (c, 2 h, 2 w) -> (c, h, w)."""
    channels, height, width = x.shape
    even = x[:, : height // 2 * 2, : width // 2 * 2]
    return np.asarray(even.reshape(channels, height // 2, 2, width // 2, 2).mean(axis=(2, 4)), np.float32)


def montage(tiles: list[Array]) -> Array:
    """Four tiles as one image."""
    return np.concatenate([np.concatenate(tiles[:2], axis=2), np.concatenate(tiles[2:], axis=2)], axis=1)


def mask_of(tile: int, height: int, width: int) -> Array:
    """1 on one of four tiles."""
    mask = np.zeros((2 * height, 2 * width), np.float32)
    row, column = divmod(tile, 2)
    mask[row * height : (row + 1) * height, column * width : (column + 1) * width] = 1
    return mask


def drawn(opened: OpenedAudit, names: list[str], count: int, least: float) -> dict[str, list[Array | int]]:
    """Montages with their classes and masks."""
    rng = np.random.default_rng(0)
    samples = [opened.dataset.open(name) for name in names]
    found: dict[str, list[Array | int]] = {"x": [], "y": [], "masks": []}
    for _ in range(TRIES * count):
        if len(found["x"]) == count:
            break
        chosen = [samples[k] for k in rng.choice(len(samples), 4, replace=False)]
        labels = [sample.label for sample in chosen if sample.label is not None]
        if len(set(labels)) < 4:
            continue
        tiles = [shrunk(sample.x) for sample in chosen]
        x = opened.dataset.spec.decode(opened.dataset.spec.encode(montage(tiles)))
        p = opened.model(x[None])[0][labels]
        best = int(np.argmax(p))
        if p[best] >= least:
            found["x"].append(x)
            found["y"].append(labels[best])
            found["masks"].append(mask_of(best, *tiles[0].shape[1:]))
    return found


def scores(folders: Sequence[Path]) -> str:
    """Markdown: a line a run, over the samples that all explained, and the first run less each other one."""
    found = [{line.sample: line.truth for line in lines_of(Run.open(f)) if line.truth} for f in folders]
    shared = sorted(set.intersection(*(set(truths) for truths in found)))
    first, *_ = runs = [[truths[sample] for sample in shared] for truths in found]
    head = ("run", "n", "mass inside", "IoU", "pointing", "first less it: mass", "IoU", "pointing")
    rows = [head, ["---"] * len(head)]
    for folder, run in zip(folders, runs, strict=True):
        hits = sum(truth.pointing for truth in run)
        cells = [mean_of(column(run, name)) for name in ("mass", "iou")]
        cells.append(f"{hits} of {len(run)}" + told(wilson(hits, len(run)), 2))
        less = [""] * 3 if run is first else differences(first, run)
        rows.append([f"`{folder.name}`", str(len(run)), *cells, *less])
    return "\n".join(f"| {' | '.join(row)} |" for row in rows)


def differences(first: Sequence[Truth], other: Sequence[Truth]) -> list[str]:
    """The first less another on the same samples: mass inside, IoU, pointing."""
    cells = [mean_of(column(first, name) - column(other, name)) for name in ("mass", "iou")]
    ours, theirs = column(first, "pointing") > 0, column(other, "pointing") > 0
    counts = [int(both.sum()) for both in (ours & theirs, ours & ~theirs, ~ours & theirs, ~ours & ~theirs)]
    return [*cells, f"{(counts[1] - counts[2]) / len(first):.2f}" + told(newcombe(*counts), 2)]


def column(run: Sequence[Truth], name: str) -> NDArray[np.float64]:
    """One value a sample."""
    return np.array([getattr(truth, name) for truth in run], np.float64)


def mean_of(values: NDArray[np.float64]) -> str:
    """A mean with its interval."""
    return f"{values.mean():.3f}" + told(mean_interval(values, np.random.default_rng(0)))


def told(interval: Interval | None, digits: int = 3) -> str:
    """An interval behind its value, where there is one."""
    return f" [{interval.low:.{digits}f}, {interval.high:.{digits}f}]" if interval else ""


def main() -> None:
    """Draw montages and write both files, or score runs."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("--model", default="efficientnet-lite0")
    parser.add_argument("--data", default="photos")
    parser.add_argument("--half", choices=["training", "report", "all"], default="report")
    parser.add_argument("--count", type=int, default=100)
    parser.add_argument("--least", type=float, default=0.1, help="probability that the class has at least")
    parser.add_argument("--out", type=Path, default=Path("montages"))
    parser.add_argument("--score", type=Path, action="append", help="a run with --truth; make no montages")
    arguments = parser.parse_args()
    if arguments.score:
        print(scores(arguments.score))
        return
    opened = open_audit(AuditSettings.build({"model": arguments.model, "data": arguments.data}))
    names = half_of(list(opened.dataset.ids), arguments.half)
    found = drawn(opened, names, arguments.count, arguments.least)
    arguments.out.mkdir(parents=True, exist_ok=True)
    codes = np.stack([opened.dataset.spec.encode(np.asarray(x, np.float32)) for x in found["x"]])
    np.savez(arguments.out / "montages.npz", x=codes, y=np.array(found["y"]))
    np.savez(arguments.out / "masks.npz", masks=np.array(found["masks"], np.uint8))
    print(f"{len(codes)} montages in {arguments.out}")


if __name__ == "__main__":
    main()
