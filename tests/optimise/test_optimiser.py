"""The optimiser as a user has it: ask and tell, whole runs, warm starts, and what goes wrong."""

import subprocess
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import brittle
from brittle.core.errors import UsageError
from brittle.optimise.acquisition import UCB
from brittle.optimise.hand import HandPrior
from brittle.optimise.history import History
from brittle.optimise.optimiser import Evaluation, Optimised, Optimiser
from brittle.optimise.run import optimise

SQUARE = brittle.Space(a=brittle.Line(-1, 1), b=brittle.Log(0.01, 1))


def bowl(point: dict[str, Any]) -> float:
    return float((point["a"] - 0.3) ** 2 + (np.log10(point["b"]) / 2 + 0.4) ** 2)


def points_of(found: Optimised) -> list[Any]:
    return [evaluation.point for evaluation in found.history]


@pytest.mark.parametrize("seed", range(3))
def test_a_bowl_is_found_to_a_hundredth_in_25(seed: int) -> None:
    found = brittle.optimise(bowl, SQUARE, 25, seed=seed)
    assert found.value < 0.01 and found.value == bowl(dict(found.best)) and len(found.history) == 25
    assert found.value == min(e.value for e in found.history)


@pytest.mark.parametrize("acquisition", ["ei", "ucb", "thompson", UCB(1.0)])
def test_same_seed_same_points_and_another_seed_others(acquisition: Any) -> None:
    first, again, other = (optimise(bowl, SQUARE, 9, acquisition=acquisition, seed=s) for s in (3, 3, 4))
    assert points_of(first) == points_of(again) != points_of(other)
    assert first.value < np.mean([e.value for e in first.history])


def test_asking_and_telling_is_optimising() -> None:
    optimiser = Optimiser(SQUARE, 8, seed=1)
    for _ in range(8):
        point = optimiser.ask()
        assert optimiser.ask() == point  # nothing was told
        point_before = dict(point)
        value = bowl(point)
        point["a"] = 99  # the caller's own copy
        optimiser.tell(point_before, value)
    assert optimiser.result() == optimise(bowl, SQUARE, 8, seed=1)


def test_maximising_is_minimising_the_negative() -> None:
    up = optimise(lambda p: -bowl(p), SQUARE, 8, maximise=True)
    down = optimise(bowl, SQUARE, 8)
    assert points_of(up) == points_of(down) and up.value == -down.value


def test_a_history_starts_warm_and_is_not_counted() -> None:
    earlier = optimise(bowl, SQUARE, 12, seed=5)
    found = optimise(bowl, SQUARE, 3, history=earlier.history)
    new = found.history[12:]
    assert len(new) == 3 and len(found.history) == 15 and found.history[:12] == earlier.history
    assert np.mean([e.value for e in new]) < np.mean([e.value for e in earlier.history[:3]])
    whole = optimise(bowl, SQUARE, 15, seed=5)
    assert points_of(optimise(bowl, SQUARE, 3, seed=5, history=earlier.history)) == points_of(whole)


def test_every_kind_of_parameter_can_be_optimised() -> None:
    space = brittle.Space(
        turn=brittle.Angle(),
        way=brittle.Direction(2),
        colour=brittle.Colour(3),
        name=brittle.Choice(["good", "bad", "worse"]),
    )

    def f(p: dict[str, Any]) -> Any:
        wrong = {"good": 0.0, "bad": 1.0, "worse": 2.0}[p["name"]]
        return wrong - np.cos(p["turn"] - 6) - p["way"][0] ** 2 - np.dot(p["colour"], [0.6, 0.8, 0]) ** 2

    found = optimise(f, space, 40)
    assert found.value < -2.7 and found.best["name"] == "good"


def test_what_the_model_expects_is_told_in_the_user_s_units() -> None:
    optimiser = Optimiser(SQUARE, 5, maximise=True)
    for a in np.linspace(-1, 1, 9):
        optimiser.tell({"a": a, "b": 0.1}, 100 + 10 * a)
    mean, deviation = optimiser.predict([{"a": 0.5, "b": 0.1}, {"a": 0.5, "b": 1.0}])
    assert mean[0] == pytest.approx(105, abs=1) and deviation[1] > deviation[0] > 0


def test_noise_duplicates_and_constant_functions_do_no_harm() -> None:
    rng = np.random.default_rng(0)
    assert optimise(lambda p: bowl(p) + 0.05 * rng.normal(), SQUARE, 15).value < 0.2
    assert optimise(lambda p: 3.0, SQUARE, 8).value == 3.0
    optimiser = Optimiser(SQUARE)
    for _ in range(5):
        optimiser.tell({"a": 0, "b": 0.1}, 1.0)
    assert SQUARE.point_of(optimiser.ask()).shape == (2,)


def test_arrays_of_the_caller_stay() -> None:
    x, y = np.random.default_rng(0).random((5, 2)), np.arange(5.0)
    before = x.copy(), y.copy()
    history = History(x, y)
    HandPrior(range(2)).given(history)
    history.after(np.zeros(2), 1.0)
    assert np.array_equal(x, before[0]) and np.array_equal(y, before[1])


@pytest.mark.parametrize(
    ("asked", "said"),
    [
        ({"budget": 0}, "budget of one evaluation or more"),
        ({"prior": "nothing.safetensors"}, "there is no prior 'nothing.safetensors'"),
        ({"prior": 3}, "expected 'hand', a file"),
        ({"acquisition": "eii"}, "did you mean 'ei'"),
        ({"acquisition": 3}, "expected a name, a file, or an acquisition"),
        ({"history": [Evaluation({"a": 5, "b": 0.1}, 1.0)]}, "'a': expected a number from -1 to 1"),
    ],
)
def test_what_makes_no_sense_is_said_in_one_line(asked: dict[str, Any], said: str) -> None:
    with pytest.raises(UsageError, match=said):
        Optimiser(SQUARE, **asked)


def test_a_value_that_is_no_number_and_a_result_too_early() -> None:
    with pytest.raises(UsageError, match="expected a finite value, got nan"):
        optimise(lambda p: float("nan"), SQUARE, 3)
    with pytest.raises(UsageError, match="expected a finite value, got None"):
        optimise(lambda p: None, SQUARE, 3)  # type: ignore[arg-type,return-value]
    with pytest.raises(UsageError, match="call tell first"):
        Optimiser(SQUARE).result()


def test_a_file_that_is_no_prior_is_refused(tmp_path: Path) -> None:
    (tmp_path / "prior.safetensors").write_bytes(b"nothing")
    with pytest.raises(UsageError, match="damaged or no safetensors file"):
        Optimiser(SQUARE, prior=tmp_path / "prior.safetensors")


def test_it_is_called_by_its_name_and_starts_without_scipy_and_torch() -> None:
    code = (
        "import brittle, sys; from brittle.optimise.optimiser import Optimiser\n"
        "print(callable(brittle.optimise), *[m for m in ('scipy', 'torch') if m in sys.modules])"
    )
    done = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=True, timeout=60
    )
    assert done.stdout.split() == ["True"]
