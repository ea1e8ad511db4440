"""Charts: the same for the same numbers, self-contained, and right at the edges."""

import xml.etree.ElementTree as ElementTree
from collections.abc import Callable

import numpy as np
import pytest

from brittle.report.audit.figures import asr_against_distance, asr_against_queries, distance_histogram
from brittle.report.curves import Curve

MANY = np.sort(np.random.default_rng(0).uniform(1, 90, 5000))
CHARTS: dict[str, Callable[[np.ndarray], str]] = {
    "queries": lambda at: asr_against_queries(Curve(at, at.size + 3), 100),
    "distance": lambda at: asr_against_distance(Curve(at, at.size + 3), "mV"),
    "histogram": lambda at: distance_histogram(at, "mV"),
}


@pytest.mark.parametrize("name", CHARTS)
@pytest.mark.parametrize("size", [0, 1, 5000])
def test_charts_are_small_svg_that_parses_and_repeats(name: str, size: int) -> None:
    svg = CHARTS[name](MANY[:size])
    assert svg == CHARTS[name](MANY[:size])
    assert ElementTree.fromstring(svg).tag.endswith("svg")
    assert len(svg) < 80_000


@pytest.mark.parametrize("name", CHARTS)
def test_charts_take_their_colours_from_the_page_and_keep_their_text(name: str) -> None:
    svg = CHARTS[name](MANY)
    assert "var(--accent" in svg and "var(--ink" in svg
    assert not any(stand_in in svg for stand_in in ("#010101", "#020202", "#030303"))
    assert "<text" in svg and "<metadata" not in svg and "<style" not in svg
    assert ("Queries" if name == "queries" else "L2 distance") in svg


def test_ids_of_two_charts_on_one_page_never_meet() -> None:
    found = [
        {node.get("id") for node in ElementTree.fromstring(CHARTS[name](MANY)).iter() if node.get("id")}
        for name in ("queries", "distance")
    ]
    assert found[0] and found[1] and not found[0] & found[1]
