"""How much of the bare model's speed an audit keeps, in one run.

    python benchmarks/throughput.py [--samples 32] [--budget 300] [--repeats 3] [--search random]

The bare model (EfficientNet-Lite0 in onnxruntime) is asked batch after batch at each of several batch sizes;
the best counts. The audit of the same model runs in turn with it, so that a busy machine slows both.
"""

import argparse
import tempfile
from statistics import median
from time import perf_counter

import numpy as np
from numpy.typing import NDArray

import brittle
from brittle.core.sample import Array
from brittle.data import open_data
from brittle.models import open_model

BATCHES = (1, 4, 8, 16, 32)


def photos(count: int) -> NDArray[np.uint8]:
    """The built-in photos, then their mirror images, as 8-bit codes (n, 3, 224, 224)."""
    data = open_data("photos", (3, 224, 224))
    x = np.stack([data.spec.encode(data.open(name).x) for name in data.ids])
    both = np.concatenate([x, x[..., ::-1]])
    if count > len(both):
        raise SystemExit(f"expected at most {len(both)} samples, got {count}")
    return both[:count].astype(np.uint8)


def bare_rate(ask: object, x: Array, batch: int, seconds: float) -> float:
    """Rows per second of the model alone."""
    assert callable(ask)
    start, rows = perf_counter(), 0
    while perf_counter() - start < seconds:
        ask(x[:batch])
        rows += batch
    return rows / (perf_counter() - start)


def audit_rate(x: NDArray[np.uint8], budget: int, batch: int, search: str) -> float:
    """Rows per second of a whole audit, from opening the samples to the last result."""
    with tempfile.TemporaryDirectory() as folder:
        run = brittle.audit(
            "efficientnet-lite0", (x, None), budget=budget, batch=batch, search=search, out=folder
        )
        sessions = run.sessions()
    return float(sum(s["rows"] for s in sessions) / sum(s["seconds"] for s in sessions))


def main() -> None:
    """Measure and print a Markdown table."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument("--samples", type=int, default=32)
    parser.add_argument("--budget", type=int, default=300)
    parser.add_argument("--repeats", type=int, default=3)
    parser.add_argument("--search", default="random")
    args = parser.parse_args()
    codes = photos(args.samples)
    x = codes.astype(np.float32) / np.float32(255)
    ask = open_model("efficientnet-lite0").ask
    rates = {batch: bare_rate(ask, x, batch, 2.0) for batch in BATCHES}
    best = max(rates, key=lambda batch: rates[batch])
    print("bare model, rows/s by batch:", {b: round(r) for b, r in rates.items()})
    ratios = []
    print("| repeat | bare, before | audit | bare, after | ratio |\n|---|---|---|---|---|")
    for repeat in range(args.repeats):
        before = bare_rate(ask, x, best, 5.0)
        audited = audit_rate(codes, args.budget, best, args.search)
        after = bare_rate(ask, x, best, 5.0)
        ratios.append(audited / ((before + after) / 2))
        print(f"| {repeat + 1} | {before:.1f} | {audited:.1f} | {after:.1f} | {ratios[-1]:.3f} |", flush=True)
    print(f"\nmedian ratio {median(ratios):.3f} (batch {best}, {args.samples} samples, budget {args.budget})")


if __name__ == "__main__":
    main()
