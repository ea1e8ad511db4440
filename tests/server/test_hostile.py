"""Run folders of a stranger: numbers, names and files that nothing of ours writes take no page down."""

import json
import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import yaml
from starlette.testclient import TestClient

import brittle
from brittle.server.answers import said
from brittle.server.live.told import checked
from brittle.server.reading import lines
from brittle.server.reading.names import to_part
from brittle.server.start.forms import Allowed
from brittle.store.trails import read_trail
from same_run import edit

Enter = Callable[..., TestClient]
PAGES = ("/", "/api/runs", "/runs/first", "/api/runs/first", "/runs/first/live", "/api/runs/first/events")
NO_TEXT = "\ud800 and \udcff"


def answered(client: TestClient, *more: str) -> None:
    for path in (*PAGES, *more):
        assert client.get(path).status_code == 200, path


@pytest.mark.parametrize("count", [10**400, 10**30, -(10**30), -1])
def test_any_number_of_samples_and_queries_is_shown(root: Path, entered: Enter, count: int) -> None:
    edit(root / "first", lambda run: run["data"].update(samples=count))
    edit(root / "first", lambda run: run["settings"].update(budget=count))
    client = entered(root)
    answered(client, "/runs/first/samples/000000")
    assert 0 <= client.get("/api/runs/first").json()["total"] <= 10**12


def test_what_is_no_text_is_shown_all_the_same(root: Path, entered: Enter) -> None:
    edit(root / "first", lambda run: run["model"].update(name=NO_TEXT, classes=[NO_TEXT] * 3))
    edit(root / "first", lambda run: run["data"].update(name=NO_TEXT))
    results = root / "first" / "results.jsonl"
    line = json.loads(results.read_text().splitlines()[0])
    odd = [
        {**line, "message": NO_TEXT},
        {**line, "sample": "odd", "status": NO_TEXT},
        {**line, "sample": "\udcff", "status": "failed", "closest": None, "first": None},
    ]
    results.write_text("".join(json.dumps(one) + "\n" for one in odd))
    os.rename(root / "first", os.fsencode(root) + b"/\xff")  # noqa: PTH104  # a Path has no such name
    (root / "first").mkdir()
    for file in ("run.json", "results.jsonl"):
        (root / "first" / file).write_bytes(
            Path(os.fsdecode(os.fsencode(root) + b"/\xff"), file).read_bytes()
        )
    client = entered(root)
    answered(client, "/runs/=FF", f"/runs/first/samples/{to_part(line['sample'])}")
    assert client.get("/compare?run=first&run=%3DFF").status_code in (200, 422)
    assert client.get("/api/runs/first").json()["counts"].keys() == {line["status"], "failed"}


def test_what_is_said_of_it_is_text() -> None:
    assert said(f"no run\n{NO_TEXT}", 400).body == b"no run ? and ?\n"


def test_results_that_are_no_plain_file_are_not_read(root: Path, entered: Enter) -> None:
    results = root / "first" / "results.jsonl"
    results.unlink()
    os.mkfifo(results)
    client = entered(root)
    answered(client)
    assert client.get("/api/runs/first").json()["done"] == 0


def test_a_line_without_an_end_is_left_out(
    root: Path, entered: Enter, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(lines, "LONGEST_LINE", 100_000)
    results, client = root / "first" / "results.jsonl", entered(root)
    whole = results.read_bytes()
    with results.open("ab") as file:
        file.truncate(1 << 40)  # a file with a hole takes no space
    for _ in range(2):
        answered(client)
        assert client.get("/api/runs/first").json()["done"] == 5
        assert "1 lines of results.jsonl are damaged" in client.get("/runs/first").text
    results.write_bytes(whole)
    assert "damaged" not in client.get("/runs/first").text


def test_settings_that_take_long_to_read_are_not(root: Path, entered: Enter) -> None:
    run, own = root / "first", {"model": "toy:linear", "data": "toy.npz"}
    (run / "results.jsonl").write_text("")
    client = entered(root, allowed=Allowed(("toy:linear",), ("toy.npz",)))
    (run / "settings.yaml").write_text(yaml.safe_dump(own))
    assert "Continue</button>" in client.get("/runs/first").text
    (run / "settings.yaml").write_text(yaml.safe_dump(own) + "#" * 1_000_000)
    assert "Continue</button>" not in client.get("/runs/first").text


KINDS = {"image": (3, 8, 8), "clip": (3, 6, 8, 8), "signal": (2, 120)}


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("search", ["patchwork", "ripple"])
def test_what_is_told_of_every_kind_of_input_passes(tmp_path: Path, kind: str, search: str) -> None:
    rng, shape = np.random.default_rng(0), KINDS[kind]
    weights = rng.normal(size=(int(np.prod(shape)), 3)) / 9
    x = rng.normal(size=(1, *shape)) if kind == "signal" else rng.integers(0, 256, (1, *shape), np.uint8)

    def linear(x: Any) -> Any:
        return x.reshape(len(x), -1) @ weights

    linear.input_shape = shape  # type: ignore[attr-defined]
    options = {"sampling_rate": 250.0} if kind == "signal" else {}
    settings: dict[str, Any] = {"budget": 40, "search": search, "data_options": options}
    run = brittle.audit(linear, (x, None), out=tmp_path, keep_trail=True, **settings)
    told = read_trail(run.path, next(run.results()).sample)
    assert [one["event"] for one in told][:2] == ["sample", "step"]
    assert all(checked(one) for one in told)
    assert told[0]["sizes"] == list(shape[1:]) and ("cell" in told[0]) == (search == "patchwork")
