"""Explain models whose truth is planted: what matters is known, and how well maps find it is counted.

    python benchmarks/planted_truth.py --explainer survey --explainer rise --cases 50
    python benchmarks/planted_truth.py --signals --explainer tide --explainer rise:cells=16
    python benchmarks/planted_truth.py --clips frames --explainer survey --explainer tide --budget 100

A case is random texture with one region or two: boxes of 14 to 40 pixels of 128 along each side, or of 30 to
120 of 600 samples; of clips of 20 frames of 32 x 32, 3 to 6 whole frames, places of 4 to 10 pixels through
all frames, or boxes of 5 to 10 frames and 8 to 16 pixels. The model looks at them alone: p = sigmoid(12
(share kept - 1/2)) of one region; of two, their product (and), or 1 - (1 - a)(1 - b) (or). The fill is the
mean. IoU is of the map's greatest elements, as many as the regions have, and 0 where nothing is found;
pointing, whether the greatest lies inside.
"""

import argparse
import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray

from brittle.core.classifier import Classifier
from brittle.core.evaluation import against_truth
from brittle.core.explain_run import ExplainRules, Fill, Found, explain_sample
from brittle.core.explanation import Explanation
from brittle.core.referee import Referee
from brittle.core.sample import Array, InputSpec, Sample
from brittle.explainers import open_explainer
from brittle.explainers.fills import Flat
from brittle.report.intervals import mean_interval, wilson
from brittle.tasks.explain.opening import chosen_class

IMAGE = InputSpec((3, 128, 128), ("channel", "height", "width"), bits=8)
SIGNAL = InputSpec((1, 600), ("channel", "time"), bounds=(-5, 5), bits=16, rate=300, unit="mV")
CLIP = InputSpec((3, 20, 32, 32), ("channel", "frame", "height", "width"), bits=8, rate=10)
Lengths = Mapping[str, tuple[int, int]]
"""Least and greatest side of a region along each axis that it does not fill."""
PIXELS: Lengths = {"height": (14, 40), "width": (14, 40)}
SAMPLES: Lengths = {"time": (30, 120)}
OF_CLIPS: Mapping[str, Lengths] = {
    "frames": {"frame": (3, 6)},
    "places": {"height": (4, 10), "width": (4, 10)},
    "boxes": {"frame": (5, 10), "height": (8, 16), "width": (8, 16)},
}
KINDS = ("one", "and", "or")


class Known(Classifier, Protocol):
    """A model of one sample, of which it is known what matters: truth, not 0 there, (*sides)."""

    @property
    def sample(self) -> Sample: ...
    @property
    def truth(self) -> Array: ...


@dataclass(frozen=True)
class Case:
    """One planted model and its sample. regions: masks over the spatial axes. Implements Classifier."""

    kind: str
    sample: Sample
    fill: Array
    regions: tuple[NDArray[np.bool_], ...]
    classes: tuple[str, ...] = ("none", "there")

    @property
    def input(self) -> InputSpec:
        """What it takes."""
        return self.sample.spec

    def __call__(self, x: Array) -> Array:
        """(n, ...) -> (n, 2)."""
        shares = [self._kept(x, region) for region in self.regions]
        parts = [1 / (1 + np.exp(-12 * (share - 0.5))) for share in shares]
        p = np.prod(parts, axis=0)
        if self.kind == "or":
            p = 1 - np.prod([1 - part for part in parts], axis=0)
        return np.asarray(np.stack([1 - p, p], axis=1), np.float32)

    def _kept(self, x: Array, region: NDArray[np.bool_]) -> NDArray[np.float64]:
        """How much of a region is as in the sample, and not as in the fill."""
        whole = np.abs(self.sample.x - self.fill)[:, region].sum(dtype=np.float64)
        gone = np.abs(x - self.sample.x)[:, :, region].sum(axis=(1, 2), dtype=np.float64)
        return np.asarray(1 - gone / whole)

    @property
    def truth(self) -> Array:
        """1 inside of the regions."""
        return np.asarray(np.any(self.regions, axis=0), np.float32)


