"""What a larger scale brings, a table each, measured in one run; the docs have them in docs/results/scale.md.

    python benchmarks/scale.py lanes bodies workers samples [--repeats 3]
    unshare -n python benchmarks/scale.py ray

lanes: batches in flight to a slow endpoint, in one process.
bodies: CPU time of what is sent to an endpoint and read from it.
workers: 8 processes that ask a slow endpoint, against one.
ray: 8 actors, too; where no Ray cluster runs, one is started in a network namespace that nobody else reaches.
samples: time and memory of audits of 1,000 and of 10,000 samples on a tiny model.
"""

import argparse
import json
import os
import subprocess
import sys
import tempfile
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from statistics import median
from time import perf_counter, process_time
from typing import Any

import numpy as np

import brittle
from brittle.core.sample import Array
from brittle.models.http.body import Form, JsonForm, NpyForm
from brittle.models.http.client import Reply
from brittle.models.http.inference import BinaryTensors, JsonTensors, Tensor
from stub import stub

BATCH = 16
SEARCH = "greedy"  # costs little itself
SECONDS = 0.05  # that the stub sleeps for a batch
SLOW = 0.5  # that it sleeps where several processes ask it
WORKERS = 8
STEADY = (0.3, 0.8)  # of the rows of a run: between them its speed is taken


OF = {"JSON": "JSON", "npy": "JSON", "OIP JSON": "OIP JSON", "OIP binary": "OIP JSON"}
"""Forms of a body, and what each is compared with; OIP: the Open Inference Protocol."""


@dataclass
class Speed:
    """The watcher of a run: its speed between two shares of its rows, when all lanes have work.

    most: rows of the whole run. marks: rows so far, with the time and the CPU time of the process.
    """

    most: int
    marks: list[tuple[int, float, float]] = field(default_factory=list)

    def __call__(self, progress: Any) -> None:
        self.marks.append((progress.rows, perf_counter(), process_time()))

    def steady(self) -> tuple[float, float]:
        """Rows a second, and CPU seconds a row."""
        low, high = (share * self.most for share in STEADY)
        inside = [mark for mark in self.marks if low <= mark[0] <= high]
        rows, seconds, spent = (end - start for start, end in zip(inside[0], inside[-1], strict=True))
        return rows / seconds, spent / rows


def audited(address: str, samples: int, budget: int, **settings: Any) -> tuple[float, float]:
    """Rows a second that an audit shows an endpoint, and its CPU seconds a row."""
    codes = np.random.default_rng(1).integers(0, 256, (samples, 3, 32, 32)).astype(np.uint8)
    speed = Speed(samples * budget)
    with tempfile.TemporaryDirectory() as folder:
        data = Path(folder) / "codes.npz"
        np.savez(data, x=codes)
        brittle.audit(
            address,
            data,
            **{"budget": budget, "batch": BATCH, "search": SEARCH, "watch": speed, **settings},
            out=Path(folder) / "run",
        )
    return speed.steady()


def lanes(repeats: int) -> str:
    """One process and 1 or 8 lanes to a stub of 3 x 32 x 32 that sleeps 50 ms a batch of 16."""
    told = [f"| repeat | 1 lane, rows/s | 8 lanes, rows/s | ratio / 8 | CPU ms a row |\n{'|---' * 5}|"]
    ratios = []
    with stub(SECONDS) as address:
        for repeat in range(repeats):
            one, _ = audited(address, 64, 60)
            eight, spent = audited(address, 288, 100, model_options={"concurrency": 8})
            ratios.append(eight / one / 8)
            row = f"{one:.0f} | {eight:.0f} | {ratios[-1]:.3f} | {1000 * spent:.2f}"
            told.append(f"| {repeat + 1} | {row} |")
    return "\n".join([*told, f"\nmedian ratio / 8: {median(ratios):.3f}"])


