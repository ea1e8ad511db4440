"""How much of the bare model's speed an audit or an explanation keeps, in one run.

    python benchmarks/throughput.py [--samples 32] [--budget 300] [--repeats 1] [--search random]
    python benchmarks/throughput.py --agent ripple --batch 32
    python benchmarks/throughput.py --explainer survey --cpu
    python benchmarks/throughput.py --model video_ucf_convlstm31.onnx --data clips.npz --search patchwork

The bare model (EfficientNet-Lite0 in onnxruntime, where no other is named) is asked batch after batch at
each of several batch sizes; the best one counts, unless --batch says another. A machine's speed drifts
within minutes, so the run is stopped every few seconds and the bare model is timed; the time it is stopped
is taken off. What is with the model when it stops is waited for, on the run's time. With --cpu seconds are
those that the CPUs spent on this process, so that others may use the machine.
"""

import argparse
import tempfile
from collections.abc import Callable
from dataclasses import dataclass, field
from statistics import mean, median
from time import perf_counter, process_time, sleep
from typing import Any

import numpy as np
from numpy.typing import NDArray

import brittle
from brittle.core.sample import Array
from brittle.data import open_data
from brittle.models import open_model
from brittle.models.backend import LANES
from brittle.store.run import Run

BATCHES = (1, 4, 8, 16, 32)
STRETCH, PAUSE = 8.0, 2.5  # seconds

Clock = Callable[[], float]


MODEL = "efficientnet-lite0"


def named(data: str, shape: tuple[int | None, ...], count: int) -> NDArray[np.uint8]:
    """The first samples of some data, as 8-bit codes."""
    found = open_data(data, shape)
    return np.stack([found.spec.encode(found.open(name).x) for name in found.ids[:count]]).astype(np.uint8)


def photos(count: int) -> NDArray[np.uint8]:
    """The built-in photos, then their mirror images, as 8-bit codes (n, 3, 224, 224)."""
    data = open_data("photos", (3, 224, 224))
    x = np.stack([data.spec.encode(data.open(name).x) for name in data.ids])
    both = np.concatenate([x, x[..., ::-1]])
    if count > len(both):
        raise SystemExit(f"expected at most {len(both)} samples, got {count}")
    return both[:count].astype(np.uint8)


def bare_rate(ask: Any, x: Array, batch: int, seconds: float, clock: Clock) -> float:
    """Rows per second of the model alone."""
    start, rows = clock(), 0
    while clock() - start < seconds:
        ask(x[:batch])
        rows += batch
    return rows / (clock() - start)


@dataclass
class Pauses:
    """The watcher of a run that stops it now and then to time the bare model.

    began, told: when it was told of the run first, and last. paused: seconds between these that are not the
    run's.
    """

    ask: Any
    x: Array
    batch: int
    rate: float
    clock: Clock
    rates: list[float] = field(default_factory=list)
    paused: float = 0.0
    began: float | None = None
    told: float = 0.0
    resumed: float = 0.0

    def __call__(self, _: object) -> None:
        self.told = self.clock()
        if self.began is None:
            self.began = self.resumed = self.told
        if self.told - self.resumed < STRETCH:
            return
        sleep(LANES * self.batch / self.rate)
        start = self.clock()
        self.rates.append(bare_rate(self.ask, self.x, self.batch, PAUSE, self.clock))
        self.told = self.resumed = self.clock()
        self.paused += self.resumed - start

    @property
    def seconds(self) -> float:
        """Of the run alone."""
        assert self.began is not None
        return self.told - self.began - self.paused


def played_rate(
    play: Callable[..., Run],
    model: str,
    codes: NDArray[np.uint8],
    budget: int,
    player: dict[str, str],
    pauses: Pauses,
) -> float:
    """Rows per second of a whole run, from opening the samples to the last result, pauses taken off."""
    with tempfile.TemporaryDirectory() as folder:
        run = play(
            model,
            (codes, None),
            budget=budget,
            batch=pauses.batch,
            out=folder,
            watch=pauses,
            **player,
        )
        return float(run.sessions()[0]["rows"] / pauses.seconds)


def main() -> None:
    """Measure and print a Markdown table."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument("--model", default=MODEL)
    parser.add_argument("--data", help="8-bit samples for it; the built-in photos where none are named")
    parser.add_argument("--samples", type=int, default=32)
    parser.add_argument("--budget", type=int, default=300)
    parser.add_argument("--repeats", type=int, default=1)
    parser.add_argument("--search", default="random")
    parser.add_argument("--agent", help="this agent plays: a file, cells or ripple")
    parser.add_argument("--explainer", help="explain with this one instead of an audit")
    parser.add_argument("--batch", type=int, help="rows at once, for the bare model and the run")
    parser.add_argument("--cpu", action="store_true", help="count CPU seconds")
    args = parser.parse_args()
    clock = process_time if args.cpu else perf_counter
    model = open_model(args.model)
    codes = named(args.data, model.shape or (), args.samples) if args.data else photos(args.samples)
    shown = np.resize(codes, (max(args.samples, *BATCHES, args.batch or 0), *codes.shape[1:]))
    x = shown.astype(np.float32) / np.float32(255)
    ask = model.ask
    batches = (args.batch,) if args.batch else BATCHES
    rounds = [{batch: bare_rate(ask, x, batch, 1.5, clock) for batch in batches} for _ in range(3)]
    rates = {batch: median(rates[batch] for rates in rounds) for batch in batches}
    best = args.batch or max(rates, key=lambda batch: rates[batch])
    print("bare model, rows/s by batch:", {b: round(r) for b, r in rates.items()})
    play, player = brittle.audit, {"agent": args.agent} if args.agent else {"search": args.search}
    if args.explainer:
        play, player = brittle.explain, {"explainer": args.explainer}
    ratios = []
    print("| repeat | bare (times) | run | ratio |\n|---|---|---|---|")
    for repeat in range(args.repeats):
        pauses = Pauses(ask, x, best, rates[best], clock)
        played = played_rate(play, args.model, codes, args.budget, player, pauses)
        bare = mean(pauses.rates)
        ratios.append(played / bare)
        row = f"{bare:.1f} ({len(pauses.rates)}) | {played:.1f} | {ratios[-1]:.3f}"
        print(f"| {repeat + 1} | {row} |", flush=True)
    print(f"\nmedian ratio {median(ratios):.3f} (batch {best}, {len(codes)} samples, budget {args.budget})")


if __name__ == "__main__":
    main()
