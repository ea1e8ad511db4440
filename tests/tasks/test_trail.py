"""A trail tells how a sample was played, is the same however it was played, and changes no result."""

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import brittle
from brittle.core.errors import DiskError, RunError
from brittle.core.result import SearchResult
from brittle.store.trails import read_trail, trail_file
from brittle.tasks.verify.tables import other_files
from brittle.tasks.watching import told, trail
from fake_ray import FakeRay

CLOCKS = ("seconds", "started", "finished")


def audited(digits: Path, out: Path, **settings: Any) -> brittle.Run:
    usual = {"model": "digits.onnx", "budget": 80, "batch": 4, "data_options": {"limit": 4}}
    return brittle.audit(data="digits.npz", out=out, **{"search": "patchwork", **usual, **settings})


def left(run: brittle.Run, *places: str) -> dict[str, Any]:
    """What a run left in these folders."""
    return {
        f"{place}/{file.name}": file.read_bytes() for place in places for file in run.path.glob(f"{place}/*")
    }


def results(run: brittle.Run) -> list[dict[str, Any]]:
    lines = [json.loads(line) for line in (run.path / "results.jsonl").read_text().splitlines()]
    return [{key: value for key, value in line.items() if key not in CLOCKS} for line in lines]


def played(run: brittle.Run) -> list[SearchResult]:
    """The samples that were right before anything was changed."""
    return [result for result in run.results() if result.status in ("flipped", "survived")]


def events_of(run: brittle.Run, sample: str) -> list[dict[str, Any]]:
    text = (run.path / trail_file(sample)).read_text()
    return [json.loads(line) for line in text.splitlines()]


