"""Made-up explanations, and a manifest and files to go with them."""

from collections.abc import Callable, Iterable
from dataclasses import replace
from typing import Any

import numpy as np

from brittle.core.curves import MEASURES, top_masks
from brittle.core.explanation import Areas, Evaluation, Explanation, Outcome, Share, Truth
from brittle.core.sample import Array, InputSpec
from brittle.domains import domain_of
from brittle.store.archive import InputArchive, file_name
from brittle.store.explanations import MapArchive
from brittle.store.kept import FolderFiles
from brittle.store.manifest import Manifest
from brittle.store.run import Run

SPEC = InputSpec((3, 16, 12), ("channel", "height", "width"), bits=8)
BEAT = InputSpec((2, 300), ("channel", "time"), (-5.0, 5.0), 16, 360.0, "mV", ("I", "II"))
CLASSES = ("cat", "dog", "<b>emu</b>")
MakeExplained = Callable[..., Run]


def explained(
    sample: str, suffices: float | None = 0.2, flips: float | None = 0.1, **more: Any
) -> Explanation:
    """A sample whose map was found; its files are named as write_explained writes them."""
    place = f"shown/{file_name(sample)}"
    known: dict[str, Any] = {
        "label": 0,
        "predicted": 0,
        "explained": 0,
        "top": ((0, 0.9), (1, 0.08), (2, 0.02)),
        "probability": 0.9,
        "filled": 0.05,
        "fill": "blur",
        "insertion": 0.7,
        "deletion": 0.2,
        "suffices": None if suffices is None else Share(suffices, 99, 0.85, 0, f"{place}-suffices.png"),
        "flips": None if flips is None else Share(flips, 100, 0.3, 1, f"{place}-flips.png"),
        "file": f"explanations/{file_name(sample)}.npz",
        "original": f"{place}-original.png",
        "notes": {"masks": 64},
    }
    return Explanation(
        sample=sample, status=Outcome.EXPLAINED, explainer="rise", queries=100, **{**known, **more}
    )


def ended(sample: str, status: Outcome, message: str = "", **more: Any) -> Explanation:
    """A sample without a map."""
    known = {"label": 0, "predicted": 0, "message": message, **more}
    return Explanation(sample=sample, status=status, explainer="rise", queries=3, **known)


def evaluated(line: Explanation, difference: float = 0.4, centre: float = 0.1) -> Explanation:
    """The same with an evaluation; both fills give the same areas."""
    found = {"map": difference, "centre": centre, "random": 0.0}
    areas = {name: dict.fromkeys(("blur", "flat"), Areas(0.3 + d, 0.3)) for name, d in found.items()}
    return replace(line, evaluation_rows=50, evaluation=Evaluation(50, "flat", areas, 0.25, False, 0.6))


def against_truth(line: Explanation, iou: float = 0.5, pointing: bool = True) -> Explanation:
    """The same, held against a mask."""
    return replace(line, truth=Truth(iou, pointing, 0.75))


def manifest(spec: InputSpec = SPEC, **settings: Any) -> Manifest:
    """Of brittle explain."""
    asked = {"explainer": "rise", "budget": 100, "seed": 0, "which": "predicted", "fill": None, **settings}
    return Manifest(
        verb="explain",
        settings=asked,
        model={"name": "tiny", "sha256": "ab" * 32, "classes": list(CLASSES)},
        data={"name": "made-up", "samples": 5, "sha256": "cd" * 32},
        spec=spec,
    )


def write_explained(run: Run, line: Explanation) -> Explanation:
    """Write the files of an explained sample; the line, with their names."""
    spec = run.manifest.spec
    sides = tuple(spec.shape[i] for i in spec.spatial)
    values = map_of(sides)
    x = spec.decode(spec.encode(np.full(spec.shape, 0.5, np.float32)))
    archive = InputArchive(FolderFiles(run.path), domain_of(spec), spec, "shown")
    share = line.suffices.share if line.suffices else 0.0
    arrays = {
        "map": values,
        "sd": np.full(sides, np.nan, np.float32),
        "mask": top_masks(values, [share])[0] > 0,
        "shares": np.array(MEASURES),
        "insertion": np.linspace(0.1, 0.9, len(MEASURES)),
        "deletion": np.linspace(0.8, 0.1, len(MEASURES)),
        "seed": np.array(0),
        "rows": np.array(line.queries),
    }
    for name in ("suffices", "flips"):
        if part := getattr(line, name):
            line = replace(line, **{name: replace(part, file=archive.write(line.sample, name, x))})
    file = MapArchive(FolderFiles(run.path)).write(line.sample, arrays)
    return replace(line, file=file, original=archive.write(line.sample, "original", x))


def map_of(sides: tuple[int, ...]) -> Array:
    """A map that falls from the middle of each side."""
    away = [np.abs(np.linspace(-1, 1, side)) for side in sides]
    return -np.asarray(sum(np.meshgrid(*away, indexing="ij")), np.float32)


def samples(lines: Iterable[Explanation], count: int) -> list[Explanation]:
    """A line again and again, under other names."""
    return [replace(line, sample=f"{line.sample}{k}") for k in range(count) for line in lines]
