"""Numbers and findings in plain words."""

from dataclasses import replace

import numpy as np
import pytest

from brittle.core.result import SearchResult, Status
from brittle.core.sample import InputSpec
from brittle.report import wording
from brittle.report.summary import summarise
from report.made_up import BUDGET, ended, flipped


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (None, "–"),
        (0, "0"),
        (1234567, "1,234,567"),
        (9.3, "9.30"),
        (99.96, "100"),
        (0.0512, "0.0512"),
        (2.0, "2"),
    ],
)
def test_numbers(value: float | None, text: str) -> None:
    assert wording.number(value) == text


@pytest.mark.parametrize(
    ("share", "text"),
    [(None, "–"), (0, "0 %"), (1, "100 %"), (0.9411, "94.1 %"), (0.9999, "> 99.9 %"), (0.0001, "< 0.1 %")],
)
def test_percents_never_round_to_all_or_nothing(share: float | None, text: str) -> None:
    assert wording.percent(share).replace(wording.TIGHT, " ") == text


def test_durations_and_moments() -> None:
    assert [wording.duration(s) for s in (4.25, 200, 7500)] == ["4.2 s", "3 min 20 s", "2 h 5 min"]
    assert wording.moment("2026-11-22T11:04:50+00:00") == "2026-11-22 11:04 UTC"
    assert wording.moment("yesterday") == "yesterday"


def say(results: list[SearchResult], max_l2: float | None = None, *, labelled: bool = True) -> str:
    summary = summarise(results, search="random", budget=BUDGET, seed=0, seconds=1.0)
    return wording.verdict(summary, "blur", max_l2, labelled=labelled).replace(wording.TIGHT, " ")


def test_verdict_of_an_ordinary_run() -> None:
    results = [flipped(str(i), first=10, l2=2.5) for i in range(16)]
    results += [ended("s", Status.SURVIVED), *[ended("m", Status.MISCLASSIFIED)] * 3]
    assert say(results, max_l2=5.0) == (
        "17 of 20 samples were right to begin with; 16 of these (94.1 %, 95 % interval 73 – 99 %) flip "
        "under blur within 100 queries each and an L2 of 5. "
        "The first flip comes after a median of 10 queries, at a median L2 of 5; "
        "the closest, found at a median of query 11, is at a median L2 of 2.50."
    )


def test_verdict_tells_the_first_flip_from_the_closest_and_what_an_l2_means() -> None:
    first = flipped("a", first=10, l2=2.5)
    assert first.first and first.closest
    nearer = replace(first.closest, query=77, l2=0.5)
    spec = InputSpec((3, 10, 10), ("channel", "height", "width"))
    summary = summarise(
        [replace(first, closest=nearer)], search="random", budget=BUDGET, seed=0, seconds=1.0, spec=spec
    )
    assert (
        wording.verdict(summary, "", None, labelled=True)
        .replace(wording.TIGHT, " ")
        .endswith(
            "The first flip comes after a median of 10 queries, at a median L2 of 5 (RMS 73.6 grey levels); "
            "the closest, found at a median of query 77, is at a median L2 of 0.500 (RMS 7.36 grey levels)."
        )
    )
    told = summary.to_dict()
    assert (told["queries"]["median"], told["first_l2"]["median"]) == (10, 5)
    assert (told["closest_queries"]["median"], told["l2"]["median"]) == (77, 0.5)
    assert told["rms"]["median"] == pytest.approx(0.5 / 300**0.5)
    assert told["psnr"]["median"] == pytest.approx(20 * np.log10(300**0.5 / 0.5))


def test_an_l2_of_a_signal_is_told_in_its_unit() -> None:
    spec = InputSpec((2, 50), ("channel", "time"), (-5.0, 5.0), rate=100, unit="mV")
    assert wording.as_rms(2.0, spec).replace(wording.TIGHT, " ") == "RMS 0.200 mV"
    assert wording.as_rms(None, spec) == wording.as_rms(2.0, None) == ""


def test_verdict_where_little_happened() -> None:
    assert say([]) == "This run holds no finished samples yet."
    assert (
        say([ended("a", Status.FAILED)])
        == "No sample could be put to the test. 1 sample could not be played."
    )
    assert "All others were wrong" in say([ended("a", Status.MISCLASSIFIED)])
    held = say([ended("a", Status.SURVIVED)], labelled=False)
    assert held.startswith("1 of 1 sample could be played; none of these flipped within 100 queries")
