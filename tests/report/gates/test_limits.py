"""Every gate is green on the one side of its limit and red on the other."""

from math import inf

import pytest

import brittle
from brittle.core.errors import BrittleError
from brittle.core.result import Status
from brittle.report.gates.figures import COUNTS, MAY_BE_SURE, NAMES, SHARES, figure_of
from brittle.report.gates.gate import Figure, Gate, judge
from brittle.report.intervals import Interval, mcnemar, wilson
from brittle.report.summary import summary_of
from brittle.store.records import SummaryFile
from report.gates.conftest import Finished, mixed
from report.made_up import MakeRun, ended

OVER, UNDER = Gate("l2.mean", "over", 2.0), Gate("l2.mean", "under", 2.0)


@pytest.mark.parametrize(
    ("value", "ends", "over", "under", "surely_over", "surely_under"),
    [
        (1.0, (0.5, 1.9), True, False, True, False),
        (1.0, (0.5, 2.1), True, False, False, False),
        (2.0, (2.0, 2.0), True, True, True, True),
        (3.0, (1.9, 4.0), False, True, False, False),
        (3.0, (2.1, 4.0), False, True, False, True),
        (1.0, None, True, False, False, False),
        (3.0, None, False, True, False, False),
        (None, None, False, False, False, False),
        (inf, (inf, inf), False, True, False, True),
        (inf, None, False, True, False, False),
    ],
)
def test_the_side_of_a_limit(
    value: float | None,
    ends: tuple[float, float] | None,
    over: bool,
    under: bool,
    surely_over: bool,
    surely_under: bool,
) -> None:
    figure = Figure(value, ends and Interval(*ends), why="so")
    found = [judge(gate, figure, sure=sure).green for sure in (False, True) for gate in (OVER, UNDER)]
    assert found == [over, under, surely_over, surely_under]


def test_a_count_is_sure_of_itself() -> None:
    assert judge(Gate("failed", "over", 0), Figure(0, exact=True), sure=True).green
    assert not judge(Gate("failed", "over", 0), Figure(1, exact=True), sure=True).green


def test_a_verdict_is_a_line_that_says_all() -> None:
    figure, gate = Figure(0.9412346, Interval(0.73, 0.99)), Gate("asr", "over", 0.4)
    assert (
        str(judge(gate, figure, where="r.html")) == "red: asr is 0.941235 [0.73, 0.99], over 0.4; see r.html"
    )
    assert (
        str(judge(Gate("asr", "over", 0.95), figure)) == "green: asr is 0.941235 [0.73, 0.99], not over 0.95"
    )
    line = str(judge(Gate("asr", "over", 0.95), figure, sure=True))
    assert line == "red: asr is 0.941235 [0.73, 0.99], and may be over 0.95"
    assert "without an interval, and may be" in str(judge(UNDER, Figure(3.0), sure=True))


def test_the_figures_are_the_numbers_of_the_schema() -> None:
    """All but what the machine took, what was asked, and what the search says of itself."""
    schema = SummaryFile.model_json_schema()

    def numbers(properties: dict[str, object], prefix: str = "") -> set[str]:
        found = set()
        for name, told in properties.items():
            text = str(told)
            if "'#/$defs/" in text and name != "notes":
                kind = text.split("#/$defs/")[1].split("'")[0]
                found |= numbers(schema["$defs"][kind]["properties"], f"{name}.")
            elif "interval" not in name and ("'number'" in text or "'integer'" in text):
                found.add(prefix + name)
        return found

    left_out = {"format", "seconds", "rows_per_second", "budget", "seed"}
    assert numbers(schema["properties"]) - left_out == NAMES
    assert MAY_BE_SURE < NAMES and SHARES < MAY_BE_SURE


def test_figures_and_intervals_are_those_of_the_summary(finished: Finished) -> None:
    summary = summary_of(finished(mixed(*range(1, 13), survived=4, wrong=2))).to_dict()
    asr = figure_of(summary, "asr")
    assert asr == Figure(0.75, wilson(12, 16))
    assert figure_of(summary, "accuracy").value == pytest.approx(16 / 18)
    for name, ends in (("mean", "interval"), ("median", "median_interval")):
        found = figure_of(summary, f"l2.{name}")
        assert found.value == 6.5 and found.interval == Interval(*summary["l2"][ends])
    assert figure_of(summary, "queries.total") == Figure(summary["queries"]["total"], exact=True)
    assert figure_of(summary, "linf.mean").interval is None
    assert figure_of(summary, "snr.mean").value is None
    assert all(figure_of(summary, name).interval for name in MAY_BE_SURE - COUNTS if "." in name)


