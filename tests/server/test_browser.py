"""The whole way in a real browser: enter, start, watch, see it end, read the report; where there is one."""

import re
import signal
import subprocess
import sys
from pathlib import Path

import pytest

sync_api = pytest.importorskip("playwright.sync_api")
CHROMIUM = Path("/usr/bin/chromium")
pytestmark = pytest.mark.skipif(not CHROMIUM.exists(), reason="there is no chromium")


def test_an_audit_is_started_watched_and_read(toy: Path) -> None:
    words = ["serve", "runs", "--port", "0", "--models", "toy:slow", "--data", "toy.npz"]
    server = subprocess.Popen(
        [sys.executable, "-m", "brittle", *words], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    )
    assert server.stdout is not None
    link = re.search(r"http://127\.0\.0\.1:\d+/enter\?token=\S+$", server.stdout.readline())
    assert link is not None
    troubles: list[str] = []
    try:
        with sync_api.sync_playwright() as playwright:
            browser = playwright.chromium.launch(executable_path=str(CHROMIUM), args=["--no-sandbox"])
            page = browser.new_page()
            page.on("console", lambda said: troubles.append(said.text) if said.type == "error" else None)
            page.on("pageerror", lambda error: troubles.append(str(error)))
            page.goto(link[0])
            page.get_by_role("link", name="New audit", exact=True).click()
            page.locator("input[name=budget]").fill("50")
            page.locator("select[name=search]").select_option("patchwork")
            page.locator("#command", has_text="--search patchwork --budget 50").wait_for()
            page.get_by_role("button", name="Start the audit").click()
            page.get_by_role("link", name="Watch it live").click(timeout=60_000)
            live = page.locator("#live")
            sync_api.expect(live).not_to_have_attribute("data-steps", "0", timeout=30_000)
            assert page.locator("#modified img").count() == 1 and page.locator("#bars li").count() == 3
            page.locator("#now", has_text="The audit is done").wait_for(timeout=60_000)
            page.get_by_role("link", name="See what was found").click()
            page.get_by_role("link", name="Report").click()
            page.locator("table.sortable th button").first.click()
            sync_api.expect(page.locator("table.sortable th").first).to_have_attribute(
                "aria-sort", re.compile(".")
            )
            browser.close()
    finally:
        server.send_signal(signal.SIGINT)
        assert server.wait(15) == 0
    assert troubles == []
