"""The same samples under several searches: what each made of them, side by side."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np

from brittle.core.errors import BrittleError
from brittle.core.result import Flip, SearchResult
from brittle.domains import domain_of
from brittle.domains.ssim import ssim
from brittle.report.classes import class_name, own_class
from brittle.report.compare.comparison import ComparedRun
from brittle.report.pictures import Picture, inputs_of, thumbnail
from brittle.report.summary import distance_of
from brittle.report.wording import as_rms, number
from brittle.store.run import Run

MOST_SAMPLES, MOST_SEARCHES = 6, 6
LONGEST_SIDE, LONGEST_TRACE = 224, 512  # pixels


@dataclass(frozen=True)
class Side:
    """One sample under one search. measures: of its closest flip; pictures: that flip, and its change.

    ssim: of images and clips, to the original.
    """

    name: str
    predicted: str
    measures: tuple[str, ...]
    pictures: tuple[Picture, ...] = ()
    ssim: float | None = None


@dataclass
class Sides:
    """One sample under every search."""

    sample: str
    label: str = ""
    original: Picture | None = None
    sides: list[Side] = field(default_factory=list)

    @property
    def wide(self) -> bool:
        """Whether its pictures want a row of their own."""
        return self.original is not None and self.original.width > 1.8 * self.original.height

    @property
    def strips(self) -> bool:
        """Whether they are so wide that two fill a line."""
        return self.original is not None and self.original.is_strip


@dataclass(frozen=True)
class Shown:
    """Samples side by side.

    flipped: how many samples as many searches, `by`, flipped; of: all searches; left_out: names of the
    searches that are not shown.
    """

    samples: tuple[Sides, ...]
    flipped: int
    by: int
    of: int
    left_out: tuple[str, ...]

    @property
    def has_ssim(self) -> bool:
        """Whether an SSIM stands beside a picture."""
        return any(side.ssim is not None for one in self.samples for side in one.sides)


def side_by_side(runs: Sequence[Run], compared: Sequence[ComparedRun]) -> Shown | None:
    """Samples that all searches flipped, from the least change to the greatest under the first; or most did.

    None where nothing flipped.
    """
    flipped, by = _flipped_by_most(compared)
    if not flipped:
        return None
    places = np.linspace(0, len(flipped) - 1, min(MOST_SAMPLES, len(flipped)))
    shown = {flipped[round(place)]: Sides(flipped[round(place)]) for place in places}
    for run, one in list(zip(runs, compared, strict=True))[:MOST_SEARCHES]:
        for result in run.results():
            if result.sample in shown:
                _add(shown[result.sample], run, one, result)
    left_out = tuple(one.name for one in compared[MOST_SEARCHES:])
    return Shown(tuple(shown.values()), len(flipped), by, len(compared), left_out)


def _flipped_by_most(compared: Sequence[ComparedRun]) -> tuple[list[str], int]:
    """The samples that most searches flipped, by the L2 of the first that did; and how many searches."""
    found: dict[str, list[float]] = {}
    for one in compared:
        for sample, outcome in one.outcomes.items():
            if outcome.l2 is not None:
                found.setdefault(sample, []).append(outcome.l2)
    most = max(map(len, found.values()), default=0)
    return sorted((s for s in found if len(found[s]) == most), key=lambda s: (found[s][0], s)), most


def _add(sides: Sides, run: Run, one: ComparedRun, result: SearchResult) -> None:
    classes: Sequence[str] = run.manifest.model.get("classes", ())
    sides.label = class_name(classes, own_class(result))
    flip = result.closest
    if flip is None:
        sides.sides.append(Side(one.name, "", (f"no flip in {number(result.queries)} queries",)))
        return
    pictures, found = _pictures(run, result, flip)
    sides.original = sides.original or pictures.get("original")
    measures = (
        *(f"L2 {number(flip.l2)}", as_rms(flip.l2, run.manifest.spec)),
        *([f"MAP {number(distance_of('map', flip, run.manifest.spec))}"] if flip.frames is not None else []),
        *([f"SNR {number(flip.snr)} dB"] if flip.snr is not None else []),
        *([f"SSIM {found:.3f}"] if found is not None else []),
        f"query {number(flip.query)}" + (", where it stops" if one.stops else ""),
    )
    shown = tuple(pictures[key] for key in ("flip", "change") if key in pictures)
    sides.sides.append(Side(one.name, class_name(classes, flip.predicted), measures, shown, found))


def _pictures(run: Run, result: SearchResult, flip: Flip) -> tuple[Mapping[str, Picture], float | None]:
    """Original, flip and amplified change, none where a file is damaged; and the SSIM of images and clips."""
    spec, name, search = run.manifest.spec, result.sample, result.search
    domain = domain_of(spec)
    try:
        x, changed = inputs_of(run, result, flip)
    except (BrittleError, OSError, ValueError):
        return {}, None
    side = LONGEST_SIDE if spec.axes == ("channel", "height", "width") else LONGEST_TRACE
    of_change = side if "frame" in spec.axes else side // 2
    pictures = {
        "original": thumbnail(f"{name}, original", domain.picture(x, spec), side),
        "flip": thumbnail(f"{name}, flipped by {search}", domain.picture(changed, spec, [x]), side),
        "change": thumbnail(f"Where and how {name} changed", domain.change(x, changed, spec), of_change),
    }
    return pictures, ssim(x, changed, spec.span) if "width" in spec.axes else None
