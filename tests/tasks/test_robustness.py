"""The one figure of an audit: what it counts, by hand, and where there is none."""

import json
import shutil
from dataclasses import replace
from math import sqrt
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

import brittle
from brittle.core.errors import RunError, UsageError
from brittle.core.result import Flip, SearchResult, Status
from brittle.core.sample import InputSpec
from brittle.report.robustness import held, noise_ratio, sure_of
from brittle.report.severity import own_places
from brittle.report.summary import summary_of
from brittle.store.run import Run

PHOTO = InputSpec((3, 20, 20), ("channel", "height", "width"), (0.0, 255.0), 8)
SETTINGS: dict[str, Any] = {"budget": 30, "batch": 8, "search": "patchwork", "data_options": {"limit": 9}}
PALETTE = ("gaussian_noise", "illumination")


def flip(l2: float, snr: float | None = None) -> Flip:
    """A flip at this distance."""
    return Flip(query=2, l2=l2, linf=l2, l0=1, mean_absolute=0.0, predicted=1, top=(), file="", snr=snr)


def result(status: Status, found: Flip | None = None) -> SearchResult:
    """Of one sample."""
    return SearchResult("a", 0, status, "x", 9, first=found, closest=found)


@pytest.mark.parametrize(("ratio", "counts"), [(60, 0), (50, 0), (40, 0.25), (30, 0.5), (10, 1), (0, 1)])
def test_a_flip_counts_by_its_decibels(ratio: float, counts: float) -> None:
    rms = 255 * 0.25 / 10 ** (ratio / 20)  # pixels: to a contrast of a quarter of the range
    near = flip(rms * sqrt(1200))
    assert noise_ratio(near, PHOTO) == pytest.approx(ratio)
    assert held(result(Status.FLIPPED, near), PHOTO) == pytest.approx(counts)
    signal = InputSpec((1, 100), ("channel", "time"), (-5.0, 5.0))
    assert held(result(Status.FLIPPED, flip(0.1, snr=ratio)), signal) == pytest.approx(counts)


def test_what_was_never_flipped_counts_whole_and_what_was_wrong_nothing() -> None:
    assert held(result(Status.SURVIVED), PHOTO) == 1
    assert held(result(Status.MISCLASSIFIED), PHOTO) == 0


@given(st.floats(1e-6, 1e6), st.floats(1, 10), st.floats(1e-3, 1e3))
def test_farther_never_counts_less_and_units_do_not_matter(l2: float, more: float, unit: float) -> None:
    near, far = (held(result(Status.FLIPPED, flip(d)), PHOTO) for d in (l2, l2 * more))
    assert 0 <= near <= far <= 1
    other = replace(PHOTO, bounds=(0.0, 255.0 * unit))
    assert held(result(Status.FLIPPED, flip(l2 * unit)), other) == pytest.approx(near, abs=1e-6)


@pytest.fixture(scope="module")
def audited(digits: Path, tmp_path_factory: pytest.TempPathFactory) -> Run:
    """An audit of nine digits, with curves."""
    out = tmp_path_factory.mktemp("robustness") / "run"
    with pytest.MonkeyPatch.context() as patch:
        patch.chdir(digits)
        return brittle.audit(
            "digits.onnx", "digits.npz", out=out, curves=True, distortions=PALETTE, **SETTINGS
        )


