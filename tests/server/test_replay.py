"""The page of a sample replays how it was played, where that was kept, and is told so by the form."""

import json
import re
import shutil
from collections.abc import Callable
from pathlib import Path

import pytest
from starlette.testclient import TestClient

from brittle.server.reading.names import to_part
from brittle.server.start.forms import allow
from brittle.store.trails import read_trail, trail_file

Enter = Callable[..., TestClient]
TRAIL = re.compile(r'<script type="application/json" id="trail">(.*?)</script>', re.DOTALL)


@pytest.fixture
def trailed(runs: Path, tmp_path: Path) -> tuple[Path, str]:
    """A copy of a run with trails, and a sample of it that flipped."""
    shutil.copytree(runs / "trailed", tmp_path / "root" / "trailed")
    lines = (runs / "trailed" / "results.jsonl").read_text().splitlines()
    flipped = next(line["sample"] for line in map(json.loads, lines) if line["status"] == "flipped")
    return tmp_path / "root" / "trailed", flipped


def test_the_page_of_a_sample_holds_its_trail(trailed: tuple[Path, str], entered: Enter) -> None:
    (run, sample), client = trailed, entered(trailed[0].parent)
    address = f"/runs/trailed/samples/{to_part(sample)}"
    held = TRAIL.search(client.get(address).text)
    assert held is not None
    told = json.loads(held[1])
    assert told == read_trail(run, sample)
    assert list(told[0]["tints"]) == list(read_trail(run, sample)[0]["tints"])  # in order: colours need it
    answer = client.get(f"{address}/trail")
    assert answer.content == (run / trail_file(sample)).read_bytes()
    assert answer.headers["content-type"].startswith("text/plain")
    assert answer.headers["content-security-policy"].startswith("sandbox")
    assert client.get("/runs/trailed/samples/none/trail").status_code == 404
    shutil.rmtree(run / "trail")
    assert client.get(f"{address}/trail").status_code == 404 and not TRAIL.search(client.get(address).text)


def test_a_damaged_trail_is_told_and_a_link_not_followed(trailed: tuple[Path, str], entered: Enter) -> None:
    (run, sample), client = trailed, entered(trailed[0].parent)
    address, file = f"/runs/trailed/samples/{to_part(sample)}", run / trail_file(sample)
    whole = file.read_text()
    file.write_text("{}\n")
    answer = client.get(address)
    assert answer.status_code == 200 and "is damaged" in answer.text and not TRAIL.search(answer.text)
    start = json.loads(whole.splitlines()[0])
    odd: list[dict[str, object]] = [{"kind": "signal"}, {"original": []}, {"kind": "clip"}]
    for change in odd:  # which is not drawn from pictures
        lines = [json.dumps({**start, **change}), *whole.splitlines()[1:]]
        file.write_text("\n".join(lines) + "\n")
        assert "is damaged" in client.get(address).text
    file.unlink()
    (run / "elsewhere").write_text(whole)
    file.symlink_to(run / "elsewhere")
    assert not TRAIL.search(client.get(address).text) and client.get(f"{address}/trail").status_code == 404


def test_the_form_asks_for_a_trail(tmp_path: Path, entered: Enter) -> None:
    client = entered(tmp_path, allowed=allow([], [], 1))
    text = client.get("/new/audit").text
    assert '<input type="checkbox" name="keep_trail" value="yes" checked>' in text
    assert "--keep-trail" in text.partition('<pre id="command">')[2]
    own = {"origin": "http://127.0.0.1:8421"}
    for form, told in (({"keep_trail": "yes"}, True), ({}, False)):
        assert ("--keep-trail" in client.post("/api/command/audit", data=form, headers=own).text) is told
    assert client.post("/api/command/audit", data={"keep_trail": "maybe"}, headers=own).status_code == 400
