"""Runs side by side on the page: the figures of brittle compare, from folders alone, whatever these hold."""

import json
import re
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from starlette.testclient import TestClient

import brittle
from brittle.report.compare.page import comparison_of, render_comparison
from brittle.report.explain.compare import compare_explained, render
from brittle.server import comparing
from brittle.server.pages import MOST_COMPARED
from same_run import edit
from server.test_pages import HOSTILE, Tags

Enter = Callable[..., TestClient]
BOTH = "/compare?run=first&run=second"


@pytest.fixture
def two(root: Path) -> Path:
    """A root with two runs."""
    shutil.copytree(root / "first", root / "second")
    edit(root / "second", lambda manifest: manifest["settings"].update(budget=39))
    return root


def figures(text: str) -> list[str]:
    return re.findall(r'<td class="number">([^<]*)', text)


def bytes_of(root: Path) -> dict[str, bytes]:
    return {str(path.relative_to(root)): path.read_bytes() for path in root.rglob("*") if path.is_file()}


def test_the_page_says_what_compare_says_and_writes_nothing(two: Path, entered: Enter) -> None:
    before = bytes_of(two)
    answer = entered(two).get(BOTH)
    assert answer.status_code == 200 and not Tags(answer.text).trouble
    assert bytes_of(two) == before
    page = render_comparison(comparison_of([brittle.Run.open(two / name) for name in ("first", "second")]))
    assert figures(page) and figures(answer.text) == figures(page)
    assert "Not comparable" in answer.text and "budgets" in answer.text
    assert "style=" not in answer.text and "<style" not in answer.text  # which the policy would refuse


def test_explanations_are_compared_in_the_same_way(explained: Path, tmp_path: Path, entered: Enter) -> None:
    for name in ("first", "second"):
        shutil.copytree(explained / "map", tmp_path / name)
    answer = entered(tmp_path).get(BOTH)
    assert answer.status_code == 200 and not Tags(answer.text).trouble
    runs = {name: brittle.Run.open(tmp_path / name) for name in ("first", "second")}
    page = render(compare_explained(runs))
    assert figures(page) and figures(answer.text) == figures(page)
    assert "style=" not in answer.text and "<style" not in answer.text


def test_every_run_has_a_box_to_tick(two: Path, entered: Enter) -> None:
    edit(two / "second", lambda manifest: manifest.update(verb="explain"))
    listed = entered(two).get("/").text
    assert re.findall(r'type="checkbox" form="compare" name="run" value="(\w+)"', listed) == [
        "first",
        "second",
    ]
    assert 'aria-label="Compare first"' in listed and 'aria-live="polite"' in listed


@pytest.mark.parametrize(
    ("query", "status"),
    [
        ("", 400),
        ("?run=first", 400),
        ("?run=first&run=first", 400),
        ("?run=first&run=gone", 400),
        ("?run=first&run=..", 400),
        ("?run=first&run=" + "%3C" * 3000, 400),
        ("?" + "&".join(f"run=r{k}" for k in range(50)), 400),
    ],
)
def test_what_cannot_be_compared_is_one_line(two: Path, entered: Enter, query: str, status: int) -> None:
    answer = entered(two).get(f"/compare{query}")
    assert answer.status_code == status and len(answer.text.splitlines()) == 1 and len(answer.text) < 400


@pytest.mark.filterwarnings("ignore::RuntimeWarning")
@pytest.mark.parametrize(
    "change",
    [
        lambda manifest: manifest.update(verb="explain"),
        lambda manifest: manifest.update(verb="benchmark"),
        lambda manifest: manifest["settings"].pop("budget"),
        lambda manifest: manifest["settings"].update(budget=-1),
        lambda manifest: manifest["settings"].update(budget=0),
        lambda manifest: manifest["settings"].update(budget=10**400),
        lambda manifest: manifest["settings"].update(budget=10**15, seed=-3),
        lambda manifest: manifest["settings"].update(max_l2={"a": [1]}, search="x" * 5000, seed=10**30),
        lambda manifest: manifest["data"].update(samples=-5),
        lambda manifest: manifest["model"].update(classes=[]),
        lambda manifest: manifest["spec"].update(shape=[1, 1, 1]),
        lambda manifest: manifest["spec"].update(bounds=[0, 0]),
        lambda manifest: manifest.update(cell=[0, 0], palette=[]),
    ],
)
def test_an_odd_run_is_compared_or_refused_in_words(two: Path, entered: Enter, change: Any) -> None:
    edit(two / "second", change)
    for query in (BOTH, "/compare?run=second&run=first"):
        answer = entered(two).get(query)
        assert answer.status_code in (200, 400, 422), answer.text
        assert answer.status_code == 200 or len(answer.text.splitlines()) == 1


