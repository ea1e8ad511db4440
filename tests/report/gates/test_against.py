"""A run against an earlier one: red if the model got worse, refused if it answers another question."""

from dataclasses import replace

import pytest

import brittle
from brittle.core.errors import RunError
from brittle.core.result import Status
from brittle.store.run import Run
from report.gates.conftest import Finished, mixed
from report.made_up import ended

ACCURACY, ASR, L2 = range(3)


def against(run: Run, baseline: Run, *, sure: bool = False) -> list[bool]:
    checked = brittle.gates(against=baseline.path, sure=sure).check(run)
    return [verdict.green for verdict in checked.verdicts]


def test_the_same_results_are_green_however_sure(finished: Finished) -> None:
    runs = [finished(mixed(*[2.0] * 9, survived=3, wrong=2)) for _ in range(2)]
    assert against(*runs) == against(*runs, sure=True) == [True] * 3


def test_more_flips_are_red_once_they_are_more_than_chance(finished: Finished) -> None:
    before = finished(mixed(*[2.0] * 4, survived=12))
    five, six = (finished(mixed(*[2.0] * (4 + n), survived=12 - n)) for n in (5, 6))
    assert against(five, before) == [True, True, True]
    assert against(six, before) == [True, False, True]
    assert against(five, before, sure=True) == [True, False, True]
    assert against(before, six, sure=True) == [True] * 3


def test_fewer_right_to_begin_with_is_red(finished: Finished) -> None:
    before = finished(mixed(survived=16))
    for status in (Status.MISCLASSIFIED, Status.FAILED):
        now = finished([*mixed(survived=10), *(ended(f"s{k}", status) for k in range(10, 16))])
        assert against(now, before) == [False, True, True]
        assert against(before, now) == [True] * 3
    one = finished(mixed(survived=15, wrong=1))
    assert against(one, before)[ACCURACY] and not against(one, before, sure=True)[ACCURACY]


def test_nearer_flips_are_red_once_they_are_more_than_chance(finished: Finished) -> None:
    l2s = [2.0, 2.5, 3.0, 3.5, 4.0, 4.5, 5.0, 5.5, 6.0, 6.5]
    before = finished(mixed(*l2s))
    near = finished(mixed(*(0.8 * l2 for l2 in l2s)))
    assert against(near, before) == [True, True, False]
    assert against(before, near, sure=True) == [True] * 3
    scattered = finished(mixed(*(l2 * (0.5 if k % 2 else 1.4) for k, l2 in enumerate(l2s))))
    assert against(scattered, before)[L2] and not against(scattered, before, sure=True)[L2]
    few = finished(mixed(1.0, 1.0, survived=8)), finished(mixed(2.0, 2.0, survived=8))
    assert against(*few)[L2] and not against(*few, sure=True)[L2]


def test_no_pair_is_said(finished: Finished) -> None:
    wrong, right = finished(mixed(wrong=9)), finished(mixed(survived=9))
    verdicts = brittle.gates(against=wrong.path).check(right).verdicts
    assert [verdict.green for verdict in verdicts] == [True, False, True]
    assert "no sample was played in both runs" in verdicts[ASR].found
    assert "no sample flipped in both runs" in verdicts[L2].found


def test_the_line_says_what_changed_and_where_to_look(finished: Finished) -> None:
    before, now = finished(mixed(1.0, survived=9)), finished(mixed(*[1.0] * 8, survived=2))
    line = str(brittle.gates(against=before.path).check(now).verdicts[ASR])
    assert "red: ASR is 0.8, was 0.1: of 10 samples 7 flip that did not, 0 no longer do (p 0.016)" in line
    assert f"brittle compare {before.path} {now.path}" in line


def test_another_question_is_refused_in_one_line(finished: Finished) -> None:
    results = mixed(2.0, survived=3)
    run = finished(results)
    for settings, words in (
        ({"budget": 99}, "budget was 99, now 100"),
        ({"search": "greedy"}, "search was"),
        ({"seed": 3}, "seed was 3, now 0"),
    ):
        with pytest.raises(RunError, match=words) as raised:
            against(run, finished(results, **settings))
        assert "\n" not in str(raised.value)
    with pytest.raises(RunError, match="another run"):
        against(run, run)
    other = finished(results)
    other.manifest = other.manifest.model_copy(
        update={"data": {**other.manifest.data, "sha256": "ef" * 32, "name": "elsewhere"}}
    )
    with pytest.raises(RunError, match=r"data\.sha256"):
        brittle.gates(against=run.path).check(other)


def test_another_model_and_another_place_of_the_same_data_are_the_point(finished: Finished) -> None:
    before = finished(mixed(2.0, survived=3), model="old.onnx", data="here", model_options={"mean": [0]})
    now = finished(mixed(2.0, survived=3), model="new.onnx", data="there", model_options={"mean": [1]})
    now.manifest = now.manifest.model_copy(
        update={
            "model": {**now.manifest.model, "sha256": "00" * 32, "name": "new.onnx"},
            "data": {**now.manifest.data, "name": "there"},
        }
    )
    assert against(now, before) == [True] * 3


def test_a_baseline_that_has_not_finished_is_refused_before_anything(finished: Finished) -> None:
    run = finished([replace(result) for result in mixed(2.0)])
    (run.path / "summary.json").unlink()
    with pytest.raises(RunError, match="has not finished"):
        brittle.gates(against=run.path)
