"""The whole way in a real browser: enter, start, watch, see it end, read, compare; where there is one."""

import re
import shutil
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

sync_api = pytest.importorskip("playwright.sync_api")
CHROMIUM = Path("/usr/bin/chromium")
pytestmark = pytest.mark.skipif(not CHROMIUM.exists(), reason="there is no chromium")
TABS = 5
FAINT = """() => {
  const pen = document.createElement("canvas").getContext("2d", { willReadFrequently: true });
  const rgba = (colour) => {
    pen.clearRect(0, 0, 1, 1);
    pen.fillStyle = colour;
    pen.fillRect(0, 0, 1, 1);
    return [...pen.getImageData(0, 0, 1, 1).data];
  };
  const light = (rgb) => {
    const linear = (v) => (v <= 0.03928 ? v / 12.92 : ((v + 0.055) / 1.055) ** 2.4);
    const [r, g, b] = rgb.slice(0, 3).map((v) => linear(v / 255));
    return 0.2126 * r + 0.7152 * g + 0.0722 * b;
  };
  const behind = (one) => {
    for (let at = one; at; at = at.parentElement) {
      const found = rgba(getComputedStyle(at).backgroundColor);
      if (found[3] === 255) return found;
    }
    return [255, 255, 255, 255];
  };
  const faint = [];
  for (const one of document.querySelectorAll("body *")) {
    const own = [...one.childNodes].some((node) => node.nodeType === 3 && node.textContent.trim());
    if (!own || one.disabled || one.closest("[hidden], .skip") || !one.getClientRects().length) continue;
    const style = getComputedStyle(one);
    const colour = one instanceof SVGElement ? style.fill : style.color;
    const [a, b] = [light(rgba(colour)), light(behind(one))];
    const contrast = (Math.max(a, b) + 0.05) / (Math.min(a, b) + 0.05);
    const size = parseFloat(style.fontSize);
    const large = size >= 24 || (size >= 18.66 && Number(style.fontWeight) >= 700);
    const text = one.textContent.trim().slice(0, 30);
    if (contrast < (large ? 3 : 4.5)) faint.push(`${one.tagName} "${text}" ${contrast.toFixed(2)}`);
  }
  return faint;
}"""
"""Texts of the page with less contrast to what is behind them than WCAG 2 AA asks for."""
NAMELESS = """() => [...document.querySelectorAll("a, button, input, select, progress, svg[role=img]")]
  .filter((one) => {
    const labels = [...(one.labels ?? [])].map((label) => label.textContent).join(" ");
    const label = one.getAttribute("aria-label") ?? labels;
    return one.getClientRects().length && !(label || one.title || one.textContent).trim();
  })
  .map((one) => one.outerHTML.slice(0, 120))"""
"""What can be used, or is a picture, and has no name that could be read out."""


@contextmanager
def served() -> Iterator[str]:
    """The link of a page of the folder runs."""
    words = ["serve", "runs", "--port", "0", "--models", "toy:slow", "--data", "toy.npz"]
    server = subprocess.Popen(
        [sys.executable, "-m", "brittle", *words], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    )
    assert server.stdout is not None
    link = re.search(r"http://127\.0\.0\.1:\d+/enter\?token=\S+$", server.stdout.readline())
    assert link is not None
    try:
        yield link[0]
    finally:
        server.send_signal(signal.SIGINT)
        assert server.wait(15) == 0


def looked_over(page: Any) -> list[str]:
    """What is wrong with a page for those who see little, or nothing, in light and in dark."""
    found = [f"{page.url}: no name: {one}" for one in page.evaluate(NAMELESS)]
    for scheme in ("light", "dark"):
        page.emulate_media(color_scheme=scheme)
        found += [f"{page.url} in {scheme}: {one}" for one in page.evaluate(FAINT)]
    return found


def test_an_audit_is_started_watched_read_and_compared(toy: Path) -> None:
    troubles: list[str] = []
    with served() as link, sync_api.sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=str(CHROMIUM), args=["--no-sandbox"])
        context = browser.new_context(viewport={"width": 1280, "height": 900})
        context.on("console", lambda said: troubles.append(said.text) if said.type == "error" else None)
        context.on("weberror", lambda error: troubles.append(str(error.error)))
        page = context.new_page()
        page.goto(link)
        page.get_by_role("link", name="New audit", exact=True).click()
        page.locator("input[name=budget]").fill("50")
        page.locator("select[name=search]").select_option("patchwork")
        page.locator("#command", has_text="--search patchwork --budget 50").wait_for()
        troubles += looked_over(page)
        page.get_by_role("button", name="Start the audit").click()
        page.get_by_role("link", name="Watch it live").click(timeout=60_000)
        tabs = [page, *(context.new_page() for _ in range(TABS - 1))]
        for tab in tabs[1:]:
            tab.goto(page.url)
        for tab in tabs:
            live = tab.locator("#live")
            three = re.compile(r"^([3-9]|\d\d+)$")
            sync_api.expect(live).to_have_attribute("data-steps", three, timeout=30_000)
        assert page.locator("#modified img").count() == 1 and page.locator("#bars li").count() == 3
        troubles += looked_over(page)
        for tab in tabs:
            tab.locator("#now", has_text="The audit is done").wait_for(timeout=60_000)
        for tab in tabs[1:]:
            tab.close()
        page.get_by_role("link", name="See what was found").click()
        troubles += looked_over(page)
        page.locator(".grid a").first.click()
        page.locator("#curve path").first.wait_for()
        troubles += looked_over(page)
        page.go_back()
        page.get_by_role("link", name="Report").click()
        page.locator("table.sortable th button").first.click()
        sync_api.expect(page.locator("table.sortable th").first).to_have_attribute(
            "aria-sort", re.compile(".")
        )
        run = next(Path("runs").iterdir())
        shutil.copytree(run, "runs/copy")
        page.goto(link.split("/enter")[0])
        button = page.get_by_role("button", name="Compare", exact=True)
        sync_api.expect(button).to_be_disabled()
        for name in ("copy", run.name):
            page.get_by_role("checkbox", name=f"Compare {name}", exact=True).press("Space")
        sync_api.expect(page.locator("#ticked")).to_have_text("2 runs ticked")
        troubles += looked_over(page)
        button.press("Enter")
        page.get_by_role("heading", name="Numbers").wait_for()
        troubles += looked_over(page)
        page.go_back()
        sync_api.expect(page.locator("#ticked")).to_have_text("2 runs ticked")
        page.set_viewport_size({"width": 420, "height": 900})
        assert page.evaluate("document.documentElement.scrollWidth") <= 420
        browser.close()
    assert troubles == []
