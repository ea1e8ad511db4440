"""What a policy sees of a game of patchwork: all of it known without another query."""

import numpy as np

from brittle.core.play import View
from brittle.core.sample import Array
from brittle.core.search import Terms
from brittle.searches.patchwork.geometry import Floats, Ground
from brittle.searches.patchwork.state import OTHERS, State

WORLD = (
    *("budget used", "queries", "clean", "margin", "flipping", "flipped", "rms", "nearness", "reach"),
    *("price", "worn", "side", "refused", "usual"),
)
TRAITS = ("worth", "tried", "cost", "rms", "rank", "worn", "spent", "effect", "odds", *OTHERS)
PLACES = ("worn", "spent", "worth", "tried", "effect", "mean", "contrast", "off centre")


def view_of(state: State, start: State, ground: Ground, terms: Terms, odds: Floats) -> View:
    """What is named above, in that order. odds: of the hand-made player's operators, sum 1."""
    falls = ground.falls(state.effects.mean)
    squares = ground.canvas.squares_of(state.worn)
    return View(
        _world(state, start, ground, terms),
        _traits(state, ground, squares, falls, odds),
        _places(state, ground, squares, falls),
    )


def _world(state: State, start: State, ground: Ground, terms: Terms) -> Array:
    clean, flipped = max(start.margin, 1e-6), state.reach < np.inf
    within = min(state.reach, np.inf if terms.max_l2 is None else terms.max_l2)
    values = {
        "budget used": min(1.0, state.shown / terms.budget),
        "queries": np.log10(state.shown) / 2,
        "clean": np.log1p(clean),
        "margin": state.margin / clean,
        "flipping": state.margin < 0,
        "flipped": flipped,
        "rms": np.log10(1e3 * state.l2 / ground.rms + 1e-2),
        "nearness": state.l2 / within,
        "reach": np.log10(1e3 * within / ground.rms) if within < np.inf else 3.0,
        "price": np.log(state.price / start.price),
        "worn": np.count_nonzero(state.worn) / len(state.worn),
        "side": state.side / max(ground.canvas.grid.counts),
        "refused": np.log10(1 + state.refused),
        "usual": np.log(state.usual / clean) / 3,
    }
    return _tame(np.array([values[name] for name in WORLD]))


def _traits(state: State, ground: Ground, squares: Floats, falls: Floats, odds: Floats) -> Array:
    colours = ground.colours
    spent = np.bincount(state.worn, squares, colours + 1)[1:] / max(squares.sum(), 1e-12)
    values = {
        "worth": state.operators.worth - 1,
        "tried": np.log10(1 + state.operators.tried),
        "worn": np.bincount(state.worn, minlength=colours + 1)[1:] / len(state.worn),
        "spent": spent,
        "effect": np.arcsinh(falls[1:].sum(axis=1) / state.effects.scale),
        "odds": np.log(odds * len(odds) + 1e-3) / 2,
        **ground.nature,
    }
    table = np.zeros((len(TRAITS), len(odds)))
    for row, name in zip(table, TRAITS, strict=True):
        row[: len(values[name])] = values[name]  # what holds for colours only is 0 for the others
    return _tame(table).T


def _places(state: State, ground: Ground, squares: Floats, falls: Floats) -> Array:
    cells, spent = ground.per_place(squares >= 0), ground.per_place(squares)
    effect = ground.per_place(falls[1:].mean(axis=0)) * len(squares) / cells
    values = {
        "worn": ground.per_place(state.worn > 0) / cells,
        "spent": np.sqrt(spent / max(spent.sum(), 1e-12)),
        "worth": state.places.worth - 1,
        "tried": np.log10(1 + state.places.tried),
        "effect": np.arcsinh(effect / state.effects.scale),
        **ground.scenery,
    }
    return _tame(np.array([values[name] for name in PLACES])).T


def _tame(values: Floats) -> Array:
    """Values for a network: float32, within -3 to 3."""
    return np.minimum(np.maximum(values, -3), 3).astype(np.float32)
