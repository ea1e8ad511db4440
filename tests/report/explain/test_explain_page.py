"""The page of an explanation: self-contained, safe, complete, and there for any run."""

import io
from collections.abc import Callable
from dataclasses import replace

import numpy as np
import pytest
from PIL import Image

from brittle.core.errors import DiskError, RunError
from brittle.core.explanation import Explanation, Outcome
from brittle.report.explain.page import render, write_explanations
from brittle.report.explain.pictures import files_of
from brittle.store.explanations import explanation_text
from brittle.store.run import Run
from report.explain.made_up import (
    BEAT,
    MakeExplained,
    against_truth,
    ended,
    evaluated,
    explained,
    map_of,
    samples,
)
from report.test_html import Page

EVERY_KIND = [
    against_truth(evaluated(explained("a.png"))),
    explained("wrong.png", 0.4, None, predicted=1, explained=1, top=((1, 0.6), (0, 0.4))),
    explained("second.png", None, None, label=None, explained=1),
    ended("d.png", Outcome.NOTHING_FOUND, "the answer is the same whatever is filled"),
    ended("e.png", Outcome.REFUSED, "a fill must lose the class"),
    ended("f.png", Outcome.FAILED, "expected an image, got a poem"),
]


def page_of(run: Run) -> Page:
    return Page(write_explanations(run).read_text(encoding="utf-8"))


@pytest.mark.parametrize(
    "lines",
    [EVERY_KIND, [], *([line] for line in EVERY_KIND), samples([explained("many")], 30)],
    ids=lambda lines: f"{len(lines)} {lines[0].status if lines else ''}",
)
def test_any_run_gives_a_whole_page_that_asks_nothing_of_the_network(
    make_explained: MakeExplained, lines: list[Explanation]
) -> None:
    run = make_explained(lines)
    page = page_of(run)
    for _, attributes in page.tags:
        for name in ("src", "href"):
            place = attributes.get(name) or ""
            assert not place.startswith(("http", "//", "file"))
    assert "None" not in page.text
    for line in lines[:20]:
        assert line.message in page.text
    for link in page.all("a"):
        file = str(link["href"])
        assert file.startswith("#") or file == "results.jsonl" or (run.path / file).is_file()


def test_the_same_run_gives_the_same_bytes(make_explained: MakeExplained) -> None:
    one, other = make_explained(EVERY_KIND), make_explained(EVERY_KIND)
    for run in (one, other):
        write_explanations(run)
    for file in ("report.html", *files_of("a.png")):
        assert (one.path / file).read_bytes() == (other.path / file).read_bytes()
    assert write_explanations(one).read_bytes() == (other.path / "report.html").read_bytes()


def test_what_a_reader_wants_to_know_is_said(make_explained: MakeExplained) -> None:
    text = " ".join(page_of(make_explained(EVERY_KIND)).text.split(" "))
    for words in (
        "A median of 30.0\u00a0% of the image suffices for the decision; removing 10.0\u00a0% flips it.",
        "3 of 6\u00a0samples explained; 1 had nothing to be found, 1 was refused",
        "the model's own answer",
        "wrong: the label is cat",
        "Explained: dog",
        "filled by blur",
        "masks 64",
        "What the maps are worth",
        "Filled by flat, which the explainer did not see",
        "never ranked by them",
        "IoU 0.500",
        "No part suffices by itself",
        "brittle explain --config settings.yaml",
    ):
        assert words in text


def test_what_strangers_wrote_is_text(make_explained: MakeExplained) -> None:
    bad = "<script>alert('x')</script>\"><img src=x onerror=alert(1)>"
    notes = {bad: bad[:60], "deep": {"a": [1] * 9}, "huge": 10**300, "list": [1, 2]}
    top = ((2, 0.9), (0, 0.1))
    line = explained(bad, predicted=2, explained=2, top=top, notes=notes, fill=bad)
    run = make_explained([line, ended(bad * 2, Outcome.FAILED, bad)], which=bad, flips=bad, truth=bad)
    page = page_of(run)
    assert len(page.all("script")) == 1
    assert not any("onerror" in attributes for _, attributes in page.tags)
    assert all((image["src"] or "").startswith("data:image/") for image in page.all("img"))
    assert "<b>emu</b>" in page.text
    assert len(list((run.path / "pictures").iterdir())) == 1


def test_pictures_are_written_beside_the_page(make_explained: MakeExplained) -> None:
    run = make_explained(EVERY_KIND)
    write_explanations(run)
    mapped, mask = (Image.open(run.path / file) for file in files_of("a.png"))
    assert (mapped.mode, mapped.size) == ("RGB", (120, 160))
    kept = np.asarray(mask)
    assert (kept.shape, set(np.unique(kept))) == ((16, 12), {0, 255})
    assert (kept == 255).sum() == round(0.2 * 16 * 12)
    assert len(list((run.path / "pictures").iterdir())) == 3


def test_signals_are_told_in_time(make_explained: MakeExplained) -> None:
    run = make_explained([explained("beat")], BEAT)
    page = page_of(run)
    assert "of the signal suffices" in page.text
    assert "Suffices: 333–500 ms." in page.text
    assert Image.open(run.path / files_of("beat")[1]).size == (300, 24)


