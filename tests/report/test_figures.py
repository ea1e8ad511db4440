"""The charts of a run: right in the units of their axes, and the same for the same numbers."""

import re
import subprocess
import sys
from collections.abc import Callable

import numpy as np
import pytest

from brittle.core.result import Status
from brittle.report.audit.figures import asr_against_distance, asr_against_queries, distance_histogram
from brittle.report.audit.page import render
from brittle.report.curves import Curve
from brittle.report.intervals import wilson
from report.drawn import SVG, Drawn, Points, points, value
from report.made_up import MakeRun, ended, flipped

MANY = np.sort(np.random.default_rng(0).uniform(1, 90, 5000))
CHARTS: dict[str, Callable[[np.ndarray], str]] = {
    "queries": lambda at: asr_against_queries(Curve(at, at.size + 3), 100),
    "distance": lambda at: asr_against_distance(Curve(at, at.size + 3), "mV"),
    "histogram": lambda at: distance_histogram(at, "mV"),
}


def near(drawn: Points, wanted: Points, within: tuple[float, float]) -> bool:
    """Whether both are the same points, within half a pixel or so."""
    return len(drawn) == len(wanted) and bool((np.abs(np.subtract(drawn, wanted)) < within).all())


@pytest.mark.parametrize("name", CHARTS)
@pytest.mark.parametrize("size", [0, 1, 5000])
def test_charts_are_small_svg_that_parses_and_repeats(name: str, size: int) -> None:
    svg = CHARTS[name](MANY[:size])
    assert svg == CHARTS[name](MANY[:size])
    assert Drawn(svg).root.tag == f"{SVG}svg"
    assert len(svg) < 30_000


@pytest.mark.parametrize("name", CHARTS)
def test_charts_take_their_colours_from_the_page_and_say_what_they_show(name: str) -> None:
    svg = CHARTS[name](MANY)
    assert all(f'-{colour}"' in svg for colour in ("ink", "line", "accent", "paper"))
    labels = {"queries": ("Queries", "Flipped"), "distance": ("L2 distance (mV)", "Flipped")}
    for label in labels.get(name, ("L2 distance of the closest flip (mV)", "Samples")):
        assert label in Drawn(svg).texts


def test_the_line_rises_at_each_flip_and_ends_at_the_asr() -> None:
    drawn = Drawn(asr_against_queries(Curve(np.array([10.0, 40.0, 40.0]), 4), 100))
    (line,) = drawn.lines()
    assert near(line, [(0, 0), (10, 0), (10, 0.25), (40, 0.25), (40, 0.75), (100, 0.75)], (0.2, 0.002))
    assert list(drawn.x_ticks) == ["0", "20", "40", "60", "80", "100"]
    assert [value(label) for label in drawn.y_ticks] == [0, 0.2, 0.4, 0.6, 0.8, 1]


def test_the_axis_of_queries_is_logarithmic_where_flips_are_early() -> None:
    drawn = Drawn(asr_against_queries(Curve(np.array([10.0, 20.0, 300.0]), 4), 1000))
    ticks = drawn.x_ticks
    assert list(ticks) == ["1", "10", "100", "1,000"]
    (path,) = (n.attrib["d"] for n in drawn.root.iter(f"{SVG}path") if n.get("stroke-width") == "1.8")
    decade = ticks["10"] - ticks["1"]
    places = sorted({x for x, _ in points(path)})
    logs = [(place - ticks["1"]) / decade for place in places]
    assert logs == pytest.approx([0, 1, np.log10(20), np.log10(300), 3], abs=0.02)


def test_the_band_is_wilsons_interval() -> None:
    drawn = Drawn(asr_against_queries(Curve(np.array([50.0]), 2), 100))
    none, half = wilson(0, 2), wilson(1, 2)
    assert none and half
    (band,) = drawn.areas()
    upper = [(0, none.high), (50, none.high), (50, half.high), (100, half.high)]
    lower = [(100, half.low), (50, half.low), (50, none.low), (0, none.low)]
    assert near(band, [*upper, *lower], (0.2, 0.002))


def test_the_distance_axis_goes_a_little_beyond_the_farthest_flip() -> None:
    (line,) = Drawn(asr_against_distance(Curve(np.array([1.0, 2.0]), 2))).lines()
    assert near(line, [(0, 0), (1, 0), (1, 0.5), (2, 0.5), (2, 1), (2.1, 1)], (0.01, 0.002))


def test_a_thinned_line_stays_on_the_curve() -> None:
    curve = Curve(MANY, MANY.size + 3)
    (line,) = Drawn(asr_against_queries(curve, 100)).lines()
    places, shares = np.array(line).T
    assert len(line) < 450
    assert np.abs(curve.share(places) - shares).max() < 0.01
    assert line[-1] == pytest.approx((100, 5000 / 5003), abs=0.1)


def test_bars_hold_every_sample_and_the_median_is_marked() -> None:
    distances = np.array([0.5, 0.6, 0.7, 3.5, 4.0])
    drawn = Drawn(distance_histogram(distances))
    (bars,) = drawn.areas()
    tops = [round(bars[start + 1][1], 1) for start in range(0, len(bars), 4)]
    assert tops == [3, 0, 0, 0, 2]
    assert [bars[0][0], bars[-1][0]] == pytest.approx([0, 4], abs=0.05)
    assert list(drawn.y_ticks) == ["0", "1", "2", "3"]
    assert "median 0.700" in drawn.texts
    (mark,) = (n.attrib["d"] for n in drawn.root.iter(f"{SVG}path") if n.get("stroke-dasharray"))
    zero, one = drawn.x_ticks["0"], drawn.x_ticks["1"]
    assert float(mark[1:].split()[0]) == pytest.approx(zero + 0.7 * (one - zero), abs=0.2)


def test_the_page_tells_what_each_chart_shows_to_those_who_cannot_see_it(make_run: MakeRun) -> None:
    page = render(make_run([flipped("a", first=10, l2=1.0), ended("b", Status.SURVIVED)]))
    told = re.findall(r'<svg [^>]*role="img" aria-label="([^"]+)"', page)
    for words, found in zip(("ends at 50", "lie within 1", "median is 1"), told, strict=True):
        assert words in found


def test_neither_page_needs_matplotlib(make_run: MakeRun) -> None:
    results = [flipped("a", first=10, l2=1.0), ended("b", Status.SURVIVED)]
    folders = [str(make_run(results).path) for _ in range(2)]
    code = (
        "import sys, brittle, brittle.report.learning; "
        "brittle.rewrite_report(sys.argv[1]); brittle.compare_runs(sys.argv[1:]); "
        "print([m for m in ('matplotlib', 'contourpy', 'kiwisolver') if m in sys.modules])"
    )
    done = subprocess.run([sys.executable, "-c", code, *folders], capture_output=True, text=True)
    assert done.stdout.strip() == "[]", done.stderr
