"""A watched explanation tells its map as it grows, and leaves the same bytes."""

import json
from pathlib import Path
from time import sleep
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

import brittle
from brittle.core.explain_run import Book
from brittle.core.explainer import Attribution
from brittle.core.explanation import Explanation, Outcome
from brittle.core.sample import Array
from brittle.explainers import open_explainer
from brittle.store import live
from brittle.tasks.watching import explained, telling
from brittle.tasks.watching.explained import MapSpotlight
from brittle.tasks.watching.running_map import RunningMap, levels_of, levels_so_far, places_of
from centre import CentreModel, centre_data
from explainers.planted import Stage, box, one
from watched import watching

CLOCKS = ("seconds", "started", "finished")
BUDGET = 60


class Slow(CentreModel):
    """Takes long enough to be watched."""

    def __call__(self, x: Array) -> Array:
        sleep(0.003)
        return super().__call__(x)


def explain(out: Path) -> brittle.Run:
    settings: dict[str, Any] = {"explainer": "rise", "fill": "flat", "budget": BUDGET, "batch": 4}
    return brittle.explain(Slow(), centre_data(3), out=out, **settings)


def left(run: brittle.Run) -> dict[str, Any]:
    lines = [json.loads(line) for line in (run.path / "results.jsonl").read_text().splitlines()]
    places = ("explanations", "shown", "pictures", "masks", "run.json")
    live.clear(run.path)  # a page may have touched it just before the end
    files = [file for file in run.path.rglob("*") if file.is_file()]
    kept = {file: file.relative_to(run.path).as_posix() for file in files}
    found: dict[str, Any] = {
        name: file.read_bytes() for file, name in kept.items() if name.split("/")[0] in places
    }
    found["results"] = [{k: v for k, v in line.items() if k not in CLOCKS} for line in lines]
    found["names"] = set(kept.values()) - {"lock"}
    return found


@pytest.fixture(scope="module")
def unwatched(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Any]:
    """What an explanation leaves that nobody watches."""
    return left(explain(tmp_path_factory.mktemp("explained") / "run"))


def test_a_watched_explanation_leaves_the_same_bytes_and_tells_its_map(
    unwatched: dict[str, Any], tmp_path: Path, eager: None
) -> None:
    with watching(tmp_path / "run") as events:
        assert left(explain(tmp_path / "run")) == unwatched
    assert all(line["status"] == "explained" for line in unwatched["results"])
    kinds = [event["event"] for event in events]
    assert kinds[0] == "sample" and {"step", "end"} <= set(kinds) <= {"sample", "step", "end"}
    start = events[0]
    assert start["explained"] == "1" and start["budget"] == BUDGET and start["counts"] == [8, 8]
    told = [event for event in events if event["sample"] == start["sample"]]
    steps = [event for event in told if event["event"] == "step"]
    assert all(step["masked"][0].startswith("data:image/jpeg;base64,") for step in steps)
    assert all(len(step["map"]) == 64 for step in steps)
    assert sorted(step["query"] for step in steps) == [step["query"] for step in steps]
    seen = [step["seen"] for step in steps if not step["found"]]
    assert seen == sorted(seen) and seen[-1] > 20 and steps[-1]["seen"] is None
    points = [point for event in told for point in event["points"]]
    assert [query for query, _ in points] == sorted({query for query, _ in points})
    line = next(line for line in unwatched["results"] if line["sample"] == start["sample"])
    end = told[-1]
    assert end["event"] == "end" and end["query"] == line["queries"]
    assert end["suffices"] == line["suffices"]["share"] and end["insertion"] == line["insertion"]


def test_a_failing_follower_costs_the_explanation_nothing(
    unwatched: dict[str, Any], tmp_path: Path, monkeypatch: pytest.MonkeyPatch, eager: None
) -> None:
    def failing(*_: Any) -> Any:
        raise RuntimeError("no colours")

    monkeypatch.setattr(explained, "preview", failing)
    with watching(tmp_path / "run") as events:
        assert left(explain(tmp_path / "run")) == unwatched
    assert events == []


KINDS: dict[str, tuple[tuple[int, ...], NDArray[np.bool_]]] = {
    "image": ((56, 56), box((56, 56), (10, 26), (30, 50))),
    "signal": ((400,), box((400,), (120, 180))),
    "clip": ((12, 32, 32), box((12, 32, 32), (3, 9), (8, 20), (8, 20))),
}