def damaged_map(run: Run) -> None:
    run.write("explanations/a.npz", b"PK\x03\x04 no archive")


def map_of_another_size(run: Run) -> None:
    out = io.BytesIO()
    np.savez(out, map=map_of((3, 3)))
    run.write("explanations/a.npz", out.getvalue())


def no_original(run: Run) -> None:
    (run.path / "shown" / "a-original.png").unlink()


def original_outside(run: Run) -> None:
    (run.path / "shown" / "a-original.png").unlink()
    (run.path / "shown" / "a-original.png").symlink_to("/etc/passwd")


def damaged_flip(run: Run) -> None:
    run.write("shown/a-flips.png", b"no picture")


@pytest.mark.parametrize(
    "damage", [damaged_map, map_of_another_size, no_original, original_outside, damaged_flip]
)
def test_damaged_files_are_one_line_of_the_page(
    make_explained: MakeExplained, damage: Callable[[Run], None]
) -> None:
    run = make_explained([explained("a"), explained("b")])
    damage(run)
    page = page_of(run)
    assert page.text.count("its pictures cannot be shown") == 1
    assert "Traceback" not in page.text
    assert len(page.all("svg")) == 1
    assert (run.path / files_of("b")[0]).is_file()


def test_curves_of_nonsense_are_drawn_or_left_out(make_explained: MakeExplained) -> None:
    run = make_explained([explained("a"), explained("b")])
    with np.load(run.path / "explanations" / "a.npz") as file:
        arrays = dict(file)
    arrays["insertion"] = np.full_like(arrays["insertion"], np.nan)
    out = io.BytesIO()
    np.savez(out, **arrays)
    run.write("explanations/a.npz", out.getvalue())
    arrays |= dict.fromkeys(("shares", "insertion", "deletion"), np.linspace(0, 1, 5000))
    out = io.BytesIO()
    np.savez(out, **arrays)
    run.write("explanations/b.npz", out.getvalue())
    page = page_of(run)
    assert len(page.all("svg")) == 1
    assert "nan" not in page.text


def test_nothing_is_written_through_a_link(make_explained: MakeExplained) -> None:
    run = make_explained([explained("a")])
    elsewhere = run.path.parent / "elsewhere"
    elsewhere.mkdir()
    (run.path / "pictures").symlink_to(elsewhere)
    with pytest.raises(DiskError, match="symbolic link"):
        write_explanations(run)
    assert not list(elsewhere.iterdir())
    (run.path / "pictures").unlink()
    (run.path / "pictures").mkdir()
    (elsewhere / "victim").write_text("mine")
    (run.path / files_of("a")[0]).symlink_to(elsewhere / "victim")
    write_explanations(run)
    assert (elsewhere / "victim").read_text() == "mine"


def test_a_damaged_line_is_one_clear_error(make_explained: MakeExplained) -> None:
    run = make_explained([explained("a")])
    run.write("results.jsonl", explanation_text(explained("a"))[:40] + "\n")
    with pytest.raises(RunError, match=r"line 1 of .* is damaged"):
        write_explanations(run)


def test_many_samples_are_shown_by_what_they_tell(make_explained: MakeExplained) -> None:
    lines = [explained(f"s{k:02}", (k + 1) / 50, label=k % 13 == 0) for k in range(40)]
    page = page_of(make_explained(lines))
    assert len(page.all("article")) == 32 - 4  # 4 wrong, then three times 8
    anchors = [attributes["id"] for attributes in page.all("article")]
    assert len(set(anchors)) == len(anchors)
    titles = ("Where the model was wrong", "A small share suffices", "A typical share", "Much is needed")
    places = [page.text.index(title) for title in titles]
    assert places == sorted(places)


def test_flips_stay_in_pairs(make_explained: MakeExplained) -> None:
    lines = [explained("a before", 0.3), explained("a after", 0.1)]
    page = page_of(make_explained(lines, flips="runs/mine"))
    assert page.text.index("a before") < page.text.index("a after")
    assert "Before and after each flip" in page.text
    assert "runs/mine" in page.text


@pytest.mark.parametrize(
    ("line", "which", "verdict"),
    [
        (
            explained("a", 0.12, 0.08),
            "predicted",
            "12.0\u00a0% of the image suffices for the decision; removing 8.0",
        ),
        (
            explained("a", 0.12, None),
            "true",
            "12.0\u00a0% of the image suffices for the class. 1\u00a0sample explained.",
        ),
        (
            explained("a", None, 0.08),
            "predicted",
            "Removing a median of 8.0\u00a0% of the image flips the decision",
        ),
        (explained("a", None, None), "dog", "No part of any image suffices for the class by itself"),
        (replace(EVERY_KIND[-1]), "predicted", "No decision could be explained: of 1\u00a0sample, 1 failed."),
    ],
)
def test_the_verdict_is_plain(
    make_explained: MakeExplained, line: Explanation, which: str, verdict: str
) -> None:
    assert verdict in Page(render(make_explained([line], which=which))).text
