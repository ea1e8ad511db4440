"""Whether an audit's memory grows with the number of samples.

    python benchmarks/memory.py [--samples 100 2000]

Each audit runs in a process of its own, on tiny PNG files (32 x 32) and a linear model; its peak resident
memory is printed.
"""

import argparse
import multiprocessing
import resource
import sys
import tempfile
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from PIL import Image

import brittle

WEIGHTS = np.random.default_rng(0).normal(size=(10, 3 * 32 * 32)).astype(np.float32)


def linear(x: NDArray[Any]) -> NDArray[Any]:
    """A linear model of 10 classes."""
    return np.asarray(x.reshape(len(x), -1) @ WEIGHTS.T)


def peak(samples: int, answer: Any) -> None:
    """Audit so many samples; tell the peak resident memory in MiB."""
    with tempfile.TemporaryDirectory() as folder:
        data = Path(folder) / "images"
        data.mkdir()
        rng = np.random.default_rng(1)
        for number in range(samples):
            pixels = rng.integers(0, 256, (32, 32, 3)).astype(np.uint8)
            Image.fromarray(pixels).save(data / f"{number:05d}.png")
        brittle.audit(linear, data, budget=20, batch=16, out=str(Path(folder) / "run"))
    unit = 1 if sys.platform == "darwin" else 1024
    answer.put(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * unit / 2**20)


def main() -> None:
    """Measure and print a Markdown table."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument("--samples", type=int, nargs="+", default=[100, 2000])
    context = multiprocessing.get_context("spawn")
    print("| samples | peak memory, MiB |\n|---|---|")
    for samples in parser.parse_args().samples:
        answer: Any = context.Queue()
        process = context.Process(target=peak, args=(samples, answer))
        process.start()
        print(f"| {samples} | {answer.get():.1f} |", flush=True)
        process.join()


if __name__ == "__main__":
    main()
