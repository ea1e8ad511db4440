"""Scales, ticks and the text of a chart, whatever it is made of."""

import xml.etree.ElementTree as ElementTree
from importlib.resources import files
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from brittle.report.axes import FLIPPED, LETTER, Axis, axis_to, distance_axis, query_axis
from brittle.report.charts import HEIGHT, WIDTH, Line, Panel, chart
from report.drawn import Drawn, value

ENDS = st.floats(1e-6, 1e9)
HOSTILE = "</text><script>alert(1)</script>\"'&\x00\x1b\ud800"


@given(ENDS, st.booleans())
def test_ticks_are_few_round_even_and_within_the_axis(end: float, whole: bool) -> None:
    ticks = Axis("", end, whole=whole).ticks()
    values = [place for place, _ in ticks]
    assert values[0] == 0 and values[-1] <= end * (1 + 1e-9)
    assert len(values) <= 7
    assert len(values) >= (3 if not whole else min(3, int(end) + 1))
    for low, high in pairwise(values):
        assert high - low == pytest.approx(values[1])
    for step in values[1:2]:
        assert f"{step:.6e}".split("e")[0].rstrip("0").rstrip(".") in {"1", "2", "2.5", "5"}
        assert end - values[-1] < step * (1 + 1e-9)
    for place, text in ticks:
        assert value(text) == pytest.approx(place, rel=1e-5)
        assert not whole or (place.is_integer() and ("." not in text or "e" in text))


@given(ENDS)
def test_labels_of_the_x_axis_do_not_run_into_each_other(end: float) -> None:
    panel = Panel(Axis("", end), FLIPPED)
    for (left, one), (right, other) in pairwise(panel.x_ticks()):
        assert right - left > LETTER * (len(one) + len(other)) / 2


@pytest.mark.parametrize(
    ("axis", "written"),
    [
        (
            Axis("", 1.0, percent=True),
            ["0\u00a0%", "20\u00a0%", "40\u00a0%", "60\u00a0%", "80\u00a0%", "100\u00a0%"],
        ),
        (Axis("", 250), ["0", "50", "100", "150", "200", "250"]),
        (Axis("", 150), ["0", "25", "50", "75", "100", "125", "150"]),
        (Axis("", 10_000), ["0", "2,000", "4,000", "6,000", "8,000", "10,000"]),
        (Axis("", 0.3), ["0.00", "0.05", "0.10", "0.15", "0.20", "0.25", "0.30"]),
        (Axis("", 2.1, whole=True), ["0", "1", "2"]),
        (Axis("", 3e-7), ["0", "5e-08", "1e-07", "1.5e-07", "2e-07", "2.5e-07", "3e-07"]),
    ],
)
def test_ticks_as_they_are_written(axis: Axis, written: list[str]) -> None:
    assert [text for _, text in axis.ticks()] == written


@pytest.mark.parametrize(
    ("axis", "written"),
    [
        (Axis("", 60, start=1), ["1", "2", "5", "10", "20", "50"]),
        (Axis("", 100, start=1), ["1", "2", "5", "10", "20", "50", "100"]),
        (Axis("", 250, start=1), ["1", "10", "100"]),
        (Axis("", 10_000, start=1), ["1", "10", "100", "1,000", "10,000"]),
        (Axis("", 40, start=0.03), ["0.1", "1", "10"]),
    ],
)
def test_a_logarithmic_axis_has_its_ticks_at_powers_of_ten(axis: Axis, written: list[str]) -> None:
    assert [text for _, text in axis.ticks()] == written
    for place, text in axis.ticks():
        assert value(text) == pytest.approx(place)


def test_values_lie_on_a_logarithmic_axis_by_their_factors() -> None:
    axis = Axis("", 10_000, start=1)
    assert [axis.share(at) for at in (1, 10, 100, 10_000)] == pytest.approx([0, 0.25, 0.5, 1])
    assert [axis.share(at) for at in (0, -3, 1e9)] == [0, 0, 1]
    between = Axis("", 80, start=2)
    assert between.share(2 * 40**0.5) == pytest.approx(0.5)


def test_small_ticks_lie_between_the_powers_where_the_decades_are_few() -> None:
    assert Axis("", 30, start=1).small_ticks() == [2, 3, 4, 5, 6, 7, 8, 9, 20, 30]
    assert Axis("", 1e4, start=1).small_ticks() and not Axis("", 2e4, start=1).small_ticks()
    assert Axis("", 30).small_ticks() == []
    svg = chart([Panel(Axis("", 30, start=1), FLIPPED)], "")
    assert svg.count("v2M") + svg.count('v2"') == 10 and svg.count("v4M") == 5  # 1, 2, 5, 10, 20


@given(st.floats(1.01, 9), st.floats(0, 9))
def test_labels_of_a_logarithmic_axis_do_not_run_into_each_other(low: float, decades: float) -> None:
    panel = Panel(Axis("", low * 11 * 10**decades, start=low), FLIPPED)
    ticks = panel.x_ticks()
    assert ticks
    for (left, one), (right, other) in pairwise(ticks):
        assert right - left > LETTER * (len(one) + len(other)) / 2


def test_queries_are_on_a_logarithmic_axis_where_the_median_flip_is_early() -> None:
    assert query_axis("", [2, 9.9, 90], 100).start == 1
    assert query_axis("", [2, 10, 90], 100).start == 0
    assert query_axis("", [], 100).start == 0
    assert query_axis("", [0.0], 1).start == 0
    assert query_axis("", [2], 100).end == 100


