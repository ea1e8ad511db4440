"""What pages show when servers and runs go, and of names without an end, in a real browser."""

import fcntl
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from same_run import edit
from server.test_browser import CHROMIUM

sync_api = pytest.importorskip("playwright.sync_api")
pytestmark = pytest.mark.skipif(not CHROMIUM.exists(), reason="there is no chromium")
PLACES = ("/", "/runs/first", "/runs/first/live", "/new/audit")


@contextmanager
def served(root: Path, port: str) -> Iterator[str]:
    """The link of a page of a folder, until the server is killed."""
    words = ["serve", str(root), "--port", port]
    server = subprocess.Popen([sys.executable, "-m", "brittle", *words], stdout=subprocess.PIPE, text=True)
    assert server.stdout is not None
    try:
        yield server.stdout.readline().split()[-1]
    finally:
        server.kill()
        server.wait()


def test_a_page_says_that_its_server_is_gone(root: Path) -> None:
    with (root / "first" / "lock").open("w") as lock, sync_api.sync_playwright() as playwright:
        fcntl.flock(lock, fcntl.LOCK_EX)  # as a command that works on it
        browser = playwright.chromium.launch(executable_path=str(CHROMIUM), args=["--no-sandbox"])
        context = browser.new_context()
        page = context.new_page()
        with served(root, "0") as link:
            base = link.split("/enter")[0]
            page.goto(link)
            pages = [context.new_page() for _ in PLACES]
            for one, place in zip(pages, PLACES, strict=True):
                one.goto(base + place)
                one.wait_for_load_state("networkidle" if "first" not in place else "load")
                assert one.locator("#lost").is_hidden()
        said = [one.locator("#lost") for one in pages]
        pages[-1].locator("input[name=budget]").fill("5")
        for one in said:
            sync_api.expect(one).to_contain_text("brittle serve does not answer", timeout=20_000)
        with served(root, base.rpartition(":")[2]) as link:
            pages[-1].locator("input[name=budget]").fill("6")
            for one in said:
                sync_api.expect(one).to_contain_text("open the link that brittle printed", timeout=20_000)
            page.goto(link)
            for one in said[:-1]:
                sync_api.expect(one).to_be_hidden(timeout=20_000)
            (root / "first" / "run.json").unlink()
            sync_api.expect(pages[2].locator("#now")).to_have_text("The audit is gone.")
        browser.close()


def test_names_of_any_length_fit(root: Path) -> None:
    edit(root / "first", lambda run: run["model"].update(name="M" * 300, classes=["class" * 60] * 3))
    with served(root, "0") as link, sync_api.sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=str(CHROMIUM), args=["--no-sandbox"])
        page = browser.new_page(viewport={"width": 640, "height": 900})  # as 1280 at 200 %
        page.goto(link)
        for place in ("", "/runs/first", "/runs/first/live", "/runs/first/samples/000002"):
            page.goto(link.split("/enter")[0] + place)
            assert page.evaluate("document.documentElement.scrollWidth") <= 640, place
        browser.close()