def bodies(repeats: int) -> str:
    """CPU time of packing 16 x 3 x 224 x 224 and reading 16 x 1000 answers, in every form."""
    rng = np.random.default_rng(0)
    x = rng.random((BATCH, 3, 224, 224), np.float32)
    probabilities = rng.dirichlet(np.ones(1000), BATCH).astype(np.float32)
    taken = Tensor(name="x", datatype="FP32", shape=(-1, 3, 224, 224))
    forms: Mapping[str, tuple[Form, Reply]] = {
        "JSON": (JsonForm(), _json_reply(probabilities)),
        "npy": (NpyForm(), _npy_reply(probabilities)),
        "OIP JSON": (JsonTensors(taken, "y"), _tensor_reply(probabilities, binary=False)),
        "OIP binary": (BinaryTensors(taken, "y"), _tensor_reply(probabilities, binary=True)),
    }
    spent: dict[str, list[float]] = {name: [] for name in forms}
    sizes = {}
    for _ in range(repeats):
        for name, (form, reply) in forms.items():
            times = 1 if "JSON" in name else 20
            start = process_time()
            for _ in range(times):
                sizes[name] = len(form.pack(x).body)
                form.unpack(reply)
            spent[name].append((process_time() - start) / times)
    told = [f"| body | bytes | CPU ms | JSON takes, times |\n{'|---' * 4}|"]
    for name, seconds in spent.items():
        ratio = median(spent[OF[name]]) / median(seconds)
        told.append(f"| {name} | {sizes[name]:,} | {1000 * median(seconds):.1f} | {ratio:.0f} |")
    return "\n".join(told)


def _json_reply(probabilities: Array) -> Reply:
    return Reply(200, {"Content-Type": "application/json"}, json.dumps(probabilities.tolist()).encode())


def _npy_reply(probabilities: Array) -> Reply:
    return Reply(200, {"Content-Type": "application/x-npy"}, NpyForm().pack(probabilities).body)


def _tensor_reply(probabilities: Array, binary: bool) -> Reply:
    told: dict[str, Any] = {"name": "y", "datatype": "FP32", "shape": probabilities.shape}
    if not binary:
        told["data"] = probabilities.ravel().tolist()
        return Reply(200, {}, json.dumps({"outputs": [told]}).encode())
    told["parameters"] = {"binary_data_size": probabilities.nbytes}
    head = json.dumps({"outputs": [told]}).encode()
    return Reply(200, {"Inference-Header-Content-Length": str(len(head))}, head + probabilities.tobytes())


def workers(repeats: int, on: str = "processes") -> str:
    """One process and 8 workers to a stub that sleeps 0.5 s a batch of 2."""
    told = [f"| repeat | 1 process, rows/s | 8 workers, rows/s | ratio / 8 |\n{'|---' * 4}|"]
    ratios = []
    with stub(SLOW) as address:
        for repeat in range(repeats):
            one, _ = audited(address, 4, 30, batch=2)
            eight, _ = audited(address, 64, 30, batch=2, on=on, workers=WORKERS, cpus=0.1)
            ratios.append(eight / one / WORKERS)
            told.append(f"| {repeat + 1} | {one:.2f} | {eight:.2f} | {ratios[-1]:.3f} |")
    return "\n".join([*told, f"\nmedian ratio / 8: {median(ratios):.3f}"])


def samples(repeats: int) -> str:
    """Audits of more and more samples on a tiny model, each in a process of its own."""
    told = [f"| samples | rows | CPU s | CPU ms a row | peak MiB |\n{'|---' * 5}|"]
    for count in (1_000, 10_000):
        for _ in range(repeats):
            told.append(_of_samples(count))
    return "\n".join(told)


def _of_samples(count: int) -> str:
    with tempfile.TemporaryDirectory() as folder:
        rng = np.random.default_rng(0)
        codes = rng.integers(0, 256, (count, 1, 8, 8)).astype(np.uint8)
        np.savez(Path(folder) / "codes.npz", x=codes)
        words = ["-m", "brittle", "audit", "stub:tiny", f"{folder}/codes.npz", "--budget", "20"]
        words += ["--batch", "64", "--search", "patchwork", "--out", f"{folder}/run"]
        child = subprocess.Popen(
            [sys.executable, *words], cwd=Path(__file__).parent, stdout=subprocess.DEVNULL
        )
        _, status, used = os.wait4(child.pid, 0)
        assert status == 0, "the audit failed"
        rows = brittle.Run.open(f"{folder}/run").rows().shown
    spent = used.ru_utime + used.ru_stime
    return f"| {count:,} | {rows:,} | {spent:.1f} | {1000 * spent / rows:.3f} | {used.ru_maxrss / 1024:.0f} |"


def ray(repeats: int) -> str:
    """As workers, by actors of Ray."""
    return workers(repeats, "ray")


TABLES: Mapping[str, Callable[[int], str]] = {
    "lanes": lanes,
    "bodies": bodies,
    "workers": workers,
    "ray": ray,
    "samples": samples,
}


def main(arguments: Sequence[str] | None = None) -> None:
    """Measure and print Markdown tables."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument("tables", nargs="+", choices=TABLES)
    parser.add_argument("--repeats", type=int, default=3)
    asked = parser.parse_args(arguments)
    for name in asked.tables:
        print(f"## {name}\n\n{TABLES[name](asked.repeats)}\n", flush=True)


if __name__ == "__main__":
    main()
