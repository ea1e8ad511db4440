"""How much of the bare model's speed an audit keeps, in one run.

    python benchmarks/throughput.py [--samples 32] [--budget 300] [--repeats 1] [--search random]
    python benchmarks/throughput.py --agent ripple --batch 32

The bare model (EfficientNet-Lite0 in onnxruntime) is asked batch after batch at each of several batch sizes;
the best one counts, unless --batch says another. A machine's speed drifts within minutes, so the audit is
stopped every few seconds and the bare model is timed; the time it is stopped is taken off. What is with the
model when it stops is waited for, on the audit's time.
"""

import argparse
import tempfile
from dataclasses import dataclass, field
from statistics import mean, median
from time import perf_counter, sleep
from typing import Any

import numpy as np
from numpy.typing import NDArray

import brittle
from brittle.core.sample import Array
from brittle.data import open_data
from brittle.models import open_model
from brittle.models.backend import LANES

BATCHES = (1, 4, 8, 16, 32)
STRETCH, PAUSE = 8.0, 2.5  # seconds


def photos(count: int) -> NDArray[np.uint8]:
    """The built-in photos, then their mirror images, as 8-bit codes (n, 3, 224, 224)."""
    data = open_data("photos", (3, 224, 224))
    x = np.stack([data.spec.encode(data.open(name).x) for name in data.ids])
    both = np.concatenate([x, x[..., ::-1]])
    if count > len(both):
        raise SystemExit(f"expected at most {len(both)} samples, got {count}")
    return both[:count].astype(np.uint8)


def bare_rate(ask: Any, x: Array, batch: int, seconds: float) -> float:
    """Rows per second of the model alone."""
    start, rows = perf_counter(), 0
    while perf_counter() - start < seconds:
        ask(x[:batch])
        rows += batch
    return rows / (perf_counter() - start)


@dataclass
class Pauses:
    """The watcher of an audit that stops it now and then to time the bare model."""

    ask: Any
    x: Array
    batch: int
    rate: float
    rates: list[float] = field(default_factory=list)
    paused: float = 0.0
    resumed: float = field(default_factory=perf_counter)

    def __call__(self, _: object) -> None:
        if perf_counter() - self.resumed < STRETCH:
            return
        sleep(LANES * self.batch / self.rate)
        start = perf_counter()
        self.rates.append(bare_rate(self.ask, self.x, self.batch, PAUSE))
        self.resumed = perf_counter()
        self.paused += self.resumed - start


def audit_rate(codes: NDArray[np.uint8], budget: int, player: dict[str, str], pauses: Pauses) -> float:
    """Rows per second of a whole audit, from opening the samples to the last result, pauses taken off."""
    with tempfile.TemporaryDirectory() as folder:
        run = brittle.audit(
            "efficientnet-lite0",
            (codes, None),
            budget=budget,
            batch=pauses.batch,
            out=folder,
            watch=pauses,
            **player,
        )
        session = run.sessions()[0]
    return float(session["rows"] / (session["seconds"] - pauses.paused))


def main() -> None:
    """Measure and print a Markdown table."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument("--samples", type=int, default=32)
    parser.add_argument("--budget", type=int, default=300)
    parser.add_argument("--repeats", type=int, default=1)
    parser.add_argument("--search", default="random")
    parser.add_argument("--agent", help="this agent plays: a file, cells or ripple")
    parser.add_argument("--batch", type=int, help="rows at once, for the bare model and the audit")
    args = parser.parse_args()
    codes = photos(args.samples)
    x = codes.astype(np.float32) / np.float32(255)
    ask = open_model("efficientnet-lite0").ask
    batches = sorted({*BATCHES, args.batch or BATCHES[0]})
    rounds = [{batch: bare_rate(ask, x, batch, 1.5) for batch in batches} for _ in range(3)]
    rates = {batch: median(rates[batch] for rates in rounds) for batch in batches}
    best = args.batch or max(rates, key=lambda batch: rates[batch])
    print("bare model, rows/s by batch:", {b: round(r) for b, r in rates.items()})
    player = {"agent": args.agent} if args.agent else {"search": args.search}
    ratios = []
    print("| repeat | bare (times) | audit | ratio |\n|---|---|---|---|")
    for repeat in range(args.repeats):
        pauses = Pauses(ask, x, best, rates[best])
        audited = audit_rate(codes, args.budget, player, pauses)
        bare = mean(pauses.rates)
        ratios.append(audited / bare)
        row = f"{bare:.1f} ({len(pauses.rates)}) | {audited:.1f} | {ratios[-1]:.3f}"
        print(f"| {repeat + 1} | {row} |", flush=True)
    print(f"\nmedian ratio {median(ratios):.3f} (batch {best}, {args.samples} samples, budget {args.budget})")


if __name__ == "__main__":
    main()
