"""The pages of an explanation, as it is, hostile or damaged."""

import json
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from starlette.testclient import TestClient

from brittle.server.reading.names import to_part
from same_run import edit
from server.test_pages import HOSTILE, Tags

Enter = Callable[..., TestClient]


@pytest.fixture
def served(explained: Path, tmp_path: Path) -> Path:
    """A copy of it."""
    shutil.copytree(explained, tmp_path / "root")
    return tmp_path / "root"


def lines_of(root: Path) -> list[dict[str, Any]]:
    return [json.loads(line) for line in (root / "map" / "results.jsonl").read_text().splitlines()]


def write(root: Path, lines: list[dict[str, Any]]) -> None:
    (root / "map" / "results.jsonl").write_text("".join(json.dumps(line) + "\n" for line in lines))


def samples(root: Path, status: str) -> list[str]:
    return [to_part(line["sample"]) for line in lines_of(root) if line["status"] == status]


def test_every_page_of_an_explanation(served: Path, entered: Enter) -> None:
    client = entered(served)
    for path in ("/", "/runs/map", "/runs/map/live", "/runs/map?status=explained"):
        answer = client.get(path)
        assert answer.status_code == 200 and not Tags(answer.text).trouble, path
    assert "/static/live_explain.js" in client.get("/runs/map/live").text
    assert client.get("/runs/map?status=explained").text.count("flip.jpg") == 2
    (one, other), (none,) = samples(served, "explained"), samples(served, "nothing_found")
    line = next(line for line in lines_of(served) if to_part(line["sample"]) == one)
    text = client.get(f"/runs/map/samples/{one}").text
    assert not Tags(text).trouble and text.count("<img") == 4 and "How much is needed" in text
    assert f"{100 * line['suffices']['share']:.1f}" in text and "trouble" not in text
    small = [client.get(f"/runs/map/samples/{name}/flip.jpg") for name in (one, other)]
    assert all(answer.content[:2] == b"\xff\xd8" for answer in small)
    assert "Nothing was found" in client.get(f"/runs/map/samples/{none}").text
    assert client.get(f"/runs/map/samples/{none}/flip.jpg").status_code == 404


def test_its_figures_are_medians(served: Path, entered: Enter) -> None:
    client = entered(served)
    found = [line for line in lines_of(served) if line["status"] == "explained"]
    standing = client.get("/api/runs/map").json()
    shares = np.median([line["suffices"]["share"] for line in found])
    assert standing["suffices"].startswith(f"{100 * shares:.1f}") and standing["asr"] == ""
    assert float(standing["insertion"]) == pytest.approx(np.median([one["insertion"] for one in found]), 0.01)
    assert standing["counts"] == {"explained": 2, "nothing_found": 1}
    assert ">Suffices<" in client.get("/").text


def test_hostile_names_of_an_explanation_are_text(served: Path, entered: Enter) -> None:
    changed = {"fill": HOSTILE, "message": HOSTILE, "notes": {HOSTILE: HOSTILE[:50]}}
    lines = [{**line, **changed, "sample": f"{HOSTILE}{k}"} for k, line in enumerate(lines_of(served))]
    write(served, lines)
    edit(served / "map", lambda m: m["model"].update(name=HOSTILE, classes=[HOSTILE] * 2))
    edit(served / "map", lambda m: m["settings"].update(explainer=HOSTILE))
    client = entered(served)
    for path in (
        "/",
        "/runs/map",
        "/runs/map/live",
        *(f"/runs/map/samples/{to_part(f'{HOSTILE}{k}')}" for k in range(3)),
    ):
        answer = client.get(path)
        assert answer.status_code == 200 and not Tags(answer.text).trouble, path
        assert "<img src=x" not in answer.text and "&lt;/script&gt;" in answer.text


@pytest.mark.parametrize("text", [b"", b"PK\x03\x04", b"not a zip"])
def test_a_damaged_map_is_said_and_takes_nothing_else_down(served: Path, entered: Enter, text: bytes) -> None:
    for file in (served / "map" / "explanations").iterdir():
        file.write_bytes(text)
    client, (one, _) = entered(served), samples(served, "explained")
    answer = client.get(f"/runs/map/samples/{one}")
    assert answer.status_code == 200 and "pictures cannot be shown" in answer.text
    assert client.get(f"/runs/map/samples/{one}/flip.jpg").status_code == 422


def test_a_map_that_is_changed_anywhere_never_ends_in_an_error(served: Path, entered: Enter) -> None:
    client, (one, _) = entered(served), samples(served, "explained")
    line = next(line for line in lines_of(served) if to_part(line["sample"]) == one)
    file = served / "map" / line["file"]
    whole = file.read_bytes()
    for place in range(0, len(whole), 97):
        file.write_bytes(whole[:place] + bytes([whole[place] ^ 0xFF]) + whole[place + 1 :])
        assert client.get(f"/runs/map/samples/{one}/flip.jpg").status_code in (200, 422), place


@pytest.mark.parametrize(
    "change",
    [
        {"file": "../../other/explanations/x.npz"},
        {"file": "/etc/passwd", "original": "/etc/passwd"},
        {"suffices": {"share": 1e308, "query": 1, "probability": 0.5, "predicted": 99, "file": "../x"}},
        {"suffices": [1], "insertion": "x"},
        {"insertion": 1e300, "probability": -3},
        {"explained": 10**30},
        {"top": [[7, 2.0]], "explained": -1},
    ],
)
def test_lines_that_make_no_sense_are_shown_or_refused(
    served: Path, entered: Enter, change: dict[str, Any]
) -> None:
    write(served, [{**line, **change} for line in lines_of(served)])
    client = entered(served)
    for path in ("/", "/runs/map", "/api/runs"):
        assert client.get(path).status_code == 200
    for name in samples(served, "explained"):
        assert client.get(f"/runs/map/samples/{name}").status_code in (200, 422)
        assert client.get(f"/runs/map/samples/{name}/flip.jpg").status_code in (200, 422)


def test_other_verbs_have_neither_live_page_nor_samples(served: Path, entered: Enter) -> None:
    names = samples(served, "explained")
    edit(served / "map", lambda manifest: manifest.update(verb="benchmark"))
    client = entered(served)
    text = client.get("/runs/map").text
    assert "flip.jpg" not in text and "nothing found 1" in text
    for path in ("/live", f"/samples/{names[0]}", f"/samples/{names[0]}/flip.jpg"):
        assert client.get(f"/runs/map{path}").status_code == 404, path