@pytest.mark.parametrize("kind", KINDS)
def test_the_map_so_far_converges_to_what_was_planted(kind: str) -> None:
    sides, region = KINDS[kind]
    stage = Stage(one(region), sides)
    stage.explain(open_explainer("rise"), 300)
    spec = stage.veil.sample.spec
    places = places_of(spec)
    running, truth = RunningMap(places), region[np.ix_(*places)]
    assert levels_so_far(running) is None  # nothing is known yet
    found = []
    for masks in stage.shown:
        running.add(masks, np.asarray(stage.ask(masks)[:, 1], np.float64))
        found.append(float(np.corrcoef(running.values.reshape(-1), truth.reshape(-1))[0, 1]))
    assert running.rows == 300 and found[-1] > 0.7 and found[-1] >= found[0] - 0.02
    levels = levels_so_far(running)
    assert levels is not None and len(levels) == truth.size
    top = np.array(list(levels)).reshape(truth.shape) == "0"
    assert truth[top].mean() > 0.9
    assert levels_of(region.astype(np.float32), places)[int(np.argmax(truth))] == "0"


@pytest.mark.parametrize("kind", KINDS)
def test_every_kind_of_input_is_told(kind: str, tmp_path: Path, eager: None) -> None:
    sides, region = KINDS[kind]
    stage = Stage(one(region), sides)
    scene = stage.scene(50)
    follower = MapSpotlight(tmp_path, ["none", "</script>"])
    book = Book(scene, stage.veil, 80, {"queries": 2, "fill": "black"})
    masks = np.random.default_rng(0).integers(0, 256, (5, *sides), np.uint8)
    follower.onlook(book, masks[:0], np.empty((0, 2), np.float32))  # nobody watches yet
    live.touch(tmp_path, None)
    book.known = {**book.known, "queries": 7}
    follower.onlook(book, masks, stage.ask(masks))
    book.attribution = Attribution(region.astype(np.float32))
    follower.onlook(book, masks[:2], stage.ask(masks[:2]))
    follower.ended(Explanation("planted", 1, Outcome.EXPLAINED, "rise", 80))
    (name,) = live.event_files(tmp_path)
    text = (tmp_path / "live" / name).read_text().splitlines()
    start, *steps, end = [json.loads(line) for line in text]
    assert [event["event"] for event in (start, *steps, end)] == ["sample", "step", "step", "end"]
    assert start["kind"] == kind and start["explained"] == "</script>" and len(start["colours"]) == 4
    cells = int(np.prod(start["counts"]))
    frames = len(start.get("frames", [1]))
    for step in steps:
        assert len(step["map"]) == cells and set(step["map"]) <= set("01234")
        assert len(step["masked"]) == (3 if kind == "signal" else frames)
    assert steps[0]["seen"] == 5 and end["seen"] is None and steps[0]["query"] == 7
    if kind == "clip":
        assert start["counts"][0] == frames == 8


def test_unwatched_nothing_is_added_up(tmp_path: Path) -> None:
    stage = Stage(one(KINDS["image"][1]), (56, 56))
    book = Book(stage.scene(50), stage.veil, 80, {"queries": 7})
    follower = MapSpotlight(tmp_path, ["a", "b"])
    follower.onlook(book, np.zeros((5, 56, 56), np.uint8), np.zeros((5, 2), np.float32))
    assert not follower._seen and not (tmp_path / "live").exists()


def test_what_is_added_up_keeps_to_its_share(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, eager: None
) -> None:
    stage = Stage(one(KINDS["image"][1]), (56, 56))
    book = Book(stage.scene(50), stage.veil, 80, {"queries": 7})
    follower = MapSpotlight(tmp_path, ["a", "b"])
    masks = np.zeros((5, 56, 56), np.uint8)
    follower.onlook(book, masks, stage.ask(masks))
    live.touch(tmp_path, None)
    monkeypatch.setattr(telling, "SHARE", 1e-9)
    for _ in range(3):
        follower.onlook(book, masks, stage.ask(masks))
    assert follower._seen["planted"].running.rows == 5


def test_points_are_capped(tmp_path: Path) -> None:
    stage = Stage(one(KINDS["signal"][1]), (400,))
    seen = explained._Seen.of(Book(stage.scene(50), stage.veil, 80, {"queries": 0}))
    for round in range(1, 60):
        seen.book.known = {"queries": 500 * round}
        seen.take(np.zeros((500, 400), np.uint8), np.zeros((500, 2), np.float32))
    assert len(seen.points) <= explained.MOST_POINTS
    assert [query for query, _ in seen.news()] == sorted(query for query, _ in seen.points)
    assert seen.news() == []