def test_it_is_the_mean_of_both_halves_over_samples(audited: Run) -> None:
    curves = Run.open(audited.path / "curves")
    layers = curves.manifest.palette
    own = [k for k, layer in enumerate(layers) if not layer.distortion.startswith("imagenet_c/")]
    assert sorted(k for of_curve in own_places(layers) for k in of_curve) == own
    withstood = {}
    for line in curves.curve_results():
        right = [answer == line.label for answer in line.answers]
        noise = [right[k] for k in own if layers[k].distortion == "gaussian_noise"]
        light = [k for k in own if layers[k].distortion == "illumination"]
        both = [[right[k] for k in light if (layers[k].level > 0) == up] for up in (True, False)]
        withstood[line.sample] = sum(sum(part) / len(part) for part in (noise, *both)) / 3
    attacked = {r.sample: held(r, audited.manifest.spec) for r in audited.results()}
    n = len(attacked)
    assert n == 9 and set(attacked) == set(withstood)
    found = audited.summary()
    parts = found["robustness_parts"]
    assert parts["samples"] == n
    assert parts["under_distortion"] == pytest.approx(sum(withstood.values()) / n)
    assert parts["under_attack"] == pytest.approx(sum(attacked.values()) / n)
    assert found["robustness"] == pytest.approx((parts["under_distortion"] + parts["under_attack"]) / 2)
    low, high = found["robustness_interval"]
    assert 0 <= low < found["robustness"] < high
    assert 0 < parts["under_attack"] < 1 and 0 < parts["under_distortion"] < 1


def test_page_and_gates_have_it_and_verify_recomputes_it(audited: Run, digits: Path) -> None:
    assert "the mean over 9 samples of two halves" in (audited.path / "report.html").read_text()
    assert "<td>Robustness" in (audited.path / "report.html").read_text().replace('<th scope="row">', "<td>")
    value = audited.summary()["robustness"]
    held_against = brittle.gates(fail_under={"robustness": value + 0.01}).check(audited)
    assert held_against.red and not brittle.gates(fail_under={"robustness": value - 0.01}).check(audited).red
    path = audited.path / "summary.json"
    text = path.read_text()
    with pytest.MonkeyPatch.context() as patch:
        patch.chdir(digits)
        assert not brittle.verify(audited.path).broken
        path.write_text(json.dumps({**json.loads(text), "robustness": value + 0.1}))
        broken = [str(check) for check in brittle.verify(audited.path).broken]
    path.write_text(text)
    assert any("robustness" in one for one in broken), broken


def test_curves_that_are_cut_short_are_one_line(audited: Run, tmp_path: Path) -> None:
    run = tmp_path / "run"
    shutil.copytree(audited.path, run)
    results = run / "curves" / "results.jsonl"
    first, *rest = results.read_text().splitlines()
    line = json.loads(first)
    results.write_text("\n".join([json.dumps({**line, "answers": line["answers"][:2]}), *rest]) + "\n")
    with pytest.raises(RunError, match="has answers to 2 layers, not 84"):
        summary_of(Run.open(run))


@pytest.mark.parametrize("other", [{"goal": "first"}, {"max_l2": 2.0}, {"curves": False}])
def test_without_curves_or_closest_flips_there_is_none(
    other: dict[str, Any], digits: Path, tmp_path: Path
) -> None:
    asked: dict[str, Any] = {"curves": True, **SETTINGS, "budget": 6, **other}
    with pytest.MonkeyPatch.context() as patch:
        patch.chdir(digits)
        run = brittle.audit("digits.onnx", "digits.npz", out=tmp_path / "run", distortions=PALETTE, **asked)
    assert summary_of(run).robustness is None and "robustness" not in run.summary()
    found = brittle.gates(fail_under={"robustness": 0.1}).check(run)
    assert "it takes --curves" in str(found.red[0])


def test_the_interval_ends_where_the_figure_does() -> None:
    nearly_all = np.array([1.0] * 7 + [0.2])
    found = sure_of(nearly_all, np.random.default_rng(0))
    assert found and found.high == 1.0 and 0 < found.low < nearly_all.mean()
    mirrored = sure_of(1 - nearly_all, np.random.default_rng(0))
    assert mirrored and mirrored.low == 0.0 and mirrored.high == pytest.approx(1 - found.low)
    assert sure_of(nearly_all[:7], np.random.default_rng(0)) is None


def test_a_gate_on_a_share_above_1_is_refused() -> None:
    with pytest.raises(UsageError):
        brittle.gates(fail_under={"robustness": 40})