@pytest.fixture
def at_digits(digits: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(digits)
    return digits


def test_results_are_the_same_with_and_without(at_digits: Path, tmp_path: Path) -> None:
    without = audited(at_digits, tmp_path / "one")
    with_one = audited(at_digits, tmp_path / "two", keep_trail=True)
    assert results(with_one) == results(without)
    assert left(with_one, "flips") == left(without, "flips")
    assert (with_one.path / "run.json").read_bytes() == (without.path / "run.json").read_bytes()
    assert not (without.path / "trail").exists() and other_files(with_one) == []
    for result in played(with_one):
        events = events_of(with_one, result.sample)
        assert events == read_trail(with_one.path, result.sample)
        assert [event["event"] for event in events] == ["sample", *["step"] * (len(events) - 2), "end"]
        steps = {step["query"]: step for step in events[1:-1]}
        assert list(steps) == [point.query for point in result.curve]
        assert [tuple(step["points"][0]) for step in steps.values()] == list(result.curve)
        assert events[-1]["status"] == result.status and events[-1]["query"] == result.queries
        if result.closest:
            assert steps[result.closest.query]["l2"] == pytest.approx(result.closest.l2, abs=1e-3)


def test_a_trail_is_the_same_however_it_was_played(
    at_digits: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    expected = left(audited(at_digits, tmp_path / "one", keep_trail=True), "trail")
    assert expected
    assert left(audited(at_digits, tmp_path / "batch", keep_trail=True, batch=32), "trail") == expected
    ray = FakeRay()
    ray.joined = "already"
    monkeypatch.setitem(__import__("sys").modules, "ray", ray)
    assert left(audited(at_digits, tmp_path / "ray", keep_trail=True, on="ray"), "trail") == expected


def test_shards_bring_their_trails_and_a_run_goes_on_with_or_without(at_digits: Path, tmp_path: Path) -> None:
    whole = audited(at_digits, tmp_path / "whole", keep_trail=True)
    expected = left(whole, "trail")
    for number in (1, 2):
        audited(at_digits, tmp_path / f"{number}", keep_trail=True, shard=f"{number}/2")
    merged = brittle.merge([tmp_path / "1", tmp_path / "2"], tmp_path / "merged")
    assert left(merged, "trail") == expected
    (whole.path / "results.jsonl").unlink()
    for file in (whole.path / "trail").iterdir():
        file.write_text("half a li")
    audited(at_digits, tmp_path / "whole", keep_trail=True)
    assert left(whole, "trail") == expected
    audited(at_digits, tmp_path / "whole")


def test_a_trail_that_fails_costs_its_sample_nothing(
    at_digits: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    expected = results(audited(at_digits, tmp_path / "one"))

    def failing(*_: Any) -> Any:
        raise RuntimeError("no colours")

    monkeypatch.setattr(told, "change", failing)
    run = audited(at_digits, tmp_path / "two", keep_trail=True)
    assert results(run) == expected and not left(run, "trail")


def test_trails_are_capped(at_digits: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(trail, "MOST_STEPS", 4)
    run = audited(at_digits, tmp_path / "one", keep_trail=True)
    for result in played(run):
        queries = [event["query"] for event in events_of(run, result.sample)[1:-1]]
        known = [point.query for point in result.curve]
        assert len(queries) <= 4 and set(queries) <= set(known)
        assert queries[0] == known[0] and queries[-1] == known[-1]
        if result.first:
            assert result.first.query in queries
    whole = left(run, "trail")
    monkeypatch.setattr(trail, "MOST_BYTES", most := max(map(len, whole.values())) - 1)
    less = left(audited(at_digits, tmp_path / "two", keep_trail=True), "trail")
    assert less.keys() == whole.keys() and max(map(len, less.values())) <= most


def test_nothing_is_written_through_a_link(at_digits: Path, tmp_path: Path) -> None:
    run = audited(at_digits, tmp_path / "one", data_options={"limit": 1})
    (tmp_path / "elsewhere").mkdir()
    (run.path / "trail").symlink_to(tmp_path / "elsewhere")
    (run.path / "results.jsonl").unlink()
    with pytest.raises(DiskError, match="symbolic link"):
        audited(at_digits, tmp_path / "one", keep_trail=True, data_options={"limit": 1})
    assert not list((tmp_path / "elsewhere").iterdir())


@pytest.mark.parametrize(("shape", "kind"), [((3, 6, 8, 8), "clip"), ((2, 120), "signal")])
def test_every_kind_of_input_has_a_trail(tmp_path: Path, shape: tuple[int, ...], kind: str) -> None:
    rng = np.random.default_rng(0)
    weights = rng.normal(size=(int(np.prod(shape)), 3)) / 9
    x = rng.integers(0, 256, (1, *shape), np.uint8) if kind == "clip" else rng.normal(size=(1, *shape))

    def linear(x: Any) -> Any:
        return x.reshape(len(x), -1) @ weights

    linear.input_shape = shape  # type: ignore[attr-defined]
    options = {"sampling_rate": 250.0} if kind == "signal" else {}
    settings: dict[str, Any] = {"budget": 40, "search": "patchwork", "data_options": options}
    run = brittle.audit(linear, (x, None), out=tmp_path, keep_trail=True, **settings)
    result = next(run.results())
    assert result.curve, result.message
    start, *steps, _ = events_of(run, result.sample)
    assert start["kind"] == kind and steps
    assert len(steps[0]["modified"]) == len(start["original"]) == (6 if kind == "clip" else 2)


def test_what_is_no_trail_is_not_read(at_digits: Path, tmp_path: Path) -> None:
    run = audited(at_digits, tmp_path / "one", keep_trail=True)
    sample = played(run)[0].sample
    file = run.path / trail_file(sample)
    lines = [json.loads(line) for line in file.read_text().splitlines()]
    start, step, *_, end = lines
    assert read_trail(run.path, "unknown") == []
    for damaged in (
        lines[1:],
        [start, end, end],
        [{**start, "margin": "x"}, end],
        [{**start, "sample": "other"}, end],
        [{**start, "counts": [10_000, 10_000]}, step, end],
        [start, {**step, "cells": [0] * 5}, end],
        [start, *[step] * 200, end],
        [{**start, "kind": "page"}, end],
        [7],
    ):
        file.write_text("".join(json.dumps(line) + "\n" for line in damaged))
        with pytest.raises(RunError, match="damaged"):
            read_trail(run.path, sample)
    file.write_text(json.dumps({**start, "margin": float("nan")}) + "\n")
    with pytest.raises(RunError, match="damaged"):
        read_trail(run.path, sample)
    file.rename(tmp_path / "elsewhere")
    file.symlink_to(tmp_path / "elsewhere")
    with pytest.raises(RunError, match="not read"):
        read_trail(run.path, sample)
