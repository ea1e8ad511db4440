"""A bundle holds the pages of every verb, leads nowhere else, and is safe to open whatever the runs hold."""

import json
import os
import re
import shutil
import subprocess
import sys
from collections.abc import Iterator
from hashlib import sha256
from html.parser import HTMLParser
from pathlib import Path
from posixpath import dirname, normpath
from urllib.parse import unquote, urlsplit

import pytest

from brittle.core.errors import RunError
from brittle.server.bundle.bundle import bundle
from brittle.server.bundle.classic import classic
from brittle.server.pages import statics
from brittle.server.policy import OWN_IN_FILES, report_policy_in_files
from same_run import edit

HOSTILE = "</script><script>alert(1)</script>\"'><img src=x onerror=alert(1)>"
ATTRIBUTES = {"href", "src", "action", "data", "poster", "srcset"}


class Page(HTMLParser):
    """What a page leads to, its policy, and what may run in it."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.addresses: list[str] = []
        self.policy = ""
        self.trouble: list[str] = []
        self.feed(text)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        names = {name: value or "" for name, value in attrs}
        self.addresses += [value for name, value in names.items() if name in ATTRIBUTES]
        if names.get("http-equiv", "").lower() == "content-security-policy":
            self.policy = self.policy or names["content"]
        self.trouble += [f"{tag} {name}" for name in names if name.startswith("on")]
        if tag == "script" and "src" not in names and names.get("type") != "application/json":
            self.trouble.append("a script in the page")


@pytest.fixture(scope="session")
def site(runs: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Its bundle, not to be changed."""
    out = tmp_path_factory.mktemp("bundle") / "site"
    made = bundle(runs, out)
    assert made.runs == 6 and made.left_out == ()
    assert made.files == sum(1 for _ in files(out))
    return out


@pytest.fixture
def root(runs: Path, tmp_path: Path) -> Path:
    """A copy of one of its runs, in a folder of runs."""
    shutil.copytree(runs / "trailed", tmp_path / "root" / "trailed")
    return tmp_path / "root"


def files(folder: Path) -> Iterator[Path]:
    return (path for path in folder.rglob("*") if not path.is_dir())


def pages_of(site: Path) -> dict[str, Page]:
    found = {str(path.relative_to(site)): Page(path.read_text()) for path in site.rglob("*.html")}
    assert "index.html" in found
    return found


def test_every_link_leads_to_a_file_of_the_bundle(site: Path) -> None:
    found = pages_of(site)
    reached = {"index.html"}
    for name, page in found.items():
        for address in page.addresses:
            parts = urlsplit(address)
            if parts.scheme == "data" or (not parts.path and parts.fragment):
                continue
            assert not parts.scheme and not parts.netloc and not address.startswith("/"), (name, address)
            target = normpath(f"{dirname(name)}/{unquote(parts.path)}".lstrip("/"))
            assert (site / target).is_file(), (name, address)
            reached.add(target)
    assert found.keys() <= reached


def test_pages_say_what_they_may_do_and_hold_no_scripts(site: Path) -> None:
    reports = {"report.html", "harden.html", "board.html", "compare.html"}
    for name, page in pages_of(site).items():
        of_run = name.rsplit("/", 1)[-1] in reports
        assert page.policy == (report_policy_in_files() if of_run else OWN_IN_FILES), name
        assert of_run or not page.trouble, name
    text = "".join(path.read_text() for path in site.rglob("*.html") if path.name not in reports)
    assert not re.search(r"https?://(?!www\.w3\.org)", text)


def test_every_verb_and_state_is_there(site: Path) -> None:
    listed = (site / "index.html").read_text()
    for text in ("halted", "interrupted", "damaged", "hard set", "hardening", "comparison", "explain"):
        assert text in listed, text
    grid = (site / "runs" / "maps" / "index.html").read_text()
    assert "explained" in grid and (site / "runs" / "maps" / "samples" / "000000.html").is_file()
    assert not any(word in listed for word in ("Compare", "Verify", "Download", "New audit", "Watch it"))


def test_digests_are_those_of_all_files(site: Path) -> None:
    lines = (site / "SHA256SUMS").read_text().splitlines()
    told = {line[66:]: line[:64] for line in lines}
    assert lines == sorted(lines, key=lambda line: line[66:])
    assert told == {
        str(path.relative_to(site)): sha256(path.read_bytes()).hexdigest()
        for path in files(site)
        if path.name != "SHA256SUMS"
    }


def test_the_same_runs_give_the_same_bytes_in_place_of_an_earlier_bundle(
    site: Path, runs: Path, tmp_path: Path
) -> None:
    shutil.copytree(runs, tmp_path / "elsewhere" / "runs")
    for path in (tmp_path / "elsewhere").rglob("*"):
        os.utime(path, (0, 0))
    shutil.copytree(site, tmp_path / "out")
    (tmp_path / "out" / "index.html").write_text("earlier")
    bundle(tmp_path / "elsewhere" / "runs", tmp_path / "out")
    assert (tmp_path / "out" / "SHA256SUMS").read_bytes() == (site / "SHA256SUMS").read_bytes()
    assert sorted(path.name for path in tmp_path.iterdir()) == ["elsewhere", "out"]


