"""What a policy sees of a survey, in float32, most values within -3 to 3."""

from typing import TYPE_CHECKING

import numpy as np

from brittle.core.play import View
from brittle.core.sample import Array
from brittle.explainers.masks import cell_means
from brittle.explainers.survey.odds import operator_odds
from brittle.explainers.survey.soundings import KEEP, TAKE
from brittle.explainers.survey.state import State

if TYPE_CHECKING:
    from brittle.explainers.survey.explainer import SurveyPlay

WORLD = (
    "share of the rows left",
    "clean",
    "filled",
    "mean of soundings",
    "deviation of soundings",
    "best score",
    "score of the third best map",
    "outlines",
    "share of the rows that drew outlines",
)
OPERATOR_FEATURES = ("odds", "share of the moves", "mean gain x 10")
PLACE_FEATURES = ("kept", "taken away", "rank in the best map", "what the fill hides", "edge")


def view_of(play: "SurveyPlay", state: State) -> View:
    """The view of a state: WORLD, OPERATOR_FEATURES and PLACE_FEATURES."""
    rows = max(1, play.scene.rows)
    p, scores = state.soundings.p, [m.score for m in state.measured]
    world = (
        1 - state.rows / rows,
        play.clean,
        play.filled,
        p.mean() if len(p) else 0,
        p.std() if len(p) else 0,
        scores[0] if scores else 0,
        scores[min(2, len(scores) - 1)] if scores else 0,
        len(state.outlines) / 3,
        state.drawn / rows,
    )
    odds = operator_odds(state, play.scene.rows, play.price)
    moves = max(1, int(state.tried.sum()))
    operators = np.stack([odds / max(odds.sum(), 1e-12), state.tried / moves, 10 * state.gains], axis=1)
    return View(np.array(world, np.float32), operators.astype(np.float32), _places(play, state))


def _places(play: "SurveyPlay", state: State) -> Array:
    """PLACE_FEATURES of each place, (places, F)."""
    scene, spatial = play.scene, play.scene.sample.spec.spatial
    channels = tuple(i for i in range(scene.sample.x.ndim) if i not in spatial)
    hidden = np.abs(scene.sample.x - scene.fill).mean(axis=channels) / scene.sample.spec.span
    best = state.measured[0].map if state.measured else np.full(play.sides, 0.5, np.float32)
    ranked, hides = cell_means(np.stack([best, hidden]), play.places)
    middle = np.indices(play.places).reshape(len(play.places), -1) + 0.5
    edge = np.abs(2 * middle / np.array(play.places)[:, None] - 1).max(axis=0)
    features = [state.sounded[KEEP], state.sounded[TAKE], ranked, 10 * hides, edge]
    return np.stack(features, axis=1).astype(np.float32)
