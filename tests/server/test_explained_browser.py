"""An explanation at work in a real browser, where there is one."""

import fcntl
import re
import shutil
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from time import monotonic, sleep

import numpy as np
import pytest

from brittle.core.explain_run import Book
from brittle.core.explanation import Explanation, Outcome, Share
from brittle.explainers.masks import soft_masks
from brittle.store import live
from brittle.tasks.watching import telling
from brittle.tasks.watching.explained import MapSpotlight
from explainers.planted import Stage, box, one
from server.test_browser import CHROMIUM, looked_over
from server.test_pages import HOSTILE

sync_api = pytest.importorskip("playwright.sync_api")
pytestmark = pytest.mark.skipif(not CHROMIUM.exists(), reason="there is no chromium")

REGION = box((56, 56), (8, 20), (36, 50))
PIXEL = """(at) => {
  const canvas = document.querySelector("#map canvas");
  const [x, y] = at.map((share) => Math.floor(share * canvas.width));
  return [...canvas.getContext("2d").getImageData(x, y, 1, 1).data];
}"""
"""Red, green, blue and opacity of the map at these shares of its sides."""


@contextmanager
def served(root: Path) -> Iterator[str]:
    """The link of a page of a folder."""
    words = ["serve", str(root), "--port", "0", "--read-only"]
    server = subprocess.Popen([sys.executable, "-m", "brittle", *words], stdout=subprocess.PIPE, text=True)
    assert server.stdout is not None
    try:
        yield server.stdout.readline().split()[-1]
    finally:
        server.send_signal(signal.SIGINT)
        assert server.wait(15) == 0


def test_a_map_grows_in_the_page(explained: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for name, value in (("APART", 0.0), ("SHARE", float("inf"))):
        monkeypatch.setattr(telling, name, value)
    monkeypatch.setattr(live, "LOOKS_EVERY", 0.0)
    shutil.copytree(explained, tmp_path / "root")
    run = tmp_path / "root" / "map"
    stage = Stage(one(REGION), (56, 56))
    book = Book(stage.scene(300), stage.veil, 300, {"queries": 2, "fill": HOSTILE})
    follower, rng, troubles = MapSpotlight(run, ["none", HOSTILE]), np.random.default_rng(0), list[str]()

    def show(rows: int) -> None:
        masks = soft_masks(rng, rows, (56, 56), 7, 0.5)
        book.known = {**book.known, "queries": book.known["queries"] + rows}
        follower.onlook(book, masks, stage.ask(masks))

    with (run / "lock").open("w") as lock, served(tmp_path / "root") as link:
        fcntl.flock(lock, fcntl.LOCK_EX)  # as a command that works on it
        show(1)  # before anybody watches
        with sync_api.sync_playwright() as playwright:
            browser = playwright.chromium.launch(executable_path=str(CHROMIUM), args=["--no-sandbox"])
            page = browser.new_page()
            page.on("console", lambda said: troubles.append(said.text) if said.type == "error" else None)
            page.on("pageerror", lambda error: troubles.append(str(error)))
            page.goto(link)
            page.goto(f"{link.split('/enter')[0]}/runs/map/live")
            end = monotonic() + 20
            while not (run / "live" / "watched").exists() and monotonic() < end:
                sleep(0.02)
            for _ in range(6):
                show(50)
            steps = page.locator("#live")
            page.locator("#used", has_text="query 303 of 300").wait_for()
            assert page.locator("#masked img").count() == 1 and page.locator("#curve circle").count() > 100
            red, green, _, opacity = page.evaluate(PIXEL, [43 / 56, 14 / 56])
            assert red > 200 and green > 120 and opacity > 150  # what was planted is bright
            assert page.evaluate(PIXEL, [10 / 56, 45 / 56])[3] < 150
            assert HOSTILE in page.locator("#label").inner_text()
            troubles += looked_over(page)
            page.get_by_role("button", name="Pause").click()
            before = steps.get_attribute("data-steps")
            show(5)
            sleep(0.5)
            assert steps.get_attribute("data-steps") == before
            page.get_by_role("button", name="Go on").click()
            sync_api.expect(steps).not_to_have_attribute("data-steps", str(before))
            part = Share(0.08, 300, 0.9, 1, "")
            follower.ended(
                Explanation("planted", 1, Outcome.EXPLAINED, "rise", 308, suffices=part, flips=part)
            )
            page.locator("#now", has_text=re.compile("Ended .*suffices")).wait_for()
            assert page.locator("#ended a").get_attribute("href") == "/runs/map/samples/planted"
            page.goto(f"{link.split('/enter')[0]}/runs/map")
            troubles += looked_over(page)
            page.locator(".grid a").first.click()
            page.locator(".pictures img").first.wait_for()
            troubles += looked_over(page)
            browser.close()
    assert troubles == []
