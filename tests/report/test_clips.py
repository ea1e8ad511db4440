"""The page of a run of clips: what plays, when and where flips change them, and MAP."""

import re
from base64 import b64decode
from dataclasses import replace
from io import BytesIO

import numpy as np
import pytest
from PIL import Image, ImageSequence

from brittle.core.canvas import Layer
from brittle.core.result import SearchResult, Status
from brittle.domains import domain_of
from brittle.report.audit.moments import moments
from brittle.report.audit.page import render
from brittle.report.audit.panels import tiles
from brittle.report.audit.places import places
from brittle.report.pictures import PLAYED_SIDE, inputs_of, played
from brittle.report.summary import summary_of
from report.made_up import CLIPS, MakeRun, clip_flipped, clip_manifest, ended, flipped
from report.test_html import Page

NO_MOTION = "(prefers-reduced-motion: reduce)"
RESULTS = [
    replace(clip_flipped("a", first=10, l2=1.0), map1_query=12),
    clip_flipped("b", first=20, l2=3.0),
    ended("c", Status.SURVIVED, queries=100),
]


def opened(uri: str | None) -> Image.Image:
    return Image.open(BytesIO(b64decode((uri or "").split(",")[1])))


def test_a_flip_plays_beside_its_original_and_stands_still_for_those_who_want_no_motion(
    make_run: MakeRun,
) -> None:
    run = make_run(RESULTS, clip_manifest())
    page = Page(render(run))
    moving = [picture for picture in page.all("img") if (picture["src"] or "").startswith("data:image/webp")]
    stills = page.all("source")
    assert len(page.all("picture")) == len(moving) == len(stills) == 2
    for image, still in zip(moving, stills, strict=True):
        assert image["alt"] and still["media"] == NO_MOTION
        assert getattr(opened(still["srcset"]), "n_frames", 1) == 1
        with opened(image["src"]) as film:
            assert film.n_frames == 6  # type: ignore[attr-defined]
            assert (
                film.size
                == opened(still["srcset"]).size
                == (int(image["width"] or 0), int(image["height"] or 0))
            )
            shown = [np.asarray(frame.convert("L"), int) for frame in ImageSequence.Iterator(film)]
    assert [bool(frame[5:35, 90:120].mean() < 60) for frame in shown] == [True] * 3 + [False] * 3  # the flip
    assert not any(frame[5:35, 5:35].mean() < 60 for frame in shown)  # the original


def test_an_animation_is_small_enough_for_the_page() -> None:
    spec = replace(CLIPS, shape=(3, 100, 30, 400))
    x = np.random.default_rng(0).random(spec.shape, np.float32)
    found = domain_of(spec).animation((x, x), spec)
    assert found is not None
    picture = played("", "", found)
    assert max(picture.width, picture.height) <= PLAYED_SIDE
    with opened(picture.uri) as film:
        assert film.n_frames == 25  # type: ignore[attr-defined]
        film.load()
        assert film.info["duration"] == 800  # every fourth frame, at 5 a second


def test_when_a_flip_changes_its_clip_by_distortion(make_run: MakeRun) -> None:
    run = make_run(RESULTS, clip_manifest())
    flip = RESULTS[0].closest
    assert flip
    found = moments(run.manifest, flip, *inputs_of(run, RESULTS[0], flip))
    assert found is not None
    noise, blur = (
        {row.name: row for row in found.rows}["noise"],
        {row.name: row for row in found.rows}["blur"],
    )
    assert [shade > 0 for shade in noise.shades] == [True] * 3 + [False] * 3
    assert [shade > 0 for shade in blur.shades] == [False] * 4 + [True, False]
    assert max(noise.shades) == 1 and 0.1 < max(blur.shades) < 0.5
    assert noise.alt.startswith("noise: 3 of 6 frames") and "most in frame 5" in blur.alt
    assert (found.first, found.last) == ("frame 1, 0 s", "frame 6, 1 s")
    whole = moments(run.manifest, replace(flip, assignment=None), *inputs_of(run, RESULTS[0], flip))
    assert whole and [row.name for row in whole.rows] == ["whole input"]
    assert np.count_nonzero(whole.rows[0].shades) == 4


def test_the_heat_strip_is_told_to_those_who_cannot_see_it(make_run: MakeRun) -> None:
    html = render(make_run(RESULTS[:1], clip_manifest()))
    strips = re.findall(r'<svg viewBox="0 0 6 1".*?</svg>', html)
    assert [strip.count("<rect") for strip in strips] == [1, 3]
    assert all('role="img" aria-label="' in strip for strip in strips)
    text = " ".join(Page(html).text.split())
    assert "frame 1, 0 s" in text and "frame 6, 1 s" in text
    assert "the full shade is RMS" in text
    assert "frames 1, 2, 3, 4, 5, 6 of 6, 0 to 1 s" in text


