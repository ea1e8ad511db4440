"""Wherever samples are played, the run is the same; a worker that dies leaves its samples to others."""

import json
import sys
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

import brittle
from brittle.core.errors import MissingExtraError, ModelError, UsageError
from brittle.tasks.playing.engines import ray_cluster
from brittle.tasks.playing.engines.queue import SampleQueue
from brittle.tasks.playing.engines.worker import Hello, hello_of
from fake_ray import FakeRay

CLOCKS = ("seconds", "started", "finished")
SAMPLES = 12


@pytest.fixture
def played(digits: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Any:
    """An audit of the digits, and all that it left, times apart."""
    monkeypatch.chdir(digits)

    def play(name: str, **settings: Any) -> tuple[brittle.Run, dict[str, Any]]:
        usual = {"budget": 60, "batch": 8, "search": "patchwork", "data_options": {"limit": SAMPLES}}
        run = brittle.audit("digits.onnx", "digits.npz", out=tmp_path / name, **{**usual, **settings})
        lines = [json.loads(line) for line in (run.path / "results.jsonl").read_text().splitlines()]
        found: dict[str, Any] = {f.name: f.read_bytes() for f in run.path.glob("flips/*")}
        found["results"] = [{k: v for k, v in one.items() if k not in CLOCKS} for one in lines]
        found["run.json"] = (run.path / "run.json").read_text()
        return run, found

    return play


@pytest.fixture
def ray(monkeypatch: pytest.MonkeyPatch) -> FakeRay:
    """A cluster that is there."""
    fake = FakeRay()
    monkeypatch.setitem(sys.modules, "ray", fake)
    monkeypatch.setenv("RAY_ADDRESS", "127.0.0.1:6379")
    return fake


def test_actors_leave_what_this_process_leaves(played: Any, ray: FakeRay) -> None:
    here, wanted = played("here")
    run, found = played("ray", on="ray", workers=3, cpus=0.5, gpus=0.25)
    assert found == wanted and len(wanted["results"]) == SAMPLES and len(wanted) > 2
    assert ray.begun == 3 and ray.joined == ""
    assert ray.options[0]["num_cpus"] == 0.5 and ray.options[0]["num_gpus"] == 0.25
    assert run.rows().samples == here.rows().samples


def test_an_actor_that_dies_leaves_its_samples_to_others(played: Any, ray: FakeRay) -> None:
    _, wanted = played("here")
    ray.deaths = {0: 3, 1: 6}
    _, found = played("ray", on="ray", workers=2)
    assert found == wanted
    assert ray.begun > 2


def test_what_kills_every_actor_is_given_up(played: Any, ray: FakeRay) -> None:
    ray.deadly = ["000000"]
    _, found = played("ray", on="ray", workers=1, data_options={"limit": 1})
    assert found["results"][0]["status"] == "failed"
    assert "3 workers died while they played it, the last alone (The actor died: killed)" in str(found)


def test_curves_and_explanations_give_up_too(played: Any, digits: Path, tmp_path: Path, ray: FakeRay) -> None:
    ray.deadly = ["000000"]
    one: dict[str, Any] = {"data_options": {"limit": 1}, "seed": 5, "on": "ray", "workers": 1}
    audit, _ = played("ray", curves=True, **one)
    explained = brittle.explain("digits.onnx", "digits.npz", budget=60, out=tmp_path / "explained", **one)
    for run in (audit, brittle.Run.open(audit.path / "curves"), explained):
        (found,) = run.finished()
        told = (found.sample, found.label, found.status, found.queries, found.seed)
        assert told == ("000000", None, "failed", 0, 5)
        assert "3 workers died" in found.message and found.started == found.finished != ""


def test_an_actor_that_dies_at_its_start_ends_the_run(played: Any, ray: FakeRay) -> None:
    ray.deaths = {0: 0}
    with pytest.raises(ModelError, match="a worker died at its start"):
        played("ray", on="ray")
    assert ray.joined == ""


@pytest.mark.parametrize(
    ("change", "match"),
    [
        ({"model": "0" * 64}, "another model"),
        ({"data": "0" * 64}, "another data"),
        ({"versions": {"python": "2.7"}}, "python 2.7, here 3"),
    ],
)
def test_a_node_that_is_not_alike_is_refused(
    played: Any, ray: FakeRay, monkeypatch: pytest.MonkeyPatch, change: dict[str, Any], match: str
) -> None:
    def other(opened: Any) -> Hello:
        return replace(hello_of(opened), node="node 7", **change)

    monkeypatch.setattr("brittle.tasks.playing.engines.worker.hello_of", other)
    with pytest.raises(ModelError, match=f"the worker on node 7 has .*{match}.*make all nodes alike"):
        played("ray", on="ray")


def test_what_a_model_raises_in_an_actor_ends_the_run(played: Any, ray: FakeRay, tmp_path: Path) -> None:
    with pytest.raises(ModelError, match="the model raised RuntimeError"):
        brittle.audit("victims:broken", "digits.npz", on="ray", out=tmp_path / "broken", budget=10)


def test_explanations_go_the_same_way(
    digits: Path, tmp_path: Path, ray: FakeRay, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(digits)
    found = []
    for on in ("here", "ray"):
        out = tmp_path / on
        brittle.explain("digits.onnx", "digits.npz", budget=60, out=out, data_options={"limit": 4}, on=on)
        found.append(
            {f.name: f.read_bytes() for place in ("explanations", "shown") for f in (out / place).iterdir()}
        )
    assert found[0] == found[1] != {}


def test_a_cluster_that_others_could_reach_is_not_started(
    played: Any, ray: FakeRay, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("RAY_ADDRESS")
    monkeypatch.setattr(ray_cluster, "_found", lambda _: None)
    monkeypatch.setattr("socket.if_nameindex", lambda: [(1, "lo"), (2, "eth0")])
    with pytest.raises(UsageError, match="others could reach one that brittle started"):
        played("ray", on="ray")
    assert ray.begun == 0
    monkeypatch.setattr("socket.if_nameindex", lambda: [(1, "lo")])
    played("alone", on="ray")
    assert ray.begun == 1


def test_what_cannot_be_joined_is_one_line(
    played: Any, ray: FakeRay, monkeypatch: pytest.MonkeyPatch
) -> None:
    def unreachable(*_: Any, **__: Any) -> None:
        raise ConnectionError("no answer\nwithin 30 s")

    monkeypatch.setattr(ray, "init", unreachable)
    with pytest.raises(
        ModelError, match=r"cannot join the Ray cluster 'ray://a:1': ConnectionError: no answer within"
    ):
        played("ray", on="ray://a:1")


def test_what_does_not_go_together_is_refused(played: Any, ray: FakeRay) -> None:
    with pytest.raises(UsageError, match="no --keep-answers on a Ray cluster"):
        played("ray", on="ray", keep_answers=True)
    with pytest.raises(UsageError, match="expected --on processes or ray for 2 workers, got here"):
        played("here", on="here", workers=2)
    with pytest.raises(UsageError, match="no engine is called 'rey'"):
        played("rey", on="rey")
    with pytest.raises(UsageError, match="by name for workers, got Python objects"):
        brittle.audit(lambda x: x, "digits.npz", on="ray")


def test_without_the_extra(played: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(ray_cluster, "find_spec", lambda _: None)
    with pytest.raises(MissingExtraError, match="ray"):
        played("ray", on="ray")


def test_the_queue_gives_up_at_the_third_death() -> None:
    queue = SampleQueue(["a", "b"])
    assert (queue.draw(), queue.draw(), queue.draw()) == ("a", "b", None)
    assert list(queue.put_back({"a", "b"})) == [] and len(queue) == 2
    assert queue.draw() == "a" and list(queue.put_back({"a"})) == []
    assert queue.draw_suspect() == "a" and queue.draw_suspect() is None
    assert list(queue.put_back({"a"})) == ["a"]
    assert not queue.empty and queue.draw() == "b" and queue.empty
