"""Made-up results, and a manifest and files to go with them."""

from collections.abc import Callable
from dataclasses import replace
from typing import Any

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
CLIPS = InputSpec((3, 6, 16, 16), ("channel", "frame", "height", "width"), bits=8, rate=5.0)
MakeRun = Callable[..., Run]
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


def clip_flipped(sample: str, first: int, l2: float, **more: Any) -> SearchResult:
    """A clip that flipped: noise above left in frames 1 to 3, blur below right in frames 4 to 6."""
    result = flipped(sample, first, l2, **more)
    assert result.first and result.closest
    of_clip: dict[str, Any] = {"assignment": (1, 0, 0, 0, 0, 0, 0, 3), "frames": 4, "frames_in_row": 3}
    return replace(result, first=replace(result.first, **of_clip), closest=replace(result.closest, **of_clip))


def manifest(
    spec: InputSpec = SPEC, cell: tuple[int, ...] = (4, 4), palette: tuple[Layer, ...] = PALETTE
) -> Manifest:
    return Manifest(
        settings={"search": "random", "budget": BUDGET, "seed": 0, "goal": "closest", "max_l2": None},
        model={"name": "tiny", "sha256": "ab" * 32, "classes": list(CLASSES)},
        data={"name": "made-up", "samples": 5, "sha256": "cd" * 32},
        spec=spec,
        cell=cell,
        palette=palette,
    )


def clip_manifest(palette: tuple[Layer, ...] = PALETTE) -> Manifest:
    return manifest(CLIPS, (3, 8, 8), palette)


def write_files(run: Run, result: SearchResult) -> None:
    assert result.first and result.closest
    spec = run.manifest.spec
    domain = domain_of(spec)
    x = spec.decode(np.random.default_rng(0).integers(0, 255, spec.shape).astype(np.uint8))
    run.write(run.original(result), domain.to_bytes(x, spec))
    for found in (result.first, result.closest):
        run.write(found.file, domain.to_bytes(changed(x), spec))


def changed(x: Array) -> Array:
    """Black above left; of a clip in frames 1 to 3, and a corner of 2 x 2 below right in frame 5."""
    y = x.copy()
    if x.ndim == 3:
        y[:, :4, :4] = 0
    else:
        y[:, :3, :8, :8] = 0
        y[:, 4, -2:, -2:] = 0
    assert distance.l2(x, y) > 0
    return y