def test_what_else_is_there_is_not_written_over(root: Path, tmp_path: Path, site: Path) -> None:
    out = tmp_path / "out"
    out.mkdir()
    bundle(root, out)
    (out / "notes.txt").write_text("mine")
    with pytest.raises(RunError, match=r"notes\.txt"):
        bundle(root, out)
    (tmp_path / "file").write_text("")
    (tmp_path / "link").symlink_to(site)
    (tmp_path / "foreign").mkdir()
    (tmp_path / "foreign" / "thesis.tex").write_text("mine")
    for wrong in ("file", "link", "foreign", "root/site", "root", "."):
        with pytest.raises(RunError, match="choose another --out"):
            bundle(root, tmp_path / wrong)
    with pytest.raises(RunError, match="expected a folder of runs"):
        bundle(tmp_path / "none", tmp_path / "new")
    assert not (tmp_path / "new").exists() and (tmp_path / "foreign" / "thesis.tex").exists()


def test_hostile_names_are_text(root: Path, tmp_path: Path) -> None:
    run = root / "trailed"
    edit(run, lambda manifest: manifest["model"].update(name=HOSTILE, classes=[HOSTILE] * 3))
    lines = [json.loads(line) for line in (run / "results.jsonl").read_text().splitlines()]
    changed = [{**line, "sample": f"../{HOSTILE}{k}", "message": HOSTILE} for k, line in enumerate(lines)]
    (run / "results.jsonl").write_text("".join(json.dumps(line) + "\n" for line in changed))
    run.rename(root / "a' b")
    bundle(root, tmp_path / "out")
    found = pages_of(tmp_path / "out")
    assert len(found) >= 3 + len(lines)
    for name, page in found.items():
        assert name.endswith("report.html") or not page.trouble, name
        assert "<img src=x" not in (tmp_path / "out" / name).read_text()
    assert {path.name for path in tmp_path.iterdir()} == {"root", "out"}


def test_a_trail_cannot_end_its_script(root: Path, tmp_path: Path) -> None:
    for file in (root / "trailed" / "trail").iterdir():
        file.write_text(file.read_text().replace('"label":"', '"label":"</script><img src=x>'))
    bundle(root, tmp_path / "out")
    text = "".join(path.read_text() for path in (tmp_path / "out").rglob("samples/*.html"))
    assert "<img src=x>" not in text and r"\u003cimg src=x\u003e" in text


def test_a_strangers_report_is_shielded_or_left_out(root: Path, tmp_path: Path) -> None:
    report = root / "trailed" / "report.html"
    report.write_text("<script>alert(1)</script>")
    bundle(root, tmp_path / "out")
    text = (tmp_path / "out" / "runs" / "trailed" / "report.html").read_text()
    assert re.match(r'<!doctype html><meta charset="utf-8"><meta http-equiv="Content-Security-Policy"', text)
    for foreign in ("<META HTTP-EQUIV=refresh content='0;url=//x'>", "<base href=//x>", "<iframe src=x>"):
        report.write_text(foreign)
        made = bundle(root, tmp_path / "out")
        assert made.left_out == ("trailed: report.html, which is none that brittle writes",)
        assert "report.html" not in (tmp_path / "out" / "runs" / "trailed" / "index.html").read_text()


def test_records_that_do_not_fit_are_told_on_their_pages(root: Path, tmp_path: Path) -> None:
    run = root / "trailed"
    edit(run, lambda manifest: manifest.update(palette=manifest["palette"][:1]))
    line = json.loads((run / "results.jsonl").read_text().splitlines()[0])
    with (run / "results.jsonl").open("a") as results:
        results.write(json.dumps({**line, "sample": "\ud800"}) + "\n")
        results.write(json.dumps({"sample": "odd", "status": "flipped", "closest": {"l2": 1}}) + "\n")
    bundle(root, tmp_path / "out")
    samples = tmp_path / "out" / "runs" / "trailed" / "samples"
    assert len(list(samples.glob("*.html"))) == 6
    told = [path.name for path in samples.glob("*.html") if "It cannot be shown" in path.read_text()]
    assert "odd.html" in told and len(told) > 1
    assert not (samples / "odd.jpg").exists()