def test_where_nothing_flips_a_distance_is_infinite(finished: Finished) -> None:
    many, few = (summary_of(finished(mixed(survived=n))).to_dict() for n in (8, 7))
    for name, value in (("l2.median", inf), ("queries.mean", inf), ("psnr.mean", -inf)):
        assert figure_of(many, name) == Figure(value, Interval(value, value), why="none of 8 flipped")
        assert figure_of(few, name).interval is None
    nothing = summary_of(finished(mixed(wrong=3))).to_dict()
    assert {figure_of(nothing, name).value for name in ("asr", "l2.median", "queries.mean_all")} == {None}


def test_gates_of_a_run_go_red_and_green(finished: Finished) -> None:
    run = finished(mixed(*[2.0] * 6, *[4.0] * 6, survived=12))
    checked = brittle.gates(
        fail_over={"asr": 0.4, "failed": 0}, fail_under={"l2.median": 2.5, "l2.mean": 3.1}
    ).check(run)
    assert [verdict.green for verdict in checked.verdicts] == [False, True, True, False]
    assert all(verdict.green for verdict in brittle.gates(fail_over={"asr": 0.6}).check(run).verdicts)
    assert brittle.gates(fail_over={"asr": 0.6}, sure=True).check(run).red
    assert not brittle.gates(fail_over={"asr": 0.8}, sure=True).check(run).red


def test_the_message_names_the_figures_and_the_five_weakest(finished: Finished) -> None:
    run = finished(mixed(7.0, 3.0, 5.0, 2.0, 6.0, 4.0, survived=1))
    text = brittle.gates(fail_over={"asr": 0.1}, fail_under={"l2.mean": 1}).check(run).message()
    assert "1 of 2 gates are red" in text and "asr is 0.857143" in text and "l2.mean" not in text
    assert [line.split(":")[0].strip() for line in text.splitlines() if ": L2 " in line] == [
        *("s3", "s1", "s5", "s2", "s4")
    ]
    assert "s3: L2 2, cat becomes dog, flips/s3.closest.png" in text and str(run.path / "flips") in text


@pytest.mark.parametrize(
    ("settings", "words"),
    [
        ({"fail_over": {"asrr": 0.4}}, "did you mean 'asr'"),
        ({"fail_under": "l2.medain=2"}, "did you mean 'l2.median'"),
        ({"fail_over": "asr"}, "expected FIGURE=LIMIT"),
        ({"fail_over": "asr=40"}, "from 0 to 1"),
        ({"fail_over": "asr=nan"}, "finite"),
        ({"fail_over": "asr=much"}, "number"),
        ({"fail_over": ["asr=.4", "asr=.9"]}, "each figure once"),
        ({"fail_under": {"linf.median": 0.1}, "sure": True}, "linf.median has no interval"),
        ({"sure": True}, "beside sure"),
        ({"fail_above": {}}, "there is no setting"),
        ({"against": "nowhere"}, "run folder"),
    ],
)
def test_what_cannot_be_gated_is_one_line(settings: dict[str, object], words: str) -> None:
    with pytest.raises(BrittleError, match=words) as raised:
        brittle.gates(**settings)
    assert "\n" not in str(raised.value)


def test_a_run_that_has_not_finished_is_refused(make_run: MakeRun) -> None:
    run = make_run([ended("a", Status.SURVIVED)])
    with pytest.raises(BrittleError, match="has not finished"):
        brittle.gates(fail_over={"asr": 0.4}).check(run)


def test_mcnemar_by_hand() -> None:
    assert mcnemar(0, 0) == 1
    assert mcnemar(5, 0) == mcnemar(0, 5) == pytest.approx(2 / 32)
    assert mcnemar(6, 0) == pytest.approx(2 / 64)
    assert mcnemar(1, 7) == pytest.approx(2 * (1 + 8) / 256)
    assert mcnemar(4, 4) == 1