def case_of(kind: str, spec: InputSpec, limits: Lengths, number: int) -> Case:
    """The case of this number, the same at each call."""
    rng = np.random.default_rng([number, KINDS.index(kind)])
    sides = tuple(spec.shape[i] for i in spec.spatial)
    names = [spec.axes[i] for i in spec.spatial]
    regions: list[NDArray[np.bool_]] = []
    while len(regions) < (1 if kind == "one" else 2):
        region = np.zeros(sides, bool)
        lengths = [
            int(rng.integers(limits[name][0], limits[name][1] + 1)) if name in limits else side
            for name, side in zip(names, sides, strict=True)
        ]
        starts = [int(rng.integers(side - n + 1)) for side, n in zip(sides, lengths, strict=True)]
        region[tuple(slice(a, a + n) for a, n in zip(starts, lengths, strict=True))] = True
        if not any((region & other).any() for other in regions):
            regions.append(region)
    middle, spread = sum(spec.bounds) / 2, spec.span / 6
    x = np.clip(rng.normal(middle, spread, spec.shape), *spec.bounds).astype(np.float32)
    sample = Sample(f"{kind}-{number}", spec.decode(spec.encode(x)), 1, spec)
    return Case(kind, sample, spec.decode(spec.encode(Flat()(sample))), tuple(regions))


@dataclass
class Nowhere:
    """An archive that keeps the last input in memory."""

    x: Array | None = None

    def write(self, sample: str, *what: Any) -> str:
        """Keep an input; a map is let go."""
        self.x = what[1] if len(what) == 2 else self.x
        return "none"

    def read(self, file: str) -> Array:
        """The last input."""
        assert self.x is not None
        return self.x


def explained(case: Known, explainer: str, budget: int, fills: tuple[Fill, ...] = (Flat(),)) -> Explanation:
    """The explanation of one case, with its map held against the truth.

    explainer: NAME or NAME:setting=value,... with values as JSON.
    """
    name, _, options = explainer.partition(":")
    settings = {k: json.loads(v) for k, v in (option.split("=") for option in options.split(",") if option)}

    def after(found: Found) -> Any:
        yield from ()
        return {"truth": against_truth(found.attribution.map, case.truth)}

    nowhere = Nowhere()
    rules = ExplainRules(
        explainer=open_explainer(name, **settings),
        fills=fills,
        which=lambda clean, label: chosen_class("predicted", clean, label),
        budget=budget,
        archive=nowhere,
        maps=nowhere,
        after=after,
    )
    (found,) = Referee(case, 16).play([explain_sample(case.sample.id, lambda: case.sample, rules)])
    return found


def row_of(explainer: str, budget: int, kind: str, found: list[Explanation]) -> Mapping[str, str]:
    """One line of the table."""
    ious = np.array([line.truth.iou if line.truth else 0 for line in found])
    hits = sum(bool(line.truth and line.truth.pointing) for line in found)
    sure, share = mean_interval(ious, np.random.default_rng(0)), wilson(hits, len(found))
    return {
        "explainer": f"`{explainer}`",
        "budget": str(budget),
        "truth": kind,
        "n": str(len(found)),
        "IoU": f"{ious.mean():.3f}" + (f" [{sure.low:.3f}, {sure.high:.3f}]" if sure else ""),
        "least IoU": f"{ious.min():.2f}",
        "pointing": f"{hits} of {len(found)}" + (f" [{share.low:.2f}, {share.high:.2f}]" if share else ""),
    }


def main() -> None:
    """Play all cases and print the table as Markdown."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("--explainer", action="append", dest="explainers", required=True)
    parser.add_argument("--budget", type=int, action="append", dest="budgets")
    parser.add_argument("--signals", action="store_true", help="signals instead of images")
    parser.add_argument("--clips", choices=tuple(OF_CLIPS), help="clips, and what matters of them")
    parser.add_argument("--cases", type=int, default=50)
    parser.add_argument("--first", type=int, default=0, help="number of the first case")
    arguments = parser.parse_args()
    spec, limits = (SIGNAL, SAMPLES) if arguments.signals else (IMAGE, PIXELS)
    if arguments.clips:
        spec, limits = CLIP, OF_CLIPS[arguments.clips]
    numbers, first = range(arguments.first, arguments.first + arguments.cases), True
    for explainer in arguments.explainers:
        for budget in arguments.budgets or [100, 300]:
            for kind in KINDS:
                cases = [case_of(kind, spec, limits, number) for number in numbers]
                row = row_of(explainer, budget, kind, [explained(case, explainer, budget) for case in cases])
                if first:
                    print(f"| {' | '.join(row)} |\n|{'---|' * len(row)}")
                print(f"| {' | '.join(row.values())} |", flush=True)
                first = False


if __name__ == "__main__":
    main()
