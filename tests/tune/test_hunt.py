"""The least level of planted functions, whose answer is known, within 5 % and 50 trials."""

from dataclasses import replace
from math import hypot

import numpy as np
import pytest

from brittle.core.sample import Array, InputSpec
from brittle.optimise.kinds import Angle, Kind, Line
from brittle.searches.tune import hunt as room
from brittle.searches.tune.family import Family, Free, Level
from brittle.searches.tune.hunt import Hunt, Trial
from brittle.searches.tune.tuning import TUNING

SPEC = InputSpec((1, 8, 8), ("channel", "height", "width"))
CLEAN, LEAST = 4.0, 0.05


class Planted(Family):
    """A place and a direction, and nothing to see: margins are planted."""

    name = "planted"
    needs = ()
    level = Level(0.01, 1.0, "units")

    def free(self, spec: InputSpec) -> dict[str, Kind]:
        return {"x": Line(0, 1), "y": Line(0, 1), "angle": Angle(np.pi)}

    def __call__(self, x: Array, spec: InputSpec, level: float, free: Free) -> Array:
        return x


class Steps(Planted):
    """The same with whole levels."""

    level = Level(95, 1, "quality", steps="whole")


def margin(trial: Trial) -> float:
    """Falls in proportion to the level, fastest at (0.7, 0.2) and 0.5 radians, where LEAST flips."""
    away = hypot(trial.free["x"] - 0.7, trial.free["y"] - 0.2)
    response = np.exp(-(away**2) / 0.18) * (0.3 + 0.7 * np.cos(trial.free["angle"] - 0.5) ** 2)
    return float(CLEAN - CLEAN / LEAST * 1.0001 * trial.level * response)


def played(seed: int, trials: int = 50, family: Family | None = None) -> list[Trial]:
    """What a hunt shows, its least last."""
    hunt = Hunt(family or Planted(), SPEC, CLEAN, trials, np.random.default_rng(seed))
    shown = []
    for _ in range(trials):
        shown.append(hunt.ask())
        hunt.tell(shown[-1], margin(shown[-1]))
    assert hunt.least is not None
    return [*shown, hunt.least]


@pytest.mark.parametrize("seed", range(3))
def test_the_least_level_of_a_planted_function_is_found_within_5_percent(seed: int) -> None:
    shown = played(seed)
    assert LEAST <= shown[-1].level <= 1.05 * LEAST
    flipped = [trial for trial in shown if margin(trial) < 0]
    assert shown[-1] == min(flipped, key=lambda trial: trial.level)


def test_without_the_process_it_is_not_found(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(room, "log_probability", lambda z: np.zeros_like(z))
    assert min(played(seed)[-1].level for seed in range(2)) > 1.3 * LEAST


def test_the_same_seed_shows_the_same_and_another_does_not() -> None:
    assert played(1, 12) == played(1, 12) != played(2, 12)


def test_a_trial_is_weaker_than_the_least_that_flipped() -> None:
    shown = played(0, 30)[:-1]
    least = np.inf
    for trial in shown:
        assert trial.strength < least
        least = min(least, trial.strength if margin(trial) < 0 else np.inf)


def test_it_ends_at_the_weakest_level() -> None:
    hunt = Hunt(Planted(), SPEC, CLEAN, 50, np.random.default_rng(0))
    trial = hunt.ask()
    hunt.tell(trial, -1.0)
    assert hunt.least == trial and not hunt.ended
    hunt.tell(hunt.weaker(trial, 0.0), -1.0)
    assert hunt.ended and hunt.least == replace(trial, level=0.01, strength=0.0)


def test_whole_levels_are_whole_and_improved_by_one_at_least() -> None:
    hunt = Hunt(Steps(), SPEC, 5.5, 25, np.random.default_rng(0))
    best = 0.0
    for _ in range(25):
        trial = hunt.ask()
        assert trial.level == round(trial.level) > best  # a lower quality is stronger
        hunt.tell(trial, (trial.level - 39.5) / 10)
        best = max(best, trial.level if trial.level < 39.5 else 0)
    assert hunt.least is not None and hunt.least.level == best == 39


def test_first_trials_are_strong_and_go_on_below_a_flip() -> None:
    hunt = Hunt(Planted(), SPEC, CLEAN, 50, np.random.default_rng(0))
    first = hunt.ask()
    assert first.strength == 1
    hunt.tell(first, -1.0)
    low, high = TUNING.first_shares
    assert low <= hunt.ask().strength <= min(high, TUNING.first_strengths[1])
