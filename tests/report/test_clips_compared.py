"""Runs of clips side by side."""

from brittle.report.compare.page import comparison_of, render_comparison
from report.made_up import MakeRun, clip_flipped, clip_manifest, flipped
from report.test_html import Page


def test_clips_are_compared_by_map_and_ssim_too(make_run: MakeRun) -> None:
    runs = [make_run([clip_flipped("a", first=10, l2=l2)], clip_manifest()) for l2 in (1.0, 2.0)]
    page = Page(render_comparison(comparison_of(runs)))
    assert "MAP, median" in page.text
    assert "MAP 2.55" in page.text and "MAP 5.10" in page.text
    assert "SSIM" in page.text
    (sides,) = (tag for name, tag in page.tags if name == "div" and "sides" in (tag.get("class") or ""))
    assert sides["class"] == "sides wide strips"
    assert len(page.all("img")) == 1 + 2 * 2


def test_images_are_not(make_run: MakeRun) -> None:
    runs = [make_run([flipped("a", first=10, l2=l2)]) for l2 in (1.0, 2.0)]
    page = Page(render_comparison(comparison_of(runs)))
    assert "MAP" not in page.text and "SSIM" in page.text