@pytest.mark.parametrize("file", ["run.json", "results.jsonl", "sessions.jsonl", "rows.jsonl"])
@pytest.mark.parametrize("text", [b"", b"{\n", b"[]\n", b"\xff\n", b"[" * 100_000 + b"\n", b'{"a": 1e999}\n'])
def test_a_damaged_run_is_refused_in_words(two: Path, entered: Enter, file: str, text: bytes) -> None:
    (two / "second" / file).write_bytes(text)
    answer = entered(two).get(BOTH)
    assert answer.status_code in (200, 400, 422) and (answer.status_code == 200) == (
        text == b"" and file != "run.json"
    )


@pytest.mark.filterwarnings("ignore::RuntimeWarning")
def test_numbers_of_a_line_may_be_anything(two: Path, entered: Enter) -> None:
    results = two / "second" / "results.jsonl"
    lines = [json.loads(line) for line in results.read_text().splitlines()]
    for name, value in (("queries", 10**30), ("queries", -1), ("seconds", 1e308), ("top", [[10**9, 0.5]])):
        results.write_text("".join(json.dumps({**line, name: value}) + "\n" for line in lines))
        assert entered(two).get(BOTH).status_code in (200, 422), name
    odd: list[tuple[str, Any]] = [("l2", 1e308), ("l2", -1), ("query", 10**30), ("predicted", 99)]
    for name, value in [*odd, ("file", "../../first/flips/x")]:
        changed = [
            {**line, "closest": {**line["closest"], name: value}} for line in lines if line.get("closest")
        ]
        results.write_text("".join(json.dumps(line) + "\n" for line in changed))
        assert entered(two).get(BOTH).status_code in (200, 422), name


def test_files_behind_links_and_too_large_ones_are_not_read(
    two: Path, entered: Enter, monkeypatch: pytest.MonkeyPatch
) -> None:
    client, results = entered(two), two / "second" / "results.jsonl"
    monkeypatch.setattr(comparing, "MOST_BYTES", 100)
    assert client.get(BOTH).status_code == 422
    monkeypatch.undo()
    results.unlink()
    results.symlink_to(two / "first" / "results.jsonl")
    answer = client.get(BOTH)
    assert answer.status_code == 422 and "no plain file" in answer.text


def test_hostile_names_are_text(two: Path, entered: Enter) -> None:
    edit(two / "second", lambda manifest: manifest["settings"].update(search=HOSTILE))
    for run in ("first", "second"):
        edit(two / run, lambda manifest: manifest["model"].update(name=HOSTILE, classes=[HOSTILE] * 3))
        results = two / run / "results.jsonl"
        lines = [json.loads(line) for line in results.read_text().splitlines()]
        results.write_text(
            "".join(json.dumps({**line, "sample": f"{HOSTILE}{k}"}) + "\n" for k, line in enumerate(lines))
        )
    answer = entered(two).get(BOTH)
    assert answer.status_code == 200 and not Tags(answer.text).trouble
    assert "<img src=x" not in answer.text and "&lt;img src=x" in answer.text


def test_as_many_as_the_page_takes(two: Path, entered: Enter) -> None:
    names = [f"r{k}" for k in range(MOST_COMPARED + 1)]
    for name in names:
        shutil.copytree(two / "first", two / name)
    client = entered(two)
    assert client.get("/compare?" + "&".join(f"run={name}" for name in names[:-1])).status_code == 200
    assert client.get("/compare?" + "&".join(f"run={name}" for name in names)).status_code == 400
