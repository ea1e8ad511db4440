"""The page: self-contained, safe, complete, small, and there for any run."""

import re
from base64 import b64decode
from dataclasses import replace
from html.parser import HTMLParser
from io import BytesIO

import numpy as np
import pytest
from PIL import Image

from brittle.core.result import SearchResult, Status
from brittle.report.audit.page import MOST_ROWS, render, write_report
from brittle.report.pictures import thumbnail
from brittle.store.run import Run
from report.made_up import MakeRun, ended, flipped

VOID = {"meta", "img", "br", "link", "input", "hr", "source"}
EVERY_KIND = [
    flipped("a.png", first=10, l2=1.0),
    flipped("b.png", first=20, l2=3.0, label=None),
    ended("c.png", Status.SURVIVED, queries=100),
    ended("d.png", Status.MISCLASSIFIED),
    ended("e.png", Status.FAILED, message="expected an image, got a poem"),
]


class Page(HTMLParser):
    """What a browser would find: tags (checked to be balanced), attributes, visible text."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.open: list[str] = []
        self.tags: list[tuple[str, dict[str, str | None]]] = []
        self.text = ""
        self.feed(html)
        self.close()
        assert self.open == []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, dict(attrs)))
        if tag not in VOID:
            self.open.append(tag)

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, dict(attrs)))

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag

    def handle_data(self, data: str) -> None:
        if not {"style", "script"} & set(self.open):
            self.text += data

    def all(self, tag: str) -> list[dict[str, str | None]]:
        return [attributes for name, attributes in self.tags if name == tag]


def page_of(run: Run) -> Page:
    return Page(write_report(run).read_text(encoding="utf-8"))


@pytest.mark.parametrize(
    "results",
    [
        EVERY_KIND,
        [],
        [ended("a", Status.FAILED, message="no")],
        [ended("a", Status.SURVIVED, queries=100)],
        [ended("a", Status.MISCLASSIFIED)],
    ],
    ids=["every kind", "none", "failed", "survived", "misclassified"],
)
def test_any_run_gives_a_whole_page_that_asks_nothing_of_the_network(
    make_run: MakeRun, results: list[SearchResult]
) -> None:
    run = make_run(results)
    page = page_of(run)
    for _, attributes in page.tags:
        for name in ("src", "href", "xlink:href", "data", "action"):
            value = attributes.get(name) or ""
            assert not re.match(r"(?i)(https?:)?//|javascript:|file:", value), value
    assert not page.all("link")
    html = (run.path / "report.html").read_text(encoding="utf-8")
    assert html.startswith("<!doctype html>")
    assert "@import" not in html and not re.search(r"url\((?!#)", html)
    for result in results:
        assert result.sample in page.text and result.message in page.text
    assert render(run) == html


def test_a_flip_is_shown_with_pictures_numbers_and_classes(make_run: MakeRun) -> None:
    run = make_run(EVERY_KIND)
    page = page_of(run)
    pictures = page.all("img")
    assert len(pictures) == 2 * (4 + 1)
    assert all((p["src"] or "").startswith("data:image/") and p["alt"] for p in pictures)
    links = {link["href"] for link in page.all("a") if not (link["href"] or "").startswith("#")}
    assert {"flips/a.png.closest.png", "flips/a.png.original.png"} <= links
    assert all((run.path / (link or "")).exists() for link in links if link != "results.csv")
    for text in ("3 of 16", "blur 2", "noise 1", "brittle audit --config settings.yaml", "ab" * 32, "7 rows"):
        assert text in " ".join(page.text.split()), text


def test_thumbnails_lead_to_their_samples_in_the_gallery(make_run: MakeRun) -> None:
    run = make_run(flipped(f"s{k}.png", first=10, l2=30.0 - k, predicted=2) for k in range(30))
    page = page_of(run)
    links = [(link["href"] or "")[1:] for link in page.all("a") if (link["href"] or "").startswith("#")]
    articles = [article["id"] for article in page.all("article")]
    assert links == articles and len(set(links)) == 24
    assert articles[0] == "flip-30"  # the closest of all
    pictures = page.all("img")[:24]
    assert pictures[0]["alt"] == "s29.png, taken for <b>emu</b>"
    assert all(max(int(p["width"] or 0), int(p["height"] or 0)) <= 96 for p in pictures)
    html = (run.path / "report.html").read_text(encoding="utf-8")
    assert html.index('class="thumbnails"') < html.index("<article")


def test_thin_lines_stay_in_a_thumbnail_that_asks_for_it() -> None:
    image = Image.new("L", (960, 960), 255)
    image.paste(0, (480, 0, 482, 960))
    out = BytesIO()
    image.save(out, "PNG")

    def darkest(thicker: bool) -> int:
        uri = thumbnail("a line", out.getvalue(), thicker=thicker).uri
        small = Image.open(BytesIO(b64decode(uri.split(",")[1]))).convert("L")
        return int(np.asarray(small).min())

    assert darkest(False) > 180 and darkest(True) < 170


def test_classes_of_few_samples_are_called_samples(make_run: MakeRun) -> None:
    four = [flipped(f"{k}.png", first=10, l2=1.0 + k) for k in range(4)]
    text = page_of(make_run(four)).text
    assert "Weakest samples" in text and "Weakest classes" not in text
    five = page_of(make_run([*four, ended("4.png", Status.SURVIVED, queries=100)])).text
    assert "Weakest classes" in five and "Weakest samples" not in five
    assert "Classes with 5 played samples or more." in five


def test_ids_messages_and_class_names_are_text_never_markup(make_run: MakeRun) -> None:
    bad = "<script>alert(1)</script>"
    results = [
        ended(f"{bad}.png", Status.FAILED, message=f'"><img src=x onerror=alert(1)>{bad}'),
        ended(f"'\"><svg onload=alert(1)>{bad}", Status.SURVIVED),
        flipped("a", first=10, l2=1.0, predicted=2),
    ]
    html = render(make_run(results))
    page = Page(html)
    assert bad not in html and "<b>emu" not in html
    assert len(page.all("script")) == 1 and not page.all("b")
    assert not any(name.startswith("on") for _, attributes in page.tags for name in attributes)
    assert bad in page.text and "<b>emu</b>" in page.text


def test_a_link_cannot_leave_the_page_as_code(make_run: MakeRun) -> None:
    result = flipped("a", first=10, l2=1.0)
    run = make_run([])
    assert result.closest
    run.append(replace(result, closest=replace(result.closest, file="javascript:alert(1)")))
    page = page_of(run)
    assert not any((link["href"] or "").startswith("javascript:") for link in page.all("a"))
    assert "its pictures cannot be shown" in page.text


def test_thousands_of_samples_stay_within_a_few_megabytes(make_run: MakeRun) -> None:
    results = [
        flipped(f"n01440764/photo_{i:05}.jpg", first=2 + i % 90, l2=1 + i % 40 / 7) for i in range(3000)
    ]
    run = make_run(results)
    page = page_of(run)
    assert (run.path / "report.html").stat().st_size < 3_000_000
    assert len([link for link in page.all("a") if "photo_" in (link["href"] or "")]) < MOST_ROWS + 100
    assert f"The first {MOST_ROWS:,} of 3,000 samples." in page.text
    assert len(page.all("article")) == 24


def test_unlabelled_runs_speak_of_the_own_answer(make_run: MakeRun) -> None:
    page = page_of(make_run([flipped("a", first=10, l2=1.0, label=None)]))
    assert "Own answer" in page.text and "right to begin with;" not in page.text
