"""Made-up results, and a manifest and files to go with them."""

from collections.abc import Callable, Iterable

import numpy as np

from brittle.core import distance
from brittle.core.canvas import Layer
from brittle.core.result import Flip, Point, SearchResult, Status
from brittle.core.sample import Array, InputSpec
from brittle.domains import domain_of
from brittle.store.manifest import Manifest
from brittle.store.run import Run

SPEC = InputSpec((3, 16, 16), ("channel", "height", "width"), bits=8)
PALETTE = (Layer("noise", 0.1, 0), Layer("noise", 0.2, 0), Layer("blur", 1.0, 0))
MakeRun = Callable[[Iterable[SearchResult]], Run]
CLASSES = ("cat", "dog", "<b>emu</b>")
BUDGET = 100


def flip(query: int, l2: float, predicted: int = 1, file: str = "flips/a.closest.png") -> Flip:
    """A flip with the numbers that matter here; one noise cell, two blur cells."""
    return Flip(
        query=query,
        l2=l2,
        linf=l2 / 2,
        l0=int(10 * l2),
        mean_absolute=l2 / 100,
        predicted=predicted,
        top=((predicted, 0.7), (0, 0.2), (2, 0.1)),
        file=file,
        assignment=(1, 3, 3, 0, *[0] * 12),
    )


def flipped(
    sample: str, first: int, l2: float, *, label: int | None = 0, predicted: int = 1, queries: int = BUDGET
) -> SearchResult:
    """A sample that flipped first at a distance of 2 * l2, and closest at l2."""
    return SearchResult(
        sample=sample,
        label=label,
        status=Status.FLIPPED,
        search="random",
        queries=queries,
        predicted=0,
        top=((0, 0.9), (1, 0.08), (2, 0.02)),
        first=flip(first, 2 * l2, predicted, f"flips/{sample}.first.png"),
        closest=flip(first + 1, l2, predicted, f"flips/{sample}.closest.png"),
        curve=(Point(1, 2.0, None), Point(first, -0.1, 2 * l2)),
        notes={"rounds": 3},
    )


def ended(sample: str, status: Status, *, queries: int = 1, message: str = "") -> SearchResult:
    """A sample without a flip."""
    return SearchResult(sample, 0, status, "random", queries, predicted=0, message=message)


def manifest() -> Manifest:
    return Manifest(
        settings={"search": "random", "budget": BUDGET, "seed": 0, "goal": "closest", "max_l2": None},
        model={"name": "tiny", "sha256": "ab" * 32, "classes": list(CLASSES)},
        data={"name": "made-up", "samples": 5, "sha256": "cd" * 32},
        spec=SPEC,
        cell=(4, 4),
        palette=PALETTE,
    )


def write_files(run: Run, result: SearchResult) -> None:
    assert result.first and result.closest
    domain = domain_of(SPEC)
    x = SPEC.decode(np.random.default_rng(0).integers(0, 255, SPEC.shape).astype(np.uint8))
    run.write(run.original(result), domain.to_bytes(x, SPEC))
    for found in (result.first, result.closest):
        run.write(found.file, domain.to_bytes(_changed(x), SPEC))


def _changed(x: Array) -> Array:
    y = x.copy()
    y[:, :4, :4] = 0
    assert distance.l2(x, y) > 0
    return y