def test_when_and_where_are_of_all_flips_whose_files_can_be_read(make_run: MakeRun) -> None:
    run = make_run(RESULTS, clip_manifest())
    found = places(run)
    assert found is not None and (found.flips, found.of) == (2, 2)
    assert found.touched.tolist() == [1, 1, 1, 0, 1, 0]
    assert found.rms[0] > found.rms[4] > found.rms[3] == 0
    assert (found.where[:8, :8] > 0).mean() > 0.9 and not found.where[:8, 8:].any()
    text = Page(render(run)).text
    assert all(
        title in text for title in ("When and where", "When: how strongly", "Where: mean absolute change")
    )
    assert RESULTS[1].closest
    run.write(RESULTS[1].closest.file, b"damaged")
    left = places(run)
    assert left is not None and (left.flips, left.of) == (1, 2)
    assert "Of 1 of 2 closest flips" in Page(render(run)).text


@pytest.mark.parametrize("results", [[], [ended("s", Status.SURVIVED, queries=100)]])
def test_without_a_flip_there_is_no_when_and_no_where(make_run: MakeRun, results: list[SearchResult]) -> None:
    run = make_run(results, clip_manifest())
    assert places(run) is None
    assert "When and where" not in Page(render(run)).text


def test_the_tiles_of_clips_are_about_queries_and_map(make_run: MakeRun) -> None:
    found = tiles(summary_of(make_run(RESULTS, clip_manifest())))
    assert [(tile.name, tile.value) for tile in found] == [
        ("Flipped (ASR)", "66.7\u00a0%"),
        ("First flip, median queries", "15"),
        ("Closest flip, medians", "MAP 5.10"),
        ("Flips of MAP 1 or less", "1 of 2"),
    ]
    assert found[3].interval == "at a median of 12 queries"


def test_the_summary_says_how_much_of_a_clip_is_touched(make_run: MakeRun) -> None:
    found = summary_of(make_run(RESULTS, clip_manifest())).to_dict()
    assert [found[name]["median"] for name in ("cells", "frames", "frames_in_row")] == [2, 4, 3]
    on_inputs = [replace(r, closest=replace(r.closest, assignment=None)) for r in RESULTS if r.closest]
    assert "cells" not in summary_of(make_run(on_inputs, clip_manifest())).to_dict()


def test_a_flip_says_its_map_its_psnr_and_its_frames(make_run: MakeRun) -> None:
    text = " ".join(Page(render(make_run(RESULTS[:1], clip_manifest()))).text.split())
    assert "MAP 2.55 · PSNR 36.6 dB · 4 of 6 frames, 3 in a row · L2 1" in text


def test_the_table_of_all_samples_has_map_and_frames(make_run: MakeRun) -> None:
    html = render(make_run(RESULTS, clip_manifest()))
    headings = re.findall(r'<button type="button">(.*?)</button>', html)
    assert headings[-7:] == ["Queries", "First flip", "L2", "L∞", "L0", "MAP", "Frames"]
    rows = html[html.index('class="sortable"') :].split("<tr>")[2:]
    numbers = [re.findall(r'data-value="[^"]*">(.*?)</td>', row) for row in rows]
    assert [row[-2:] for row in numbers] == [["2.55", "4"], ["7.65", "4"], ["–", "–"]]


def test_names_of_samples_classes_and_distortions_stay_text(make_run: MakeRun) -> None:
    bad = '"><script>alert(1)</script>'
    asked = clip_manifest((Layer(bad, 0.1, 0), Layer(bad, 0.2, 0), Layer("blur", 1.0, 0)))
    result = clip_flipped("a", first=10, l2=1.0, predicted=2)
    html = render(make_run([replace(result, sample=f"{bad}.png")], asked))
    page = Page(html)
    assert "<script>alert" not in html and "<b>emu" not in html
    assert len(page.all("script")) == 1
    assert bad in page.text and "<b>emu</b>" in page.text


def test_nothing_of_this_is_on_the_page_of_images(make_run: MakeRun) -> None:
    page = Page(render(make_run([flipped("a", first=10, l2=1.0)])))
    assert not page.all("picture") and not page.all("source")
    assert not any("moments" in (figure.get("class") or "") for figure in page.all("figure"))
    for words in ("When and where", "MAP", "of 16 frames", "frames 1"):
        assert words not in page.text
