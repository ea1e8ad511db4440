"""Samples a minute: a peer pooled by brittle's referee against the same peer called its own way.

    python benchmarks/peers.py --data DATA --samples 24 --budget 50

Its own way is ART's Square Attack on one image after the other, as its documentation shows: `attack.generate`
on a classifier that runs the model. The model is the same ONNX file with the same threads; for the built-in
model also the torch module it was exported from. The pooled side plays first; its own way then gets just as
many candidates for each image.
"""

import argparse
import tempfile
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from math import inf
from time import perf_counter

import numpy as np

import brittle
from brittle.core.sample import Array
from brittle.models.efficientnet_lite import network
from brittle.tasks.audit.opening import OpenedAudit, open_audit
from brittle.tasks.audit.settings import AuditSettings

Predict = Callable[[Array], Array]
LITE0 = "efficientnet-lite0"


@dataclass(frozen=True)
class Timed:
    """One way of playing the same samples. rows: what the model was shown."""

    way: str
    seconds: float
    rows: int
    samples: int

    @property
    def rate(self) -> float:
        """Samples a minute."""
        return 60 * self.samples / self.seconds

    def __str__(self) -> str:
        return f"| {self.way} | {self.samples} | {self.rows} | {self.seconds:.1f} | {self.rate:.1f} |"


class Enough(Exception):
    """This image has had as many candidates as in the audit."""


def main() -> None:
    """Play, time, print a Markdown table."""
    arguments = _arguments()
    queries: dict[str, int] = {}
    pooled = _pooled(arguments, queries)
    ways = [_own_way(arguments, queries, "ART alone, the same ONNX model", _onnx(arguments))]
    if arguments.model == LITE0:
        ways.append(_own_way(arguments, queries, "ART alone, the torch model", _torch()))
    print("| way | samples | rows | seconds | samples a minute |\n|---|---:|---:|---:|---:|")
    print(pooled, *ways, sep="\n", end="\n\n")
    for one in ways:
        print(f"- pooled against {one.way}: {pooled.rate / one.rate:.2f} times the samples a minute")


def _pooled(arguments: argparse.Namespace, queries: dict[str, int]) -> Timed:
    """The audit, its report not timed; fills in how many queries each played sample took."""
    with tempfile.TemporaryDirectory() as folder:
        run = brittle.audit(
            arguments.model,
            arguments.data,
            search="art-square-linf",
            search_settings={"eps": arguments.eps},
            budget=arguments.budget,
            batch=arguments.batch,
            goal="first",
            data_options={"limit": arguments.samples},
            out=f"{folder}/run",
        )
        queries |= {r.sample: r.queries for r in run.results() if r.status in ("flipped", "survived")}
        seconds = float(run.sessions()[-1]["seconds"])
    return Timed(f"brittle, batch {arguments.batch}", seconds, sum(queries.values()), len(queries))


def _own_way(arguments: argparse.Namespace, queries: dict[str, int], way: str, answer: Predict) -> Timed:
    """ART on one image after the other, for as many candidates as the audit showed of each."""
    from art.attacks.evasion import SquareAttack  # noqa: PLC0415
    from art.estimators.classification import BlackBoxClassifierNeuralNetwork  # noqa: PLC0415

    opened = _opened(arguments)
    shown, most = 0, 0

    def predict(x: Array) -> Array:
        nonlocal shown
        if shown >= most:
            raise Enough
        shown += len(x)
        return answer(np.ascontiguousarray(x, np.float32))

    spec, classes = opened.dataset.spec, len(opened.model.classes)
    art = BlackBoxClassifierNeuralNetwork(predict, spec.shape, classes, clip_values=spec.bounds)
    attack = SquareAttack(art, norm=inf, eps=arguments.eps, p_init=0.05, max_iter=10_000, verbose=False)
    start = perf_counter()
    for name, asked in queries.items():
        sample = opened.dataset.open(name)
        # ART asks three times for every candidate: twice for the best so far, once for the candidate.
        most = shown + 3 * (asked - 1)
        with suppress(Enough):
            attack.generate(sample.x[None].copy(), y=np.array([sample.label]))
    return Timed(way, perf_counter() - start, shown, len(queries))


def _opened(arguments: argparse.Namespace) -> OpenedAudit:
    return open_audit(AuditSettings.build({"model": arguments.model, "data": arguments.data}))


def _onnx(arguments: argparse.Namespace) -> Predict:
    model = _opened(arguments).model
    return lambda x: np.log(np.maximum(model(x), 1e-30))


def _torch() -> Predict:
    import torch  # noqa: PLC0415

    module = network(LITE0)  # what was exported to ONNX

    def answer(x: Array) -> Array:
        with torch.inference_mode():
            return np.asarray(module(torch.from_numpy(x)).numpy())

    return answer


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("--model", default=LITE0)
    parser.add_argument("--data", required=True)
    parser.add_argument("--samples", type=int, default=24)
    parser.add_argument("--budget", type=int, default=50)
    parser.add_argument("--batch", type=int, default=16)
    parser.add_argument("--eps", type=float, default=2 / 255, help="small, so that few flip early")
    return parser.parse_args()


if __name__ == "__main__":
    main()
