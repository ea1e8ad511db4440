"""The numbers of an explanation, against a hand-computed example."""

import json
from dataclasses import replace
from typing import Any

import pytest

from brittle.core.errors import RunError
from brittle.core.explanation import Explanation, Outcome
from brittle.core.rows import Rows
from brittle.report.explain.summary import ExplainSummary, explanation_summary, summarise
from brittle.store.records import ExplainSummaryFile, read_record
from report.explain.made_up import MakeExplained, against_truth, ended, evaluated, explained, samples

EXAMPLE = [
    explained("a", 0.1, 0.05, insertion=0.9, deletion=0.1),
    explained("b", 0.3, None, insertion=0.5, deletion=0.3, predicted=1, explained=1),
    explained("c", None, 0.15, insertion=0.6, deletion=0.5, label=None, fill="flat"),
    ended("d", Outcome.NOTHING_FOUND),
    ended("e", Outcome.REFUSED, "the fill keeps it"),
    ended("f", Outcome.FAILED, "truncated", predicted=None),
]
SHOWN = Rows(setup=7, samples=420, retried=4, looked_up=20)


def of(lines: list[Explanation]) -> ExplainSummary:
    return summarise(lines, explainer="rise", budget=100, seed=0, seconds=2.0, shown=SHOWN)


def test_hand_computed_example() -> None:
    found = of(EXAMPLE)
    counts = (found.samples, found.explained, found.nothing_found, found.refused, found.failed)
    assert counts == (6, 3, 1, 1, 1)
    assert (found.wrong, found.labelled) == (1, 4)  # c has no label, f was not answered
    assert (found.suffices_found, found.flips_found) == (2, 2)
    assert found.suffices.median == pytest.approx(0.2)
    assert found.flips.median == pytest.approx(0.1)
    assert found.insertion.mean == pytest.approx(2 / 3)
    assert found.difference.mean == pytest.approx((0.8 + 0.2 + 0.1) / 3)
    assert found.fills == {"blur": 2, "flat": 1}
    assert (found.evaluation, found.truth) == (None, None)


def test_rows_add_up() -> None:
    lines = [explained("a"), ended("b", Outcome.REFUSED), evaluated(explained("c"))]
    found = of(lines)
    assert (found.rows, found.evaluation_rows) == (100 + 3 + 100, 50)
    told = found.to_dict()
    assert told["queries"] == {"total": 203}
    parts = ("evaluation_rows", "setup_rows", "retried_rows", "interrupted_rows")
    shown = 203 + sum(told[name] for name in parts) - told["looked_up_rows"]
    assert told["rows_shown"] == shown == SHOWN.shown
    assert found.rows_per_second == SHOWN.shown / 2


@pytest.mark.parametrize("count", [7, 8])
def test_no_interval_below_eight_values(count: int) -> None:
    found = of(samples([explained("a")], count))
    assert (found.suffices.median_interval is None) == (count < 8)
    assert (found.insertion.interval is None) == (count < 8)


def test_evaluations_are_held_against_what_costs_nothing() -> None:
    lines = [evaluated(explained("a"), 0.4, 0.1), evaluated(explained("b", fill="flat"), 0.2, 0.3)]
    found = of([*lines, explained("c")]).evaluation
    assert found and found.samples == 2
    ours, centre = found.areas["map"]["own"], found.areas["centre"]["other"]
    assert ours.difference.mean == pytest.approx(0.3)
    assert ours.ahead.mean is None
    assert centre.ahead.mean == pytest.approx((0.3 - 0.1) / 2)
    assert found.fills == {"own": ["blur", "flat"], "other": ["blur", "flat"]}
    assert (found.increase.share, found.increase.trials) == (0, 2)
    assert found.stability.mean == pytest.approx(0.6)


def test_a_map_of_unknown_stability_is_left_out_of_it() -> None:
    line = evaluated(explained("a"))
    assert line.evaluation
    flat = replace(line, sample="b", evaluation=replace(line.evaluation, stability=None))
    found = of([line, flat]).evaluation
    assert found and found.samples == 2
    assert found.stability.mean == pytest.approx(0.6)


def test_truth_is_summed_up() -> None:
    lines = [against_truth(explained("a"), 0.2, False), against_truth(explained("b"), 0.6)]
    found = of(lines).truth
    assert found and found.iou.mean == pytest.approx(0.4)
    assert (found.pointing.share, found.pointing.trials) == (0.5, 2)
    assert found.pointing.interval and found.pointing.interval.low == pytest.approx(0.0945, abs=1e-4)


@pytest.mark.parametrize("lines", [[], EXAMPLE, samples([against_truth(evaluated(explained("a")))], 9)])
def test_the_record_says_what_the_summary_says(lines: list[Explanation]) -> None:
    told = of(lines).to_dict()
    text = json.dumps(told, allow_nan=False)
    read = read_record(ExplainSummaryFile, text, "summary.json")
    assert read.model_dump(mode="json", exclude_unset=True) == json.loads(text)
    assert told["format"] == 1


def test_the_order_of_the_lines_means_nothing() -> None:
    lines = [explained(f"s{k}", (k + 1) / 16, 0.125, insertion=k / 16, deletion=0.25) for k in range(10)]
    assert of(lines).to_dict() == of(lines[::-1]).to_dict()


def test_a_run_is_summed_up(make_explained: MakeExplained) -> None:
    found = explanation_summary(make_explained(EXAMPLE, seed=3))
    assert (found.samples, found.explainer, found.budget, found.seed) == (6, "rise", 100, 3)
    assert (found.seconds, found.shown.shown) == (2.5, 507)


@pytest.mark.parametrize("damage", [{"insertion": float("nan")}, {"queries": 2**60}, {"seed": -(2**80)}])
def test_numbers_that_mean_nothing_are_one_line(
    make_explained: MakeExplained, damage: dict[str, Any]
) -> None:
    run = make_explained([replace(explained("a"), **damage)])
    with pytest.raises(RunError, match="remove that line") as caught:
        explanation_summary(run)
    assert "\n" not in str(caught.value)
