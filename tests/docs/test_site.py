"""The site of docs/: built without a warning, links that lead somewhere, nothing loaded from elsewhere."""

import re
import subprocess
import sys
from collections.abc import Iterator
from html.parser import HTMLParser
from pathlib import Path
from urllib.parse import unquote, urlsplit

import pytest

import brittle
from brittle.cli import COMMANDS

pytestmark = pytest.mark.timeout(660)  # the machine may be busy
DOCS = Path(__file__).parents[2] / "docs"
LOADED = {"script": "src", "img": "src", "iframe": "src", "source": "src", "link": "href"}
"""What a browser fetches by itself when it opens a page."""


class Page(HTMLParser):
    """What a page links to, what it loads, and what can be linked to on it."""

    def __init__(self, file: Path) -> None:
        super().__init__()
        self.links: list[str] = []
        self.loads: list[str] = []
        self.ids: set[str] = set()
        self.feed(file.read_text(encoding="utf-8"))

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        """Note what an element names."""
        values = dict(attrs)
        self.ids.add(values.get("id") or "")
        self.links += [values["href"] or ""] if tag == "a" and "href" in values else []
        if tag in LOADED and values.get(LOADED[tag]):
            self.loads.append(str(values[LOADED[tag]]))


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder of the built site."""
    for tool in ("sphinx", "myst_parser", "furo"):
        pytest.importorskip(tool)
    out = tmp_path_factory.mktemp("site")
    command = [sys.executable, "-m", "sphinx", "-q", "-W", "--keep-going", str(DOCS), str(out)]
    done = subprocess.run(command, capture_output=True, text=True, timeout=600)
    assert done.returncode == 0, done.stderr
    return out


@pytest.fixture(scope="module")
def pages(site: Path) -> dict[Path, Page]:
    """Every page of it, by file."""
    return {file: Page(file) for file in site.rglob("*.html")}


def test_every_document_is_in_the_navigation(site: Path, pages: dict[Path, Page]) -> None:
    written = {file.relative_to(DOCS).with_suffix(".html").as_posix() for file in DOCS.rglob("*.md")}
    assert len(written) > 50
    assert written - {"index.html"} <= {link.split("#")[0] for link in pages[site / "index.html"].links}


def test_every_link_leads_somewhere(pages: dict[Path, Page]) -> None:
    followed = 0
    for file, page in pages.items():
        for link in {*page.links, *page.loads}:
            parts = urlsplit(link)
            if parts.scheme or file.name in ("search.html", "genindex.html"):
                continue
            target = (file.parent / unquote(parts.path)).resolve() if parts.path else file
            assert target.is_file(), f"{file.name}: {link}"
            if parts.fragment and target in pages:
                assert unquote(parts.fragment) in pages[target].ids, f"{file.name}: {link}"
                followed += 1
    assert followed > 200


def _fetched(site: Path, pages: dict[Path, Page]) -> Iterator[str]:
    """All addresses that pages and their style sheets load."""
    for page in pages.values():
        yield from page.loads
    for sheet in site.rglob("*.css"):
        yield from re.findall(r"(?:url\(|@import )[\"']?([^\"')]+)", sheet.read_text(encoding="utf-8"))


def test_no_page_loads_anything_from_another_host(site: Path, pages: dict[Path, Page]) -> None:
    addresses = list(_fetched(site, pages))
    assert len(addresses) > 200
    assert not [one for one in addresses if urlsplit(one).netloc]


def test_every_public_name_is_described(site: Path, pages: dict[Path, Page]) -> None:
    described = pages[site / "reference" / "api.html"].ids
    assert {f"brittle.{name}" for name in brittle.__all__} <= described


def test_the_reference_is_that_of_the_code(site: Path) -> None:
    def text(page: str) -> str:
        whole = (site / "reference" / page).read_text(encoding="utf-8")
        return " ".join(re.sub(r"<[^>]+>", " ", whole).split())

    commands, settings, api = text("commands.html"), text("settings.html"), text("api.html")
    assert "--max-l2 F Greatest L2 distance that a flip may have [no limit]" in commands
    assert "MODEL model.onnx | package.module:function" in commands
    assert all(f"brittle {name} ¶" in commands for name in COMMANDS)
    assert "max_l2 float greatest L2 distance that a flip may have [no limit]" in settings
    assert "watch – called with a Progress while the audit runs." in api
    assert "RunError – where a command still works on it" in api
