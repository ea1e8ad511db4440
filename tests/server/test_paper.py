"""Traces of the live page are drawn to the scale that they state, in a real browser, where there is one."""

import re
from collections.abc import Iterator
from typing import Any

import pytest

from brittle.server.pages import statics
from server.test_browser import CHROMIUM

sync_api = pytest.importorskip("playwright.sync_api")
pytestmark = pytest.mark.skipif(not CHROMIUM.exists(), reason="there is no chromium")

RATE, SECONDS, WIDTH = 100, 10, 1000
SCALE = WIDTH / (25 * SECONDS)  # pixels a millimetre
DRAW = """async ([sample, values, how]) => {
  const { brief, showTraces } = await import("/static/paper.js");
  const frame = document.getElementById("frame");
  showTraces(frame, sample, values, how);
  const all = (name, what) => [...frame.querySelectorAll(name)].map(what);
  const [traces, major, minor] = ["trace", "major", "minor"].map((name) =>
    all(`path.${name}`, (path) => path.getAttribute("d")));
  const told = all("text", (text) => text.textContent);
  const shades = all("rect", (rect) => [rect.x.baseVal.value, rect.width.baseVal.value]);
  return { traces, major, minor, told, shades, brief: brief(sample) };
}"""


@pytest.fixture(scope="module")
def page() -> Iterator[Any]:
    """A page with a frame of a known width, on which the modules of the page can be loaded."""

    def answer(route: Any) -> None:
        name = route.request.url.rpartition("/")[2]
        if name in statics():
            route.fulfill(body=statics()[name], content_type="text/javascript")
        else:
            body = f'<!doctype html><body style="margin: 0"><div id="frame" style="width: {WIDTH}px">'
            route.fulfill(body=body, content_type="text/html")

    with sync_api.sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=str(CHROMIUM), args=["--no-sandbox"])
        page = browser.new_page(viewport={"width": 1200, "height": 800})
        page.route("**/*", answer)
        page.goto("http://page.test/")
        yield page
        browser.close()


def drawn(page: Any, traces: list[list[float]], about: dict[str, Any] | None = None, **how: Any) -> Any:
    """What is drawn of ten seconds."""
    usual = {"rate": RATE, "unit": "mV", "sizes": [RATE * SECONDS], "names": ["II", "V1"]}
    return page.evaluate(DRAW, [{**usual, **(about or {})}, traces, how])


def beat(height: float) -> list[float]:
    """Nothing, and one value of this height in the middle."""
    trace = [0.0] * (RATE * SECONDS + 1)
    trace[RATE * SECONDS // 2] = height
    return trace


def places(path: str) -> list[tuple[float, float]]:
    """The points of a trace."""
    return [(float(x), float(y)) for x, y in re.findall(r"[ML]([\d.]+) ([\d.-]+)", path)]


def test_a_second_is_25_millimetres_and_a_millivolt_10(page: Any) -> None:
    found = drawn(page, [beat(1.0)])
    points = places(found["traces"][0])
    assert points[RATE][0] == pytest.approx(25 * SCALE, abs=0.1)
    (_, zero), (_, high) = points[0], points[RATE * SECONDS // 2]
    assert zero - high == pytest.approx(10 * SCALE, abs=0.1)
    assert f"M{5 * SCALE:.2f} 0V" in found["major"][0] and f"M{SCALE:.2f} 0V" in found["minor"][0]
    assert found["told"] == ["II", "25 mm/s  10 mm/mV"]


def test_a_tall_trace_says_its_smaller_scale(page: Any) -> None:
    found = drawn(page, [beat(7.0)])
    heights = [y for _, y in places(found["traces"][0])]
    assert max(heights) - min(heights) == pytest.approx(7 * 5 * SCALE, abs=0.1)
    assert found["told"][-1] == "25 mm/s  5 mm/mV"


def test_a_change_is_as_large_as_it_fits(page: Any) -> None:
    assert drawn(page, [beat(0.5)], grown=True)["told"][-1] == "25 mm/s  40 mm/mV"
    assert drawn(page, [beat(0.5)])["told"][-1] == "25 mm/s  10 mm/mV"


def test_leads_lie_below_each_other_on_one_scale(page: Any) -> None:
    first, second = (places(path) for path in drawn(page, [beat(1.0), beat(-2.0)])["traces"])
    assert max(y for _, y in first) < min(y for _, y in second)
    assert max(y for _, y in second) - second[0][1] == pytest.approx(20 * SCALE, abs=0.1)


def test_of_unknown_rate_no_speed_is_said(page: Any) -> None:
    found = drawn(page, [beat(1.0)], {"rate": None, "unit": "SD"})
    assert found["told"][-1] == "10 mm/SD" and found["brief"] is True


def test_lines_that_would_run_together_are_left_out(page: Any) -> None:
    found = drawn(page, [beat(1.0)], {"sizes": [4 * RATE * SECONDS]})
    assert found["minor"] == [] and len(found["major"]) == 1 and found["brief"] is False


def test_cells_are_shaded_where_they_wear_a_distortion(page: Any) -> None:
    about = {"cell": [RATE], "tints": {"a": "#e69f00", "b": "#56b4e9"}}
    cells = [0, 2, 0, 0, 0, 0, 0, 0, 0, 1]
    shades = drawn(page, [beat(1.0)], about, before=[beat(1.0)], cells=cells)["shades"]
    assert shades == [[25 * SCALE, 25 * SCALE], [9 * 25 * SCALE, 25 * SCALE]]
