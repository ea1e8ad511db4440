"""The list of runs and sorted tables, in a real browser, where there is one."""

import shutil
from pathlib import Path

import pytest

from brittle.server.pages import statics
from server.test_browser import CHROMIUM
from server.test_mishaps_browser import served

sync_api = pytest.importorskip("playwright.sync_api")
pytestmark = pytest.mark.skipif(not CHROMIUM.exists(), reason="there is no chromium")


def test_a_list_that_is_in_use_says_that_there_is_more(root: Path) -> None:
    with served(root, "0") as link, sync_api.sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=str(CHROMIUM), args=["--no-sandbox"])
        page = browser.new_page()
        page.clock.install()
        page.goto(link)
        shutil.copytree(root / "first", root / "second")
        page.clock.run_for(5000)
        page.get_by_role("link", name="second", exact=True).wait_for()
        page.get_by_label("Filter").fill("first")
        shutil.copytree(root / "first", root / "third")
        page.clock.run_for(5000)
        page.get_by_text("There are new runs.").wait_for()
        assert page.get_by_label("Filter").input_value() == "first"
        assert page.get_by_role("link", name="third", exact=True).count() == 0
        page.get_by_role("link", name="List them too").click()
        page.get_by_role("link", name="third", exact=True).wait_for()
        browser.close()


@pytest.mark.parametrize(
    ("cells", "up"),
    [
        (["33.3 %", "100 %", "", "< 0.1 %", "8.50 %"], ["< 0.1 %", "8.50 %", "33.3 %", "100 %", ""]),
        (["1,204", "99", "–", "12"], ["12", "99", "1,204", "–"]),
        (["b", "10 a", "a"], ["10 a", "a", "b"]),
    ],
)
def test_columns_are_sorted_by_what_they_say(cells: list[str], up: list[str]) -> None:
    rows = "".join(f"<tr><td>{cell}</td></tr>" for cell in cells)
    head = "<thead><tr><th><button>X</button></th></tr></thead>"
    table = f"<table class=sortable>{head}<tbody>{rows}</tbody></table>"
    with sync_api.sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=str(CHROMIUM), args=["--no-sandbox"])
        page = browser.new_page()
        page.set_content(table)
        page.add_script_tag(content=statics()["sort.js"].decode())
        for order in (up, [*reversed([cell for cell in up if cell not in ("", "–")])]):
            page.get_by_role("button").click()
            found = page.locator("td").all_inner_texts()
            assert found[: len(order)] == order
        browser.close()
