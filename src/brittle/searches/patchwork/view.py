"""What a policy sees of a game of patchwork: all of it known without another query.

A trained agent depends on the number and the order of the features, not on their names.
"""

import numpy as np

from brittle.core.play import View
from brittle.core.sample import Array
from brittle.core.search import Terms
from brittle.searches.patchwork.geometry import Floats, Geometry
from brittle.searches.patchwork.state import NON_LAYER_OPERATORS, State

GLOBAL_FEATURES = (
    *("budget used", "queries", "clean margin", "margin", "flips now", "flipped before"),
    *("rms", "share of l2 bound", "rms bound", "price", "assigned cells", "block side", "refused"),
    "typical gain",
)
OPERATOR_FEATURES = (
    *("mean gain", "tries", "cost", "rms", "cost rank", "share of cells", "share of squared l2"),
    *("effect", "odds", *NON_LAYER_OPERATORS),
)
PLACE_FEATURES = (
    *("assigned cells", "share of l2", "mean gain", "tries", "effect"),
    *("mean", "contrast", "distance from centre"),
)


def view_of(state: State, start: State, geometry: Geometry, terms: Terms, odds: Floats) -> View:
    """The features named above, in that order. odds: of the hand-made player's operators, sum 1."""
    drops = geometry.drops(state.effects.posterior_mean)
    squares = geometry.canvas.squares_of(state.current)
    return View(
        world=global_features(state, start, geometry, terms),
        operators=_operator_features(state, geometry, squares, drops, odds),
        places=_place_features(state, geometry, squares, drops),
    )


def global_features(state: State, start: State, geometry: Geometry, terms: Terms) -> Array:
    """Where the search stands, (features,)."""
    clean, flipped = max(start.margin, 1e-6), state.best_l2 < np.inf
    bound = min(state.best_l2, np.inf if terms.max_l2 is None else terms.max_l2)
    values = {
        "budget used": min(1.0, state.queries / terms.budget),
        "queries": np.log10(state.queries) / 2,
        "clean margin": np.log1p(clean),
        "margin": state.margin / clean,
        "flips now": state.margin < 0,
        "flipped before": flipped,
        "rms": np.log10(1e3 * state.l2 / geometry.rms + 1e-2),
        "share of l2 bound": state.l2 / bound,
        "rms bound": np.log10(1e3 * bound / geometry.rms) if bound < np.inf else 3.0,
        "price": np.log(state.price / start.price),
        "assigned cells": np.count_nonzero(state.current) / len(state.current),
        "block side": state.side / geometry.longest,
        "refused": np.log10(1 + state.refused),
        "typical gain": np.log(state.typical_gain / clean) / 3,
    }
    return bounded(np.array([values[name] for name in GLOBAL_FEATURES]))


def _operator_features(
    state: State, geometry: Geometry, squares: Floats, drops: Floats, odds: Floats
) -> Array:
    """What each operator brought, costs and promises, (operators, features).

    squares: squared L2 of the current assignment's cells, (cells,). drops: nats, (layers + 1, cells).
    """
    width = geometry.layer_count + 1
    by_layer = np.bincount(state.current, squares, width)[1:]
    values = {
        "mean gain": state.operator_credit.mean_gain - 1,
        "tries": np.log10(1 + state.operator_credit.tries),
        "share of cells": np.bincount(state.current, minlength=width)[1:] / len(state.current),
        "share of squared l2": by_layer / max(squares.sum(), 1e-12),
        "effect": np.arcsinh(drops[1:].sum(axis=1) / state.effects.scale),
        "odds": np.log(odds * len(odds) + 1e-3) / 2,
        **geometry.operator_features,
    }
    table = np.zeros((len(OPERATOR_FEATURES), len(odds)))
    for row, name in zip(table, OPERATOR_FEATURES, strict=True):
        row[: len(values[name])] = values[name]  # what holds for layers only is 0 for the other operators
    return bounded(table).T


def _place_features(state: State, geometry: Geometry, squares: Floats, drops: Floats) -> Array:
    """What is assigned, was tried and was gained in each place, (places, features); see above."""
    cells, by_place = geometry.per_place(squares >= 0), geometry.per_place(squares)
    effect = geometry.per_place(drops[1:].mean(axis=0)) * len(squares) / cells
    values = {
        "assigned cells": geometry.per_place(state.current > 0) / cells,
        "share of l2": np.sqrt(by_place / max(by_place.sum(), 1e-12)),
        "mean gain": state.place_credit.mean_gain - 1,
        "tries": np.log10(1 + state.place_credit.tries),
        "effect": np.arcsinh(effect / state.effects.scale),
        **geometry.input_features,
    }
    return bounded(np.array([values[name] for name in PLACE_FEATURES])).T


def bounded(values: Floats) -> Array:
    """Values for a network: float32, within -3 to 3."""
    return np.minimum(np.maximum(values, -3), 3).astype(np.float32)