def test_distances_are_on_a_logarithmic_axis_where_some_are_far_beyond_others() -> None:
    assert distance_axis([1, 10], "") == axis_to(10, "")
    wide = distance_axis([1, 10.1], "")
    assert wide.start < 1 and wide.end > 10.1
    assert distance_axis([], "") == axis_to(0, "")
    assert distance_axis([0, 5], "") == axis_to(5, "")


@pytest.mark.parametrize("greatest", [0.0, -1.0, float("nan"), float("inf")])
def test_an_axis_of_nothing_reaches_to_one(greatest: float) -> None:
    assert axis_to(greatest, "").end == 1.0
    assert axis_to(2.0, "").end == pytest.approx(2.1)


@given(st.lists(st.tuples(st.floats(0, 9), st.floats(0, 1)), min_size=1, max_size=9))
def test_a_line_is_steps_through_its_points_and_no_others(corners: list[tuple[float, float]]) -> None:
    x = sorted({round(place, 2) for place, _ in corners})
    y = [share for _, share in corners][: len(x)]
    (drawn,) = Drawn(chart([Panel(Axis("", 9), FLIPPED, [Line(x, y)])], "")).lines()
    wanted = list(zip(x, y, strict=True))
    turns = [(right, before) for (_, before), (right, _) in pairwise(wanted)]
    for place, share in drawn:
        assert any(abs(place - a) < 0.02 and abs(share - b) < 0.002 for a, b in wanted + turns)
    for a, b in wanted[:1] + wanted[-1:]:
        assert any(abs(place - a) < 0.02 and abs(share - b) < 0.002 for place, share in drawn)
    assert all(abs(a - c) < 1e-9 or abs(b - d) < 1e-9 for (a, b), (c, d) in pairwise(drawn))


def test_what_lies_beyond_an_axis_stays_inside_the_plot() -> None:
    line = Line([-5.0, 2.0, 1e9, float("nan")], [-1.0, 0.5, 7.0, 7.0])
    (drawn,) = Drawn(chart([Panel(Axis("", 9), FLIPPED, [line])], "")).lines()
    assert all(-0.02 <= x <= 9.02 and -0.01 <= y <= 1.01 for x, y in drawn)


def test_every_text_is_text_and_never_markup() -> None:
    line = Line([0.0, 1.0], [0.0, 1.0], name=HOSTILE)
    panel = Panel(Axis(HOSTILE, 1), Axis(HOSTILE, 1), [line], mark=(0.5, HOSTILE))
    svg = chart([panel], HOSTILE, legend=[line], title=HOSTILE)
    root = ElementTree.fromstring(svg.encode("utf-8"))
    shown = HOSTILE.replace("\x00", "\ufffd").replace("\x1b", "\ufffd").replace("\ud800", "\ufffd")
    texts = [node.text for node in root.iter() if node.tag.endswith(("text", "title"))]
    assert texts.count(shown) == 5
    assert root.get("aria-label") == shown
    assert {node.tag.split("}")[1] for node in root.iter()} == {"svg", "rect", "g", "path", "text", "title"}
    assert "<script" not in svg


def test_a_chart_is_a_whole_file_that_names_nothing_and_asks_for_nothing() -> None:
    lines = [Line([0.0, 1.0], [0.0, 1.0], name=name, colour="#2f74d0", dash="7 3") for name in "ab"]
    svg = chart([Panel(Axis("x", 1), FLIPPED, lines)] * 2, "what it shows", legend=lines, title="both")
    root = ElementTree.fromstring(svg)
    width, height = map(float, (root.attrib["width"], root.attrib["height"]))
    assert root.tag == "{http://www.w3.org/2000/svg}svg"
    assert root.attrib["viewBox"] == f"0 0 {width:.0f} {height:.0f}"
    assert (root.get("role"), root.get("aria-label")) == ("img", "what it shows")
    assert width > 2 * WIDTH and height > HEIGHT
    assert not any(node.get("id") for node in root.iter())
    assert "url(" not in svg and "href" not in svg and svg.count("http") == 1
    css = (files("brittle.report") / "page.css").read_text()
    classes = {name for node in root.iter() for name in (node.get("class") or "").split()}
    assert classes and all(f".{name} {{" in css for name in classes)
    assert not any(node.get("style") for node in root.iter())  # the page of brittle serve allows none


def test_the_legend_holds_every_line_and_cuts_long_names_in_the_middle() -> None:
    names = ["short", "patchwork (a-very-long-folder-name-that-ends-in-one)", "n" * 28 + "end"]
    svg = chart([], "", legend=[Line([], [], name=name) for name in names])
    shown = Drawn(svg).texts
    assert shown[0] == "short"
    assert shown[1].startswith("patchwork (") and shown[1].endswith("ends-in-one)") and "…" in shown[1]
    assert all(len(text) <= 30 for text in shown)
    root = ElementTree.fromstring(svg)
    assert [node.text for node in root.iter("{http://www.w3.org/2000/svg}title")] == names[1:]
    rows = [float(node.attrib["y"]) for node in root.iter("{http://www.w3.org/2000/svg}text")]
    assert all(high - low >= 15 for low, high in pairwise(rows)) and rows[-1] < float(root.attrib["height"])


def test_words_near_an_edge_stay_inside() -> None:
    panel = Panel(Axis("", 9), FLIPPED, mark=(9.0, "median 12,345,678"))
    (node,) = (n for n in Drawn(chart([panel], "")).root.iter() if n.text == "median 12,345,678")
    assert float(node.attrib["x"]) + LETTER * len("median 12,345,678") / 2 <= WIDTH
