"""Every page of runs as they are, and of runs that are damaged, hostile or half written."""

import json
import re
from base64 import b64encode
from collections.abc import Callable
from hashlib import sha256
from html.parser import HTMLParser
from pathlib import Path

import pytest
from starlette.testclient import TestClient

from brittle.server.pages import statics
from brittle.server.policy import report_policy
from brittle.server.reading.folders import Folders, read_inside
from brittle.server.reading.lines import Lines
from brittle.server.reading.names import from_part, to_part
from same_run import edit

Enter = Callable[..., TestClient]
HOSTILE = "</script><script>alert(1)</script>\"'><img src=x onerror=alert(1)>"


class Tags(HTMLParser):
    """The tags of a page, and what may run in it."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.tags: list[str] = []
        self.trouble: list[str] = []
        self.feed(text)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append(tag)
        names = dict(attrs)
        self.trouble += [f"{tag} {name}" for name in names if name.startswith("on") or name == "style"]
        if tag == "script" and not str(names.get("src", "")).startswith("/static/"):
            self.trouble.append("a script in the page")


def lines_of(root: Path) -> list[dict[str, object]]:
    return [json.loads(line) for line in (root / "first" / "results.jsonl").read_text().splitlines()]


def test_every_page_of_a_finished_run(root: Path, entered: Enter) -> None:
    client = entered(root)
    sample = next(str(line["sample"]) for line in lines_of(root) if line["status"] == "flipped")
    for path in ("/", "/runs/first", "/runs/first/live", f"/runs/first/samples/{to_part(sample)}"):
        answer = client.get(path)
        assert answer.status_code == 200 and not Tags(answer.text).trouble, path
    assert client.get(f"/runs/first/samples/{to_part(sample)}/flip.jpg").content[:2] == b"\xff\xd8"
    standing = client.get("/api/runs/first").json()
    assert standing == client.get("/api/runs").json()[0]
    assert standing["state"] == "done" and standing["done"] == standing["total"] == 5
    assert standing["counts"]["flipped"] == sum(line["status"] == "flipped" for line in lines_of(root))


def test_the_grid_is_narrowed_and_paged(root: Path, entered: Enter) -> None:
    client = entered(root)
    flipped = client.get("/runs/first?status=flipped").text
    assert flipped.count("flip.jpg") == client.get("/api/runs/first").json()["counts"]["flipped"]
    for query in ("?page=99", "?page=-1", "?page=x", "?page=" + "9" * 5000, "?status=<script>"):
        assert client.get(f"/runs/first{query}").status_code == 200


def test_a_report_is_shown_in_a_sandbox_where_only_our_script_runs(root: Path, entered: Enter) -> None:
    answer = entered(root).get("/runs/first/report.html")
    policy = answer.headers["content-security-policy"]
    assert policy == report_policy() and policy.startswith("sandbox allow-scripts; default-src 'none'")
    assert "allow-same-origin" not in policy
    scripts = re.findall(r"<script>(.*?)</script>", answer.text, re.S)
    assert len(scripts) == 1
    assert b64encode(sha256(scripts[0].encode()).digest()).decode() in policy


def test_files_are_served_as_they_are_and_no_others(root: Path, entered: Enter) -> None:
    client, run = entered(root), root / "first"
    flip = next(run.glob("flips/*.png")).name
    answer = client.get(f"/runs/first/files/flips/{flip}")
    assert answer.content == (run / "flips" / flip).read_bytes()
    assert answer.headers["content-security-policy"].startswith("sandbox")
    (run / "secret.txt").write_text("no")
    (run / "flips" / "page.html").write_text(HOSTILE)
    assert client.get("/runs/first/files/flips/page.html").headers["content-disposition"] == "attachment"
    for path in ("secret.txt", "lock", "../first/run.json", "flips/../secret.txt", "flips", "%2e%2e/x", ""):
        assert client.get(f"/runs/first/files/{path}").status_code == 404, path


def test_nothing_is_served_through_a_link_or_from_outside(root: Path, tmp_path: Path, entered: Enter) -> None:
    client, outside = entered(root), tmp_path / "outside"
    (outside / "run").mkdir(parents=True)
    (outside / "run" / "run.json").write_bytes((root / "first" / "run.json").read_bytes())
    (outside / "report.html").write_text("secret")
    (root / "linked").symlink_to(outside / "run")
    assert client.get("/api/runs/linked").status_code == 404
    assert [one["id"] for one in client.get("/api/runs").json()] == ["first"]
    (root / "first" / "report.html").unlink()
    (root / "first" / "report.html").symlink_to(outside / "report.html")
    (root / "first" / "flips" / "out.png").symlink_to(outside / "report.html")
    assert client.get("/runs/first/report.html").status_code == 404
    assert client.get("/runs/first/files/flips/out.png").status_code == 404
    for name in ("..", "../outside/run", ".", "first/..", "/etc", "first/../first"):
        assert client.get(f"/api/runs/{to_part(name)}").status_code == 404, name


def test_a_file_of_results_that_is_a_link_is_not_read(root: Path, entered: Enter) -> None:
    client, results = entered(root), root / "first" / "results.jsonl"
    results.rename(root / "elsewhere.jsonl")
    results.symlink_to(root / "elsewhere.jsonl")
    assert client.get("/api/runs/first").json()["done"] == 0


def test_hostile_names_are_text(root: Path, entered: Enter) -> None:
    run = root / "first"
    edit(run, lambda manifest: manifest["model"].update(name=HOSTILE, classes=[HOSTILE] * 3))
    lines = [{**line, "sample": f"{HOSTILE}{k}", "message": HOSTILE} for k, line in enumerate(lines_of(root))]
    (run / "results.jsonl").write_text("".join(json.dumps(line) + "\n" for line in lines))
    client = entered(root)
    for path in ("/", "/runs/first", "/runs/first/live", f"/runs/first/samples/{to_part(HOSTILE + '0')}"):
        answer = client.get(path)
        assert answer.status_code == 200 and not Tags(answer.text).trouble, path
        assert "<img src=x" not in answer.text


@pytest.mark.parametrize(
    "text",
    [
        b"",
        b"{",
        b"[]",
        b'{"format": 9}',
        b"\xff\xfe",
        b'{"format": 1, "settings": {}, "model": {}, "data": {}}',
        b"[" * 100_000,
    ],
)
def test_a_damaged_run_is_one_line_of_trouble(root: Path, entered: Enter, text: bytes) -> None:
    (root / "first" / "run.json").write_bytes(text)
    client = entered(root)
    answer = client.get("/")
    assert answer.status_code == 200 and "trouble" in answer.text
    assert client.get("/runs/first").status_code == 404 == client.get("/runs/first/live").status_code


def test_damaged_lines_are_left_out_and_half_ones_waited_for(root: Path, entered: Enter) -> None:
    results, client = root / "first" / "results.jsonl", entered(root)
    whole = results.read_bytes()
    odd = [b"{}", b"7", b"[]", b"\xff", b'{"sample": 7, "status": "flipped"}', b"{" * 50_000]
    odd.append(
        b'{"sample": "odd", "status": "flipped", "queries": 1e999, "closest": {"l2": "x"}, "first": 3}'
    )
    results.write_bytes(b"\n".join(odd) + b"\n" + whole[:-20])
    found = client.get("/api/runs/first").json()
    assert found["done"] == 5 and found["state"] == "done"  # odd, and four whole ones
    assert client.get("/runs/first").status_code == 200
    assert client.get("/runs/first/samples/odd").status_code == 422
    assert client.get("/runs/first/samples/odd/flip.jpg").status_code == 422
    results.write_bytes(whole)
    assert client.get("/runs/first/samples/odd").status_code == 404


def test_missing_files_take_nothing_else_down(root: Path, entered: Enter) -> None:
    run, client = root / "first", entered(root)
    sample = to_part(next(str(line["sample"]) for line in lines_of(root) if line["status"] == "flipped"))
    for flip in run.glob("flips/*"):
        flip.unlink()
    assert client.get(f"/runs/first/samples/{sample}").status_code == 200
    assert client.get(f"/runs/first/samples/{sample}/flip.jpg").status_code == 422
    (run / "results.jsonl").unlink()
    assert client.get("/api/runs/first").json()["state"] == "interrupted"


def test_lines_follow_a_file_that_grows_and_one_that_is_replaced(tmp_path: Path) -> None:
    path, lines = tmp_path / "results.jsonl", Lines(tmp_path)
    assert not lines.update().by_sample
    line = '{"sample": "a", "status": "flipped"}\n'
    path.write_text(line + line.replace('"a"', '"b"')[:10])
    assert list(lines.update().by_sample) == ["a"]
    path.write_text(line + line.replace('"a"', '"b"'))
    assert list(lines.update().by_sample) == ["a", "b"] and lines.text_of("b") is not None
    other = tmp_path / "other"
    other.write_text(line.replace('"a"', '"c"') + line)
    other.replace(path)
    assert list(lines.update().by_sample) == ["c", "a"] and lines.text_of("gone") is None


@pytest.mark.parametrize("text", ["", "a", "a/b c", "..", ".x", "é/ü", "=2F", "\udcff", "</script>", "%2e"])
def test_names_are_one_part_of_an_address_and_come_back(text: str) -> None:
    part = to_part(text)
    assert re.fullmatch(r"[A-Za-z0-9=_.-]+", part) and not part.startswith(".")
    assert from_part(part) == text


@pytest.mark.parametrize("part", ["..", ".", "a/b", "=2f", "=61", "%2e", "=", "a=", "é", "x" * 5000])
def test_parts_that_no_name_has_are_none(part: str) -> None:
    assert from_part(part) in (None, "") and (part == "=") == (from_part(part) == "")


def test_other_folders_are_found_with_their_pages(root: Path, entered: Enter) -> None:
    for folder, file, page in (
        ("hard", "benchmark.json", "board.html"),
        ("net", "question.json", "harden.html"),
    ):
        (root / "deep" / folder).mkdir(parents=True)
        (root / "deep" / folder / file).write_text("{}")
        (root / "deep" / folder / page).write_text("<p>page</p>")
    client = entered(root)
    listed = client.get("/").text
    for address in ("/runs/deep=2Fhard/board.html", "/runs/deep=2Fnet/harden.html"):
        assert address in listed and client.get(address).headers["content-security-policy"] == report_policy()
    assert client.get("/runs/deep=2Fnet/run.json").status_code == 404


def test_a_run_may_be_served_itself(root: Path, entered: Enter) -> None:
    assert entered(root / "first").get("/api/runs/=").json()["done"] == 5
    assert read_inside(root / "first", "/etc/passwd") is None
    assert read_inside(root / "first", "flips/../run.json") is None
    assert read_inside(root / "first", "run.json") is not None
    assert Folders(root).get("first" + "/" * 3) is None


def test_no_asset_asks_a_network() -> None:
    import importlib.resources

    templates = importlib.resources.files("brittle.server") / "templates"
    assets = {**statics(), **{entry.name: entry.read_bytes() for entry in templates.iterdir()}}
    assert len(assets) > 10
    for name, data in assets.items():
        text = data.decode().replace("http://www.w3.org/2000/svg", "")
        assert not re.search(r"https?:|//[a-z0-9-]+\.[a-z]|@import|eval\(|innerHTML", text), name
