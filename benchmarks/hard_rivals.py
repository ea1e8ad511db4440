"""Rivals of hard sets at the same distances, as held-out models answer them: see hard_sets.py."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from brittle.benchmarking.cells import Board, difference
from brittle.benchmarking.levels import DistanceLevel
from brittle.core.canvas import replay
from brittle.core.distance import l2
from brittle.core.field import Field, as_input
from brittle.core.goal import JointGoal
from brittle.core.sample import Array, Sample
from brittle.core.scaling import Direction, fill, in_codes
from brittle.core.seeds import generator
from brittle.domains.ssim import ssim
from brittle.searches.peers.imagenet_c import CORRUPTIONS, SEVERITIES, corrupt
from brittle.tasks.benchmark.kinds import open_board
from brittle.tasks.benchmark.nets import Surrogates, open_surrogates
from brittle.tasks.benchmark.settings import BenchmarkSettings

WAVE, CELLS = "random wave", "random cells"
AT_ONCE = 8
Key = tuple[str, str]
"""A rival and what it is brought to: ("fog", "severity 2"), ("fog", "8")."""


@dataclass(frozen=True)
class Shown:
    """One photo under every rival. wrong: (rivals, hold-outs); l2, ssim: (rivals,)."""

    wrong: NDArray[np.bool_]
    l2: NDArray[np.float64]
    ssim: NDArray[np.float64]


class Rivals:
    """A random plane wave, random cells and the 15 corruptions, on hold-outs; kept in a folder.

    A corruption is blended down to a level from its weakest severity that goes as far, and where none does,
    its strongest is scaled up.
    """

    def __init__(
        self, hold_out: Sequence[str], data: Path, levels: Sequence[float], seed: int, folder: Path, size: int
    ) -> None:
        asked = {"models": tuple(hold_out), "data": str(data), "kinds": "cells", "seed": seed, "size": size}
        settings = BenchmarkSettings.build(asked)
        self.found: Surrogates = open_surrogates(settings, {})
        board = open_board(settings, self.found.domain, self.found.dataset.spec)
        assert board is not None
        self.board: Board = board
        self.levels, self.seed, self.folder = tuple(levels), seed, folder
        at = [f"{level:g}" for level in levels]
        severities = [f"severity {s}" for s in range(1, SEVERITIES + 1)]
        self.keys: list[Key] = [(name, level) for name in (WAVE, CELLS) for level in at]
        self.keys += [(name, level) for name in CORRUPTIONS for level in (*severities, *at)]

    def shown(self, ids: Sequence[str]) -> list[Shown]:
        """Every photo of these; what is not in the folder is shown now."""
        return [self._one(id) for id in ids]

    def _one(self, id: str) -> Shown:
        file = self.folder / f"{id}.npz"
        if not file.exists():
            self.folder.mkdir(parents=True, exist_ok=True)
            one = self._ask(self.found.dataset.open(id))
            np.savez(file, wrong=one.wrong, l2=one.l2, ssim=one.ssim)
        with np.load(file) as kept:
            return Shown(kept["wrong"], kept["l2"], kept["ssim"])

    def _ask(self, sample: Sample) -> Shown:
        assert sample.label is not None
        goal, inputs = JointGoal(sample.label, surrogates=len(self.found.members)), self._inputs(sample)
        wrong, far, like = [], [], []
        while rows := [x for _, x in zip(range(AT_ONCE), inputs, strict=False)]:
            wrong.append(goal.margins(self.found.model(np.stack(rows))) <= 0)
            far += [l2(sample.x, x) for x in rows]
            like += [ssim(sample.x, x, sample.spec.span) for x in rows]
        return Shown(np.concatenate(wrong), np.array(far), np.array(like))

    def _inputs(self, sample: Sample) -> Iterator[Array]:
        """In the order of the keys."""
        rng = generator(self.seed, sample.id, "rivals")
        field = Field(sample.spec)
        wave = as_input(field.wave(field.random_waves(1, rng)), sample.spec)
        layers = rng.integers(1, len(self.board.palette.layers) + 1, self.board.grid.cells)
        cells = difference(sample, replay(self.board.canvas(sample), layers.tolist()))
        for direction in (in_codes(sample, np.asarray(wave, np.float64)), cells):
            for level in self.levels:
                yield at_level(sample, direction, level)
        photo = np.moveaxis((sample.x.astype(np.float64) - sample.spec.bounds[0]) / sample.spec.span, 0, 2)
        for name in CORRUPTIONS:
            whole = [
                self._input(sample, corrupt(photo, name, severity, rng))
                for severity in range(1, SEVERITIES + 1)
            ]
            yield from whole
            for level in self.levels:
                enough = next((x for x in whole if l2(sample.x, x) >= level), whole[-1])
                yield at_level(sample, difference(sample, enough), level)

    def _input(self, sample: Sample, photo: NDArray[np.float64]) -> Array:
        """What a file of a corrupted photo holds."""
        spec = sample.spec
        x = np.asarray(np.moveaxis(photo, 2, 0) * spec.span + spec.bounds[0], np.float32)
        return spec.decode(spec.encode(x))


def at_level(sample: Sample, direction: Direction, level: float) -> Array:
    """The change at an L2; as it is where it cannot be brought there."""
    reached = fill(sample, direction, DistanceLevel("l2", level).share(sample, np.nan))
    return sample.x + 0 if reached is None else reached.x
