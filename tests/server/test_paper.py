"""Traces and margins of the live page are drawn as they say, in a real browser, where there is one."""

import re
from collections.abc import Iterator
from typing import Any

import pytest

from brittle.server.pages import statics
from server.test_browser import CHROMIUM

sync_api = pytest.importorskip("playwright.sync_api")
pytestmark = pytest.mark.skipif(not CHROMIUM.exists(), reason="there is no chromium")

RATE, SECONDS, WIDTH = 100, 10, 1000
SECOND = WIDTH / SECONDS  # pixels
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
    return page.evaluate(DRAW, [{**usual, "original": traces, **(about or {})}, traces, how])


def beat(height: float) -> list[float]:
    """Nothing, and one value of this height in the middle."""
    trace = [0.0] * (RATE * SECONDS + 1)
    trace[RATE * SECONDS // 2] = height
    return trace


def places(path: str) -> list[tuple[float, float]]:
    """The points of a trace."""
    return [(float(x), float(y)) for x, y in re.findall(r"[ML]([\d.]+) ([\d.-]+)", path)]


def apart(path: str) -> tuple[float, float]:
    """Pixels between two lines: from left to right, and downwards."""
    across = [float(x) for x in re.findall(r"M([\d.]+) 0V", path)]
    down = [float(y) for y in re.findall(r"M0 ([\d.]+)H", path)]
    return across[1] - across[0], down[1] - down[0]


def square(told: str) -> tuple[float, str, float, str]:
    """What a square is, as it says."""
    found = re.fullmatch(r"([\d.]+) (s|values) × ([\d.]+) (\w+) a square", told)
    assert found is not None, told
    return float(found[1]), found[2], float(found[3]), found[4]


@pytest.mark.parametrize("height", [0.002, 0.3, 1.0, 7.0, 4000.0])
def test_a_square_is_what_it_says(page: Any, height: float) -> None:
    found = drawn(page, [beat(height)])
    points = places(found["traces"][0])
    wide, what, high, unit = square(found["told"][-1])
    across, down = apart(found["major"][0])
    assert (wide, what, unit) == (0.2, "s", "mV") and across == pytest.approx(wide * SECOND, abs=0.1)
    risen = points[0][1] - points[RATE * SECONDS // 2][1]
    assert risen / down == pytest.approx(height / high, rel=0.02)
    assert apart(found["minor"][0])[0] == pytest.approx(across / 5, abs=0.1)
    assert points[RATE][0] == pytest.approx(SECOND, abs=0.1)
    assert found["told"][0] == "II" and found["brief"] is False


def test_leads_lie_below_each_other_on_one_scale(page: Any) -> None:
    first, second = (places(path) for path in drawn(page, [beat(1.0), beat(-2.0)])["traces"])
    assert max(y for _, y in first) < min(y for _, y in second)
    small = max(y for _, y in first) - min(y for _, y in first)
    large = max(y for _, y in second) - min(y for _, y in second)
    assert large == pytest.approx(2 * small, rel=0.02)


def test_what_was_before_is_on_the_same_scale(page: Any) -> None:
    before, after = (places(path) for path in drawn(page, [beat(1.0)], before=[beat(-3.0)])["traces"])
    middle = RATE * SECONDS // 2
    assert before[0] == after[0]
    assert before[middle][1] - before[0][1] == pytest.approx(3 * (after[0][1] - after[middle][1]), rel=0.02)


def test_of_unknown_rate_values_are_counted(page: Any) -> None:
    found = drawn(page, [beat(1.0)], {"rate": None, "unit": "SD", "sizes": [300]})
    wide, what, _, unit = square(found["told"][-1])
    assert (what, unit) == ("values", "SD") and found["brief"] is True
    assert apart(found["major"][0])[0] == pytest.approx(wide * WIDTH / 300, abs=0.1)


@pytest.mark.parametrize("hours", [3, 24])
def test_recordings_of_hours_have_squares_too(page: Any, hours: int) -> None:
    found = drawn(page, [beat(1.0)], {"sizes": [hours * 3600 * RATE]})
    wide, what, _, _ = square(found["told"][-1])
    across, _ = apart(found["major"][0])
    assert what == "s" and across == pytest.approx(wide * WIDTH / (hours * 3600), abs=0.1) and across >= 12


def test_of_unknown_length_values_are_counted(page: Any) -> None:
    found = drawn(page, [[0.0, 1.0] * 150], {"sizes": None})
    wide, what, _, _ = square(found["told"][-1])
    assert what == "values" and found["brief"] is True
    assert apart(found["major"][0])[0] == pytest.approx(wide * WIDTH / 300, abs=0.1)


CELLS = """async ([sample, cells]) => {
  const { showCells } = await import("/static/pictures.js");
  const frame = document.getElementById("frame");
  frame.replaceChildren();
  showCells(frame, sample, cells, 0);
  const canvas = frame.querySelector("canvas");
  const inked = canvas.getContext("2d").getImageData(0, 0, canvas.width, canvas.height).data.some(Boolean);
  return [canvas.width, canvas.height, inked];
}"""


@pytest.mark.parametrize(
    ("side", "count", "drawn_side"), [(4, 2, 320), (400, 2, 400), (9000, 2, 1280), (400, 100_000, 400)]
)
def test_cells_of_any_number_and_size_are_drawn(page: Any, side: int, count: int, drawn_side: int) -> None:
    page.set_default_timeout(10_000)
    cut = {"counts": [count, count], "sizes": [side, side], "cell": [-(-side // count)] * 2}
    assert page.evaluate(CELLS, [{**cut, "tints": {"a": "#e69f00"}}, [1, 0, 0, 0]]) == [
        *(drawn_side, drawn_side),
        True,
    ]


def test_squares_that_would_run_together_are_larger(page: Any) -> None:
    found = drawn(page, [beat(1.0)], {"sizes": [60 * RATE]})
    assert square(found["told"][-1])[0] == 1.0
    assert apart(found["major"][0])[0] == pytest.approx(WIDTH / 60, abs=0.1)


def test_a_flat_trace_is_drawn(page: Any) -> None:
    found = drawn(page, [[0.5] * 10])
    assert {y for _, y in places(found["traces"][0])} == {75.0}


def test_cells_are_shaded_where_they_wear_a_distortion(page: Any) -> None:
    about = {"cell": [RATE], "tints": {"a": "#e69f00", "b": "#56b4e9"}}
    cells = [0, 2, 0, 0, 0, 0, 0, 0, 0, 1]
    shades = drawn(page, [beat(1.0)], about, before=[beat(1.0)], cells=cells)["shades"]
    assert shades == [[SECOND, SECOND], [9 * SECOND, SECOND]]


def test_the_margin_begins_with_the_untouched_input_and_never_rises(page: Any) -> None:
    points = [[2, 4.6, None], [4, 3.8, None], [7, -2.0, 11.8], [9, 4.7, 9.1]]
    found = page.evaluate(
        """async (points) => (await import("/static/curve.js")).withClean({ margin: 4.5 }, points)""", points
    )
    assert found == [[1, 4.5, None], *points[1:]]
