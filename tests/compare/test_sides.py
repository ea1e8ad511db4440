"""The same samples under several searches: which are shown, what is said of them, and nothing but text."""

import json
from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from brittle.core.result import SearchResult, Status
from brittle.core.sample import InputSpec
from brittle.domains import domain_of
from brittle.domains.ssim import ssim
from brittle.report.compare.page import comparison_of, render_comparison
from brittle.report.compare.sides import MOST_SAMPLES, MOST_SEARCHES, Shown, side_by_side
from brittle.store.run import Run
from report.made_up import ended, flipped, manifest, write_files

HOSTILE = "<script>alert(1)</script>"
MakeRuns = Callable[..., list[Run]]


@pytest.fixture
def make_runs(tmp_path: Path) -> MakeRuns:
    """Makes a run for each list of results, with the files of their flips."""

    def make(
        *several: Sequence[SearchResult], spec: InputSpec | None = None, goals: Sequence[str] = ()
    ) -> list[Run]:
        made = []
        for place, results in enumerate(several):
            about = manifest()
            goal = goals[place] if goals else "closest"
            changed = {"settings": {**about.settings, "search": f"search{place}", "goal": goal}}
            about = about.model_copy(update=changed | ({"spec": spec, "cell": (4,)} if spec else {}))
            run = Run.begin(tmp_path / f"run{place}", about, "budget: 100\n")
            for result in results:
                if result.first and spec is None:
                    write_files(run, result)
                elif result.first:
                    write_signals(run, result, spec)
            run.write("results.jsonl", "".join(f"{json.dumps(result.to_dict())}\n" for result in results))
            run.close()
            made.append(run)
        return made

    return make


def write_signals(run: Run, result: SearchResult, spec: InputSpec | None) -> None:
    assert spec and result.closest
    domain, x = domain_of(spec), np.linspace(-1, 1, 64, dtype=np.float32).reshape(1, 64)
    run.write(run.original(result), domain.to_bytes(x, spec))
    run.write(result.closest.file, domain.to_bytes(x / np.float32(2), spec))


def shown_of(runs: list[Run]) -> Shown | None:
    return side_by_side(runs, comparison_of(runs).contenders)


def page_of(runs: list[Run]) -> str:
    """The page, its spaces made one."""
    return " ".join(render_comparison(comparison_of(runs)).split())


def test_samples_that_all_flipped_are_shown_from_the_least_change_to_the_greatest(
    make_runs: MakeRuns,
) -> None:
    many = [flipped(f"{k:02}", 10, 30.0 - k) for k in range(11)]
    shown = shown_of(make_runs(many, [*many[:9], ended("10", Status.SURVIVED, queries=99)]))
    assert shown and (shown.flipped, shown.by, shown.of) == (9, 2, 2)
    assert [one.sample for one in shown.samples] == ["08", "06", "05", "03", "02", "00"]
    assert len(shown.samples) == MOST_SAMPLES
    assert all([side.name for side in one.sides] == ["search0", "search1"] for one in shown.samples)


def test_where_no_sample_was_flipped_by_all_those_of_most_searches_are_shown(make_runs: MakeRuns) -> None:
    runs = make_runs(
        [flipped("a", 10, 2.0), flipped("b", 10, 1.0)],
        [flipped("a", 10, 3.0), ended("b", Status.SURVIVED, queries=1234)],
        [ended("a", Status.SURVIVED, queries=1234), ended("b", Status.SURVIVED)],
    )
    shown = shown_of(runs)
    assert shown and (shown.flipped, shown.by, shown.of) == (1, 2, 3)
    (one,) = shown.samples
    assert one.sides[2].measures == ("no flip in 1,234 queries",) and not one.sides[2].pictures
    assert "No sample was flipped by every search; 1 was by 2 of 3." in page_of(runs)
    assert shown_of(make_runs([ended("a", Status.SURVIVED)], [])) is None


def test_searches_beyond_the_first_few_are_left_out_by_name(make_runs: MakeRuns) -> None:
    runs = make_runs(*[[flipped("a", 10, 2.0)]] * (MOST_SEARCHES + 2))
    shown = shown_of(runs)
    assert shown and len(shown.samples[0].sides) == MOST_SEARCHES
    assert shown.left_out == ("search6", "search7")
    page = render_comparison(comparison_of(runs))
    assert "Not shown here: search6, search7." in page
    assert len(page) < 400_000


