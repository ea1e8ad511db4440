"""Find the ventricular beat of a strip of eight: real beats and marks, and a model that looks at all of them.

    python benchmarks/ecg_strips.py --model BEATS.onnx --data mitbih --explainer tide --explainer occlusion

A strip is cut from a record of MIT-BIH, from 99 samples before its first R peak to 200 after its last; one of
its beats is marked ventricular (V) and seven normal (N). A network of single beats, shown each of them,
answers P(V), and the model P(any V) = 1 - product of (1 - P(V)). Strips count where it says so (1/2 or more)
and its most ventricular beat is the marked one: the truth is what lies nearer to that R peak than to its
neighbours. Strips come in turn from all records but those on which the numbers of tide were chosen.
"""

import argparse
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from functools import partial
from itertools import chain, islice, zip_longest
from pathlib import Path

import numpy as np
import wfdb
from numpy.typing import NDArray
from scipy.special import softmax

from brittle.core.explanation import Explanation, Outcome
from brittle.core.sample import Array, InputSpec, Sample
from brittle.data.wfdb import NO_BEATS
from brittle.explainers import USUAL_FILLS
from brittle.explainers.fills import open_fill
from brittle.models import open_model
from brittle.report.intervals import mean_interval, wilson
from planted_truth import explained

LEAD, RATE = "MLII", 360
BEFORE, AFTER = 99, 201  # samples of a beat, about its R peak
BEATS = 8
CLASSES = ("N", "A", "V", "L", "R")  # of the network
TUNED_ON = ("105", "124", "200", "212", "220")

Net = Callable[[Array], NDArray[np.float64]]
"""Beats (n, 1, BEFORE + AFTER) -> P(V), (n,)."""


@dataclass(frozen=True)
class Strip:
    """A strip and its model. peaks: where its R peaks are; odd: the number of the V. Implements Known."""

    sample: Sample
    peaks: tuple[int, ...]
    odd: int
    net: Net
    classes: tuple[str, ...] = ("none", "ventricular")

    @property
    def input(self) -> InputSpec:
        """What it takes."""
        return self.sample.spec

    def each(self, x: Array) -> NDArray[np.float64]:
        """P(V) of each beat, (n, 1, time) -> (n, beats)."""
        beats = np.stack([x[..., peak - BEFORE : peak + AFTER] for peak in self.peaks], axis=1)
        return self.net(beats.reshape(-1, *beats.shape[2:])).reshape(beats.shape[:2])

    def __call__(self, x: Array) -> Array:
        """(n, 1, time) -> (n, 2)."""
        none = np.prod(1 - self.each(x), axis=1)
        return np.asarray(np.stack([none, 1 - none], axis=1), np.float32)

    @property
    def truth(self) -> Array:
        """1 where the marked R peak is the nearest."""
        nearest = np.abs(np.arange(self.input.shape[-1])[:, None] - np.array(self.peaks)).argmin(axis=1)
        return np.asarray(nearest == self.odd, np.float32)

    def counts(self) -> bool:
        """Whether the model answers ventricular, for the marked beat above all."""
        x = self.sample.x[None]
        return bool(self(x)[0, 1] >= 0.5 and self.each(x)[0].argmax() == self.odd)


def open_net(file: Path) -> Net:
    """The network of single beats."""
    ask, odd = open_model(file).ask, CLASSES.index("V")
    return lambda beats: np.asarray(softmax(np.asarray(ask(beats), np.float64), axis=1)[:, odd])


def strips_of(record: Path, net: Net) -> Iterator[Strip]:
    """The strips of a record that count, no two with the same V, in random order."""
    signal = wfdb.rdrecord(str(record), channel_names=[LEAD]).p_signal[:, 0].astype(np.float32)
    marks = wfdb.rdann(str(record), "atr")
    beats = [(at, s) for at, s in zip(marks.sample, marks.symbol, strict=True) if s not in NO_BEATS]
    seen: set[int] = set()
    for start in np.random.default_rng(int(record.name)).permutation(max(0, len(beats) - BEATS + 1)):
        peaks, symbols = zip(*beats[start : start + BEATS], strict=True)
        low, high = peaks[0] - BEFORE, peaks[-1] + AFTER
        if sorted(symbols) != ["N"] * (BEATS - 1) + ["V"] or low < 0 or high > len(signal):
            continue
        odd = symbols.index("V")
        spec = InputSpec((1, high - low), ("channel", "time"), (-10, 10), 16, RATE, "mV")
        x = spec.decode(spec.encode(signal[None, low:high]))
        strip = Strip(Sample(f"{record.name}-{low}", x, None, spec), tuple(p - low for p in peaks), odd, net)
        if peaks[odd] not in seen and strip.counts():
            seen.add(peaks[odd])
            yield strip


def drawn(folder: Path, net: Net, count: int) -> list[Strip]:
    """So many strips, in turn from each record."""
    records = [file.with_suffix("") for file in sorted(folder.glob("*.hea")) if file.stem not in TUNED_ON]
    turns = chain.from_iterable(zip_longest(*(strips_of(record, net) for record in records)))
    return list(islice((strip for strip in turns if strip is not None), count))


def row_of(explainer: str, budget: int, found: list[Explanation]) -> Mapping[str, str]:
    """One line of the table."""
    truths = [line.truth for line in found if line.status is Outcome.EXPLAINED and line.truth]
    hits, mass = sum(truth.pointing for truth in truths), np.array([truth.mass for truth in truths])
    share, sure = wilson(hits, len(truths)), mean_interval(mass, np.random.default_rng(0))
    return {
        "explainer": f"`{explainer}`",
        "budget": str(budget),
        "n": str(len(truths)),
        "not explained": str(len(found) - len(truths)),
        "pointing": f"{hits} of {len(truths)}" + (f" [{share.low:.2f}, {share.high:.2f}]" if share else ""),
        "mass inside": f"{mass.mean():.3f}" + (f" [{sure.low:.3f}, {sure.high:.3f}]" if sure else ""),
    }


def main() -> None:
    """Play all strips and print the table as Markdown."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("--model", type=Path, required=True, help="the network of single beats, .onnx")
    parser.add_argument("--data", type=Path, required=True, help="a folder of MIT-BIH records with .atr")
    parser.add_argument("--explainer", action="append", dest="explainers", required=True)
    parser.add_argument("--strips", type=int, default=100)
    parser.add_argument("--budget", type=int, default=100)
    arguments = parser.parse_args()
    strips = drawn(arguments.data, open_net(arguments.model), arguments.strips)
    records = {strip.sample.id.split("-")[0] for strip in strips}
    inside = np.mean([strip.truth.mean() for strip in strips])
    print(f"{len(strips)} strips of {len(records)} records; by chance {inside:.3f} inside\n")
    for number, explainer in enumerate(arguments.explainers):
        play = partial(explained, explainer=explainer, budget=arguments.budget)
        found = [
            play(strip, fills=tuple(open_fill(name, strip.input) for name in USUAL_FILLS)) for strip in strips
        ]
        row = row_of(explainer, arguments.budget, found)
        if not number:
            print(f"| {' | '.join(row)} |\n|{'---|' * len(row)}")
        print(f"| {' | '.join(row.values())} |", flush=True)


if __name__ == "__main__":
    main()
