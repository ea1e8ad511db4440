"""The outline of what was found: a finer regression within boxes about the greatest parts of a map."""

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray
from scipy.ndimage import find_objects, generate_binary_structure, label

from brittle.core.curves import ranks
from brittle.core.sample import Array
from brittle.core.veil import KEPT, Masks
from brittle.explainers.masks import (
    Axes,
    Counts,
    Floats,
    averaged,
    margin_grids,
    margins,
    soft_masks,
    upsampled,
)
from brittle.explainers.regression import fit_likeliest, log_odds
from brittle.explainers.survey.tuning import TUNING

Box = tuple[slice, ...]


@dataclass(frozen=True)
class Outline:
    """One box, and what was shown within it.

    margins: axes that masks are cut along within the box, in turn. rest: what masks show outside the box,
    KEPT or 0; None until two rows have told which lets the box count for more. effect: how much that is,
    log-odds. masks: within the box, (n, *its sides). p: the answers to them, (n,).
    """

    box: Box
    masks: Masks
    p: Floats
    margins: tuple[Axes, ...]
    rest: int | None = None
    effect: float = 0.0

    @property
    def thickness(self) -> int:
        """Rows that drew it so far; fewer than none before its first."""
        return -1 if self.rest is None else len(self.p)

    def propose(self, sides: Counts, count: int, grid: int, rng: np.random.Generator) -> Masks:
        """Random masks within the box, (count, *sides); first the box taken away, and the box alone."""
        inside = (slice(None), *self.box)
        if self.rest is None:
            rows = np.stack([np.full(sides, KEPT, np.uint8), np.zeros(sides, np.uint8)])[:count]
            rows[inside] = KEPT - rows[inside]
            return rows
        rows = np.full((count, *sides), self.rest, np.uint8)
        axes = self.margins[len(self.p) // TUNING.outline_rows % len(self.margins)]
        rows[inside] = soft_masks(rng, count, self.masks.shape[1:], grid, paired=True, axes=axes)
        return rows

    def accept(self, rows: Masks, p: Floats, clean: float, filled: float) -> "Outline":
        """The outline with the answers to what it proposed."""
        if self.rest is None:
            whole, none, *shown = log_odds(np.array([clean, filled, *p]))
            lost, won = whole - shown[0], shown[1] - none if len(shown) > 1 else 0.0
            return replace(self, rest=KEPT if lost >= won else 0, effect=float(max(lost, won)))
        masks = np.concatenate([self.masks, rows[(slice(None), *self.box)]])
        return replace(self, masks=masks, p=np.concatenate([self.p, p]))

    def heights(self) -> Floats:
        """How much each element adds to the log-odds, about 1 for the greatest, (*box sides)."""
        sides = self.masks.shape[1:]
        grids = margin_grids(sides, self.margins, TUNING.outline_cells)
        field = fit_likeliest({counts: averaged(self.masks, counts) for counts in grids}, log_odds(self.p))
        top = float(np.quantile(field.mean, 1 - TUNING.plateau))
        return np.maximum(upsampled(field.mean.reshape(field.counts), sides) / max(top, 1e-12), 0)


def found(high: NDArray[np.bool_], names: Sequence[str]) -> tuple[Outline, ...]:
    """Boxes about the connected parts of what is high, the greatest first. names: of the axes."""
    labels, _ = label(high, generate_binary_structure(high.ndim, high.ndim))
    sizes = np.bincount(labels.reshape(-1))[1:]
    order = [i for i in np.argsort(-sizes, kind="stable") if sizes[i] >= TUNING.least_part * sizes.max()]
    boxes = find_objects(labels)
    return tuple(_outline(boxes[i], high.shape, names) for i in order[: TUNING.most_parts])


def _outline(box: Box, sides: Counts, names: Sequence[str]) -> Outline:
    """An empty outline of a box and a margin about it."""
    wider = []
    for cut, side in zip(box, sides, strict=True):
        margin = max(1, round(TUNING.margin * (cut.stop - cut.start)))
        wider.append(slice(max(0, cut.start - margin), min(side, cut.stop + margin)))
    shape = tuple(cut.stop - cut.start for cut in wider)
    return Outline(tuple(wider), np.empty((0, *shape), np.uint8), np.empty(0), margins(shape, names))


def outlined(coarse: Array, outlines: Sequence[Outline]) -> Array:
    """A map whose boxes are redrawn finely, those that count for much above the rest: ranks, (*sides)."""
    fine = np.zeros(coarse.shape)
    for outline in outlines:
        inside = 1.0 if len(outline.p) < TUNING.outline_least else outline.heights()
        fine[outline.box] = np.maximum(fine[outline.box], inside * counting(outline, outlines))
    return ranks(fine + TUNING.beneath * coarse)


def counting(outline: Outline, outlines: Sequence[Outline]) -> bool:
    """Whether a box counts for enough beside the others to be outlined."""
    return outline.effect >= TUNING.count_for * max(other.effect for other in outlines)


def needs(outlines: Sequence[Outline]) -> list[tuple[bool, int]]:
    """Of each outline, how little it needs rows: known not to count, then its thickness; least first."""
    return [(o.thickness >= 0 and not counting(o, outlines), o.thickness) for o in outlines]
