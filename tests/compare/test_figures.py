"""The figure of a comparison: a line for each search, told apart, in one file or three charts of a page."""

import xml.etree.ElementTree as ElementTree

import pytest

from brittle.core.result import Status
from brittle.report.compare.comparison import ComparedRun, compared_run
from brittle.report.compare.figures import asr_chart, asr_charts
from brittle.report.summary import summarise
from report.drawn import SVG, Drawn, points
from report.made_up import BUDGET, ended, flipped

NAMES = ["random", "<img src=x onerror=alert(1)>", *(f"search-{k}" for k in range(16))]


def made(name: str, place: int = 0, budget: int = BUDGET) -> ComparedRun:
    results = [flipped("a", 10 + place, 1.0 + place), flipped("b", 60, 2.0), ended("c", Status.SURVIVED)]
    return compared_run(name, results, summarise(results, search=name, budget=budget, seed=0, seconds=1.0))


def looks(svg: str) -> list[tuple[str | None, str | None]]:
    """Colour and dash of every line, in their order."""
    paths = ElementTree.fromstring(svg).iter(f"{SVG}path")
    return [(p.get("stroke"), p.get("stroke-dasharray")) for p in paths if p.get("stroke-width") == "1.8"]


def test_every_search_has_a_look_of_its_own_and_the_legend_shows_it() -> None:
    by_query, by_distance, l2_so_far, legend = asr_charts([made(name) for name in NAMES])
    assert len(set(looks(by_query))) == len(NAMES) == 18
    assert looks(by_query) == looks(by_distance) == looks(l2_so_far) == looks(legend)
    assert Drawn(legend).texts == NAMES
    whole = asr_chart([made(name) for name in NAMES], "a victim")
    assert looks(whole) == looks(by_query) * 3


def test_lines_rise_where_the_searches_flip_and_end_at_their_own_budget() -> None:
    by_query, by_distance, *_ = asr_charts([made("one"), made("two", place=3, budget=2 * BUDGET)])
    one, two = Drawn(by_query).lines()
    assert [x for x, _ in one] == pytest.approx([0, 10, 10, 60, 60, 100], abs=0.4)
    assert [x for x, _ in two] == pytest.approx([0, 13, 13, 60, 60, 200], abs=0.4)
    assert [y for _, y in two] == pytest.approx([0, 0, 1 / 3, 1 / 3, 2 / 3, 2 / 3], abs=0.002)
    near, far = Drawn(by_distance).lines()
    assert [x for x, _ in near] == pytest.approx([0, 1, 1, 2, 2, 4.2], abs=0.01)
    assert [x for x, _ in far] == pytest.approx([0, 2, 2, 4, 4, 4.2], abs=0.01)


def test_names_are_text_and_the_same_runs_give_the_same_bytes() -> None:
    compared = [made(name) for name in NAMES]
    found = [asr_chart(compared, "<b>"), *asr_charts(compared)]
    assert found == [asr_chart(compared, "<b>"), *asr_charts(compared)]
    for svg in found:
        assert "<img" not in svg and "<b>" not in svg
        ElementTree.fromstring(svg)


def test_a_comparison_without_a_flip_is_drawn_too() -> None:
    held = [ended("a", Status.SURVIVED)]
    summary = summarise(held, search="x", budget=BUDGET, seed=0, seconds=1.0)
    by_query, by_distance, l2_so_far, _ = asr_charts([compared_run("x", held, summary)])
    for svg in (by_query, by_distance):
        (line,) = Drawn(svg).lines()
        assert all(y == pytest.approx(0, abs=0.002) for _, y in line)
    assert Drawn(l2_so_far).lines() == []


def test_early_flips_are_drawn_on_a_logarithmic_axis() -> None:
    late, early = asr_charts([made("one")])[0], asr_charts([made("one", budget=10 * BUDGET)])[0]
    assert list(Drawn(late).x_ticks)[:2] == ["0", "20"]
    assert list(Drawn(early).x_ticks) == ["1", "10", "100", "1,000"]


def test_the_median_l2_so_far_falls_from_where_more_than_half_have_flipped() -> None:
    svg = asr_charts([made("one"), made("two", place=3)])[2]
    drawn = Drawn(svg)
    x_ticks, y_ticks = drawn.x_ticks, drawn.y_ticks
    assert list(x_ticks) == ["1", "2", "5", "10", "20", "50", "100"]
    (path, _) = (n.attrib["d"] for n in drawn.root.iter(f"{SVG}path") if n.get("stroke-width") == "1.8")
    unit = (y_ticks["2"] - y_ticks["0"]) / 2
    corners = [
        (10 ** ((x - x_ticks["1"]) / (x_ticks["10"] - x_ticks["1"])), (y - y_ticks["0"]) / unit)
        for x, y in points(path)
    ]
    # Of 1, 4, none from query 60 on; of 1, 2, none from 61 on. A line ends at the budget.
    wanted = [(60, 4), (61, 4), (61, 2), (100, 2)]
    assert len(corners) == len(wanted)
    for found, place in zip(corners, wanted, strict=True):
        assert found == pytest.approx(place, rel=0.02)