def test_no_link_is_followed_and_what_is_left_out_is_told(
    root: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    run, outside = root / "trailed", tmp_path / "outside"
    outside.mkdir()
    (outside / "secret.png").write_text("secret")
    (run / "flips" / "out.png").symlink_to(outside / "secret.png")
    (run / "flips" / "page.html").write_text(HOSTILE)
    (run / "masks").symlink_to(outside)
    (run / "results.csv").unlink()
    (run / "results.csv").symlink_to(outside / "secret.png")
    (root / "linked").symlink_to(run)
    made = bundle(root, tmp_path / "out", samples=2)
    assert made.runs == 1
    assert made.left_out == ("trailed: 1 files, which are too large or links", "trailed: pages of 3 samples")
    assert not any(path.name == "page.html" or b"secret" in path.read_bytes() for path in files(made.path))
    monkeypatch.setattr("brittle.server.bundle.bundling.MOST_BYTES", 0)
    assert "too large" in bundle(root, tmp_path / "out").left_out[0]
    assert not list((tmp_path / "out").rglob("*.png"))


def test_a_run_may_be_bundled_itself_without_its_files(root: Path, tmp_path: Path) -> None:
    made = bundle(root / "trailed", tmp_path / "out", files="none", samples=0)
    assert made.runs == 1 and (tmp_path / "out" / "runs" / "report.html").is_file()
    assert not list((tmp_path / "out").rglob("*.csv")) and not list((tmp_path / "out").rglob("samples"))
    bundle(root / "trailed", tmp_path / "out", files="tables")
    assert list((tmp_path / "out").rglob("results.csv")) and not list((tmp_path / "out").rglob("*.png"))


def test_scripts_become_one_without_imports() -> None:
    modules = {
        "a.js": b'import { b, c } from "./b.js";\nimport "./c.js";\n\nexport const a = b + c;\n',
        "b.js": b'import {\n  d,\n} from "./c.js";\nexport function b() { return d; }\nexport const c = 1;\n',
        "c.js": b"export const d = 2;\nconst a = 3;\n",
    }
    text = classic("a.js", modules)
    assert "import" not in text and "export" not in text
    assert text.index('modules["c.js"] =') < text.index('modules["b.js"] =') < text.index('modules["a.js"] =')
    assert 'const { b, c } = modules["b.js"];' in text and "return { b, c };" in text
    for name in ("filter.js", "sample.js"):
        assert not re.search(r"^\s*(import|export)\b", classic(name, statics()), re.MULTILINE)


def test_the_command_needs_no_server(root: Path, tmp_path: Path) -> None:
    words = ["brittle", "bundle", str(root), "--out", str(tmp_path / "out"), "--samples", "1"]
    script = (
        "import sys\n"
        "sys.modules |= dict.fromkeys(('starlette', 'uvicorn', 'torch', 'onnx'))\n"
        "from brittle.cli import main\n"
        f"sys.argv = {words}\n"
        "main()\n"
    )
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, timeout=60)
    assert done.returncode == 0, done.stderr
    assert "left out: trailed: pages of 4 samples" in done.stdout
    assert done.stdout.splitlines()[-1] == f"Bundle: {tmp_path / 'out' / 'index.html'}"


CHROMIUM = Path("/usr/bin/chromium")


@pytest.mark.skipif(not CHROMIUM.exists(), reason="there is no chromium")
def test_it_works_in_a_browser_from_files(site: Path, root: Path, tmp_path: Path) -> None:
    api = pytest.importorskip("playwright.sync_api")
    (root / "trailed" / "report.html").write_text("<p>page</p><script>document.title = 'mine'</script>")
    bundle(root, tmp_path / "out")
    troubles: list[str] = []
    with api.sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=str(CHROMIUM), args=["--no-sandbox"])
        page = browser.new_page()
        page.on("console", lambda said: troubles.append(said.text))
        page.on("pageerror", lambda error: troubles.append(str(error)))
        page.on("request", lambda asked: troubles.append(asked.url) if asked.url.startswith("http") else None)
        page.goto((site / "index.html").as_uri())
        page.get_by_label("Filter").fill("halted")
        api.expect(page.locator("#runs tbody tr:visible")).to_have_count(1)
        assert page.locator("#matches").inner_text() == "1 of 6"
        page.get_by_label("Filter").fill("")
        page.get_by_role("button", name="Run").click()
        api.expect(page.locator("#runs th").first).to_have_attribute("aria-sort", re.compile("."))
        page.get_by_role("link", name="trailed").click()
        page.get_by_role("link", name="flipped").click()
        page.locator(".grid a").first.click()
        api.expect(page.locator("#curve .flip").first).to_be_attached()
        api.expect(page.locator("#modified img")).to_be_visible()
        told, slider = page.locator("#told"), page.get_by_label("Step")
        api.expect(told).to_contain_text("a flip")
        last = int(slider.get_attribute("max") or 0)
        assert last and slider.input_value() == str(last)
        page.get_by_role("button", name="Earlier").click()
        api.expect(slider).to_have_value(str(last - 1))
        slider.focus()
        page.keyboard.press("Home")
        api.expect(told).to_contain_text("query 1 of 40: untouched")
        assert page.locator("#nearest").inner_text() == "none yet"
        assert page.get_by_role("button", name="Earlier").is_disabled()
        page.get_by_role("button", name="Play").click()
        api.expect(slider).to_have_value("1")
        page.get_by_role("button", name="Pause").click()
        at = int(slider.input_value())
        page.get_by_role("button", name="Play").press("ArrowRight")
        assert int(slider.input_value()) == min(last, at + 1)
        assert troubles == []
        page.goto((tmp_path / "out" / "runs" / "trailed" / "report.html").as_uri())
        assert page.title() == "" and any("Content Security Policy" in text for text in troubles)
        browser.close()
