"""tide: which parts of a signal carry a decision, by regression on masks that its own draws choose.

Random soft masks alternate with level sets of draws from the posterior (Thompson sampling): the greatest
cells of a draw are kept alone, and taken away. Answers count as log-odds. The weight of an element is a
smooth field times its relief, which is how much the fill hides there: what hides nothing cannot matter. An
input of time and space has three such fields, one over each alone; the likeliest counts, and random masks are
cut in turn as each of them is.

What a trained agent corrects is a variant, `apart`: level sets kept alone and level sets taken away are moves
of their own beside the pairs of both, and every move can be made at any time.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from math import prod
from typing import ClassVar

import numpy as np
from numpy.typing import NDArray
from scipy.ndimage import gaussian_filter

from brittle.core.explainer import Attribution, Explainer, Scene
from brittle.core.play import Move, Odds, View
from brittle.core.sample import Array
from brittle.core.veil import KEPT, Masks
from brittle.explainers.masks import (
    Counts,
    as_masks,
    averaged,
    margin_grids,
    margins,
    soft_masks,
    upsampled,
)
from brittle.explainers.player import play_out
from brittle.explainers.regression import Floats, Posterior, fit_likeliest, log_odds
from brittle.settings import Settings, setting

OPERATORS = ("sound", "level", "keep", "take")
SOUND, LEVEL, KEEP, TAKE = range(4)
TURNS = 2  # operators that are played in turn, where level sets are not kept and taken apart


@dataclass(frozen=True)
class Tuning:
    """Numbers found by trial on beats and on rhythm windows.

    cells: most that the field of one axis, and of more, is fitted on. grids: cells in all of the random
    masks' grids, one a size. shares: of the cells, in the least and the greatest level set; an equal part of
    the range between is a size. moves: that a budget is spent in, of least_rows or more each. lengths: of
    the field, cells. floor: of the relief where the fill hides nothing, as a share of its mean. blur: sigma
    of the Gaussian that smooths the relief, elements. apart: odds of each operator, where all are played.
    """

    cells: int = 100
    cells_of_many_axes: int = 256
    grids: tuple[int, ...] = (8, 16, 24)
    shares: tuple[float, float] = (0.02, 0.5)
    moves: int = 16
    least_rows: int = 6
    lengths: tuple[float, ...] = (1.6, 2.5, 4.0)
    floor: float = 0.1
    blur: float = 3.0
    apart: tuple[float, ...] = (3.0, 1.0, 1.0, 1.0)


TUNING = Tuning()
LONG = 5.0  # log of a great many rows


@dataclass(frozen=True)
class State:
    """Where an explanation stands.

    kept: relief kept of each cell, (n, cells), in the n rows shown so far, by the counts of each grid. odds:
    log-odds of the explained class in their answers, (n,). by: operator of each row, (n,). made: how often
    each move was made, (operators, sizes). posterior: of the field, None before the first answers.
    """

    kept: Mapping[Counts, Floats]
    odds: Floats
    by: NDArray[np.intp]
    made: Floats
    posterior: Posterior | None = None


@dataclass(frozen=True)
class Proposal:
    """Masks to show, (k, *sides), and the move that they are."""

    rows: Masks
    move: Move


class TidePlay:
    """The moves of one explanation: what to show next, and what is learned from it.

    Implements explainers.player.ExplainerPlay. All moves are of the whole input, so there is one place.
    """

    def __init__(self, scene: Scene, tuning: Tuning = TUNING, apart: bool = False) -> None:
        self.scene, self.tuning, self.sides, self.apart = scene, tuning, scene.sides, apart
        self.operators = OPERATORS if apart else OPERATORS[:TURNS]
        spec, axes = scene.sample.spec, len(self.sides)
        most = tuning.cells if axes == 1 else tuning.cells_of_many_axes
        self.margins = margins(self.sides, [spec.axes[i] for i in spec.spatial])
        self.grids = margin_grids(self.sides, self.margins, most)
        self.places, self.sizes = (1,) * axes, len(tuning.grids)
        self.rows_per_move = max(tuning.least_rows, scene.rows // tuning.moves // 2 * 2)

    @cached_property
    def start(self) -> State:
        """Before the first row."""
        made = np.zeros((len(self.operators), self.sizes))
        kept = {counts: np.empty((0, prod(counts))) for counts in self.grids}
        return State(kept, np.empty(0), np.empty(0, np.intp), made)

    @cached_property
    def relief(self) -> Floats:
        """How much the fill hides at each element, relative to the mean: root mean square, (*sides)."""
        sample, tuning = self.scene.sample, self.tuning
        channels = tuple(i for i in range(sample.x.ndim) if i not in sample.spec.spatial)
        squares = np.square(sample.x - self.scene.fill, dtype=np.float64).mean(axis=channels)
        depth = np.sqrt(gaussian_filter(squares, tuning.blur, mode="nearest"))
        if not depth.any():
            return np.ones(self.sides)
        return np.asarray(tuning.floor + (1 - tuning.floor) * depth / depth.mean())

    @cached_property
    def _cell_relief(self) -> dict[Counts, Floats]:
        """The mean relief of each cell, (1, cells), by the counts of each grid."""
        return self._kept(np.full((1, *self.sides), KEPT, np.uint8))

    def _kept(self, masks: Masks) -> dict[Counts, Floats]:
        """The relief that masks keep of each cell, (k, cells), by the counts of each grid."""
        relief = masks * self.relief
        return {counts: averaged(relief, counts) for counts in self.grids}

    def moves(self, state: State) -> Odds:
        """Random masks and level sets in turn, each in one of the sizes made least often; or any, apart."""
        odds = np.zeros((len(self.operators), 1, self.sizes))
        if len(state.odds) >= self.scene.rows:
            return odds
        if self.apart and state.posterior is not None:
            odds[:] = np.array(self.tuning.apart)[:, None, None]
        else:
            operator = LEVEL if state.made[LEVEL].sum() < state.made[SOUND].sum() else SOUND
            odds[operator, 0] = state.made[operator] == state.made[operator].min()
        return odds

    def propose(self, state: State, move: Move, rng: np.random.Generator) -> Proposal | None:
        """As many masks as the budget allows, in complementary pairs but for level sets apart; or None."""
        count = min(self.rows_per_move, self.scene.rows - len(state.odds))
        if count <= 0:
            return None
        if move.operator == SOUND or state.posterior is None:
            axes = self.margins[int(state.made[SOUND].sum()) % len(self.margins)]
            grid = max(2, round(self.tuning.grids[move.size] ** (1 / len(axes))))
            return Proposal(soft_masks(rng, count, self.sides, grid, paired=True, axes=axes), move)
        draws = -(-count // 2) if move.operator == LEVEL else count
        low, high = self.tuning.shares
        heights = (move.size + (np.arange(draws) + rng.random(draws)) / draws) / self.sizes
        sets = np.stack([self._level_set(state.posterior, low + (high - low) * h, rng) for h in heights])
        if move.operator == LEVEL:
            both = np.stack([sets, KEPT - sets], axis=1).reshape(-1, *self.sides)
            return Proposal(both[:count], move)
        return Proposal(sets if move.operator == KEEP else KEPT - sets, move)

    def _level_set(self, posterior: Posterior, share: float, rng: np.random.Generator) -> Masks:
        """The mask that keeps this share of the cells, those of the greatest weights in a draw."""
        weights = posterior.draw(rng) * self._cell_relief[posterior.counts]
        top = weights >= np.quantile(weights, 1 - share)
        return as_masks(upsampled(top.reshape(posterior.counts), self.sides))

    def accept(self, state: State, proposal: Proposal, answers: Array) -> State:
        """The state after the model's answers, (k, classes)."""
        new = self._kept(proposal.rows)
        kept = {counts: np.concatenate([state.kept[counts], new[counts]]) for counts in self.grids}
        odds = np.concatenate([state.odds, log_odds(self.scene.scores(answers))])
        by = np.append(state.by, np.full(len(answers), proposal.move.operator))
        made = state.made.copy()
        made[proposal.move.operator, proposal.move.size] += 1
        return State(kept, odds, by, made, fit_likeliest(kept, odds, self.tuning.lengths))

    def observe(self, state: State) -> View:
        """The rows left and the log-odds seen; what each operator was answered; the field and its doubt."""
        scene, most = self.scene, -float(log_odds(np.zeros(1))[0])
        ends = log_odds(scene.scores(np.stack([scene.clean, scene.filled]))) / most
        left = scene.rows - len(state.odds)
        world = [left / max(1, scene.rows), np.log1p(left) / LONG, *ends, *_moments(state.odds / most)]
        made = state.made / max(1, state.made.sum())
        seen = [_moments(state.odds[state.by == number] / most) for number in range(len(self.operators))]
        operators = np.concatenate([made, np.array(seen)], axis=1)
        places = np.array([self._field_seen(state.posterior)])
        return View(*(part.astype(np.float32) for part in (np.array(world), operators, places)))

    def _field_seen(self, posterior: Posterior | None) -> tuple[float, float, float, float]:
        """Of the field: its peak and its doubt in prior deviations, the share of cells in it, its length."""
        if posterior is None or not posterior.signal:
            return 0.0, 0.0, 0.0, 0.0
        weights = np.abs(posterior.mean)
        spread = float(weights.sum()) ** 2 / max(len(weights) * float((weights**2).sum()), 1e-30)
        peak, doubt = float(weights.max()), float(posterior.sd.mean())
        longest = max(self.tuning.lengths)
        return peak / posterior.signal, doubt / posterior.signal, spread, posterior.length / longest

    def attribution(self, state: State) -> Attribution:
        """Posterior mean and standard deviation of each element's weight: log-odds per whole cell kept."""
        field = state.posterior
        if field is None:
            return Attribution(np.zeros(self.sides, np.float32))
        mean, sd = (upsampled(cells.reshape(field.counts), self.sides) for cells in (field.mean, field.sd))
        return Attribution((self.relief * mean).astype(np.float32), (self.relief * sd).astype(np.float32))


class Tide(Settings):
    """Regression on random soft masks and on level sets of its own draws; the explainer of signals."""

    name: ClassVar[str] = "tide"
    apart: bool = setting(False, "level sets are kept alone, and taken away, as moves of their own too")

    def __call__(self, scene: Scene) -> Explainer:
        """Explains one sample, in scene.rows rows."""
        return play_out(self.play(scene), scene)

    def most_rows(self, budget: int) -> int:
        """Rows that a move shows at most, of an explanation of so many."""
        return max(TUNING.least_rows, budget // TUNING.moves)

    def play(self, scene: Scene) -> TidePlay:
        """The moves of one explanation."""
        return TidePlay(scene, apart=self.apart)


def _moments(values: Floats) -> tuple[float, float]:
    """Mean and standard deviation, 0 of nothing."""
    return (float(values.mean()), float(values.std())) if len(values) else (0.0, 0.0)
