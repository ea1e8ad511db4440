"""What pages show when servers and runs go, and of names without an end, in a real browser."""

import fcntl
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from time import sleep
from typing import Any

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


def shown_in_time(page: Any, text: str) -> None:
    """Wait until a page says this of its server, or nothing, while its own clock runs fast."""
    lost = page.locator("#lost")
    for _ in range(200):
        page.clock.run_for(1000)
        if (text in lost.text_content()) if text else lost.is_hidden():
            return
        sleep(0.05)
    raise AssertionError(lost.text_content())


def test_a_page_says_that_its_server_is_gone(root: Path) -> None:
    with (root / "first" / "lock").open("w") as lock, sync_api.sync_playwright() as playwright:
        fcntl.flock(lock, fcntl.LOCK_EX)  # as a command that works on it
        browser = playwright.chromium.launch(executable_path=str(CHROMIUM), args=["--no-sandbox"])
        context = browser.new_context()
        context.clock.install()
        page = context.new_page()
        with served(root, "0") as link:
            base = link.split("/enter")[0]
            page.goto(link)
            pages = [context.new_page() for _ in PLACES]
            for one, place in zip(pages, PLACES, strict=True):
                one.goto(base + place)
                one.wait_for_load_state("networkidle" if "first" not in place else "load")
                assert one.locator("#lost").is_hidden()
        pages[-1].locator("input[name=budget]").fill("5")
        for one in pages:
            shown_in_time(one, "brittle serve does not answer")
        with served(root, base.rpartition(":")[2]) as link:
            pages[-1].locator("input[name=budget]").fill("6")
            for one in pages:
                shown_in_time(one, "open the link that brittle printed")
            page.goto(link)
            for one in pages[:-1]:
                shown_in_time(one, "")
            (root / "first" / "run.json").unlink()
            sync_api.expect(pages[2].locator("#now")).to_have_text("The audit is gone.")
            sync_api.expect(pages[2].locator("#name")).to_have_text("It ended before anything was told")
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