def test_each_flip_is_measured_and_likened_to_its_original(make_runs: MakeRuns) -> None:
    runs = make_runs([flipped("a", 10, 3.0, predicted=1)], [flipped("a", 10, 2.0)])
    shown = shown_of(runs)
    assert shown
    (one,) = shown.samples
    side = one.sides[0]
    spec, domain = runs[0].manifest.spec, domain_of(runs[0].manifest.spec)
    x, changed = (
        domain.from_bytes(runs[0].read(f"flips/a.{name}.png"), spec) for name in ("original", "closest")
    )
    grey = 3.0 / (3 * 16 * 16) ** 0.5 * 255
    assert side.predicted == "dog" and one.label == "cat" and not one.wide
    assert side.measures == (
        "L2 3",
        f"RMS\u00a0{grey:.1f}\u00a0grey\u00a0levels",
        f"SSIM {ssim(x, changed, 1.0):.3f}",
        "query 11",
    )
    assert side.ssim and 0.3 < side.ssim < 1 and shown.has_ssim
    assert one.original and [picture.width for picture in (one.original, *side.pictures)] == [160, 160, 112]
    assert "SSIM (Wang et al., 2004)" in render_comparison(comparison_of(runs))


def test_a_search_that_stops_says_so_at_its_flip(make_runs: MakeRuns) -> None:
    stopped = flipped("a", 10, 2.0, queries=11)
    shown = shown_of(make_runs([flipped("a", 10, 3.0)], [replace(stopped, closest=stopped.first)]))
    assert shown
    assert [side.measures[-1] for side in shown.samples[0].sides] == ["query 11", "query 10, where it stops"]


def test_a_run_that_asks_for_first_flips_is_said_to_stop_there(make_runs: MakeRuns) -> None:
    results = [flipped("a", 10, 3.0), flipped("b", 20, 4.0)]
    mixed = page_of(make_runs(results, results, goals=("closest", "first")))
    assert "search0, search1. search1 stops at its first flip." in mixed
    assert mixed.count(">stops at its first flip<") == 1  # in the table of numbers; distances are in groups
    assert "Go on to closer flips" in mixed and "Stop at their first flip" in mixed
    assert "compare them within a group alone" in mixed


def test_runs_that_all_stop_are_one_group(make_runs: MakeRuns) -> None:
    results = [flipped("a", 10, 3.0), flipped("b", 20, 4.0)]
    alike = page_of(make_runs(results, results, goals=("first", "first")))
    assert "search0, search1 stop at their first flip." in alike
    assert alike.count(">stops at its first flip<") == 4
    assert "Stop at their first flip" not in alike and "within a group alone" not in alike


def test_signals_are_traces_without_ssim(make_runs: MakeRuns) -> None:
    spec = InputSpec((1, 64), ("channel", "time"), bounds=(-1, 1), bits=None, unit="mV")
    result = flipped("a", 10, 2.0)
    assert result.first and result.closest
    files = {"first": "flips/a.first.npy", "closest": "flips/a.closest.npy"}
    result = replace(
        result,
        first=replace(result.first, file=files["first"], snr=9.0, assignment=None),
        closest=replace(result.closest, file=files["closest"], snr=12.5, assignment=None),
    )
    runs = make_runs([result], [result], spec=spec)
    shown = shown_of(runs)
    assert shown and not shown.has_ssim
    assert shown.samples[0].sides[0].measures == ("L2 2", "RMS\u00a00.250\u00a0mV", "SNR 12.5 dB", "query 11")
    assert len(shown.samples[0].sides[0].pictures) == 2
    assert "SSIM" not in render_comparison(comparison_of(runs))


def test_a_missing_picture_costs_the_picture_alone(make_runs: MakeRuns) -> None:
    runs = make_runs([flipped("a", 10, 3.0)], [flipped("a", 10, 2.0)])
    (runs[0].path / "flips/a.closest.png").unlink()
    shown = shown_of(runs)
    assert shown and shown.samples[0].original
    first, second = shown.samples[0].sides
    assert first.pictures == () and first.measures[0] == "L2 3" and len(second.pictures) == 2


def test_names_of_samples_and_classes_are_text(make_runs: MakeRuns) -> None:
    made = flipped("a", 10, 2.0, label=2, predicted=2)
    page = render_comparison(comparison_of(make_runs(*[[replace(made, sample=HOSTILE)]] * 2)))
    assert HOSTILE not in page and "<b>emu" not in page
    assert page.count("&lt;b&gt;emu&lt;/b&gt;") == 3  # its own class, and under two searches
    assert "&lt;script&gt;" in page
