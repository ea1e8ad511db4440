"""Whole explanations: counted, continued, verified, and what a user is told."""

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import brittle
from brittle.core.explanation import Outcome
from brittle.core.sample import Array
from brittle.tasks.explain.flips import AFTER, BEFORE
from same_run import unfinish

CENTRE = np.zeros((8, 8), np.float32)
CENTRE[2:6, 2:6] = 1
X = np.random.default_rng(0).integers(0, 256, (6, 1, 8, 8), np.uint8)
X[:, :, 2:6, 2:6] = 255
DATA = (X, np.ones(6, int))


class Centre:
    """A model of two classes that looks at the centre; rows: that it was shown."""

    input_shape = (1, 8, 8)
    rows = 0

    def __call__(self, x: Array) -> Array:
        self.rows += len(x)
        there = 16 * ((x[:, 0] * CENTRE).sum(axis=(1, 2)) / 16 - 0.8)
        return np.asarray(np.stack([-there, there], axis=1) / 2, np.float32)


def explained(model: Any, out: Path, data: Any = DATA, **settings: Any) -> brittle.Run:
    return brittle.explain(
        model, data, **{"budget": 80, "explainer": "occlusion", "fill": "flat", "out": out, **settings}
    )


def test_a_map_shows_what_the_model_looks_at_and_every_row_is_counted(tmp_path: Path) -> None:
    model = Centre()
    run = explained(model, tmp_path / "run")
    found = list(run.explanations())
    assert [one.status for one in found] == [Outcome.EXPLAINED] * 6
    for one in found:
        assert one.queries <= 80 and one.fill == "flat" and one.suffices and one.flips
        with np.load(run.path / one.file, allow_pickle=False) as arrays:
            assert arrays["map"].shape == arrays["mask"].shape == (8, 8)
            inside = arrays["map"][2:6, 2:6].mean() - arrays["map"][[0, -1]].mean()
            assert inside > 0 and int(arrays["rows"]) == one.queries
    summary = run.summary()
    assert summary["rows_shown"] == model.rows == summary["queries"]["total"] + summary["setup_rows"]
    assert (run.path / "report.html").stat().st_size > 5000
    names = {path.name for path in (run.path / "explanations").iterdir()}
    assert names == {f"{one.sample}.npz" for one in found}


@pytest.mark.parametrize("explainer", ["survey", "tide", "agent", "occlusion", "rise", "rl-cam"])
def test_every_explainer_is_the_same_for_any_batch_and_after_an_interruption(
    tmp_path: Path, explainer: str
) -> None:
    runs = [explained(Centre(), tmp_path / f"{b}", explainer=explainer, batch=b) for b in (1, 5)]
    unfinish(runs[1].path, 3)
    again = explained(Centre(), tmp_path / "5", explainer=explainer, batch=5)
    for one, other in zip(runs[0].explanations(), again.explanations(), strict=True):
        assert one.status is Outcome.EXPLAINED
        first, second = ((run.path / one.file).read_bytes() for run in (runs[0], again))
        assert first == second
        for line in (one, other):
            object.__setattr__(line, "seconds", 0)
            object.__setattr__(line, "started", "")
            object.__setattr__(line, "finished", "")
        assert one == other
    assert brittle.verify(again.path, Centre(), DATA).broken == ()


def test_processes_share_the_samples(digits: Path, tmp_path: Path) -> None:
    data, model = str(digits / "digits.npz"), str(digits / "digits.onnx")
    one, two = (
        brittle.explain(
            model, data, budget=60, workers=n, out=tmp_path / str(n), data_options={"limit": 8}, fill="flat"
        )
        for n in (1, 2)
    )
    names = sorted(path.name for path in (one.path / "explanations").iterdir())
    assert len(names) >= 6
    for name in names:
        first, second = ((run.path / "explanations" / name).read_bytes() for run in (one, two))
        assert first == second
    assert two.summary()["rows_shown"] >= one.summary()["queries"]["total"]


def test_another_class_has_another_map_and_a_wrong_answer_says_so(digits: Path, tmp_path: Path) -> None:
    data, model = str(digits / "digits.npz"), str(digits / "digits.onnx")
    settings: dict[str, Any] = {"budget": 120, "data_options": {"limit": 10}, "fill": "flat"}
    first = brittle.explain(model, data, out=tmp_path / "a", **settings)
    second = brittle.explain(model, data, out=tmp_path / "b", which="second", **settings)
    both = [
        (a, b) for a, b in zip(first.explanations(), second.explanations(), strict=True) if a.file and b.file
    ]
    assert both and all(a.explained != b.explained and b.flips is None for a, b in both)
    for a, b in both:
        maps = [np.load(run.path / one.file)["map"] for run, one in ((first, a), (second, b))]
        assert np.corrcoef(maps[0].ravel(), maps[1].ravel())[0, 1] < 0.9


def test_the_flips_of_an_audit_are_explained_before_against_after(digits: Path, tmp_path: Path) -> None:
    data, model = str(digits / "digits.npz"), str(digits / "digits.onnx")
    audit = brittle.audit(
        model, data, budget=300, search="random", out=tmp_path / "a", data_options={"limit": 6}
    )
    flipped = [result for result in audit.results() if result.closest]
    run = brittle.explain(model, flips=audit.path, budget=60, out=tmp_path / "e")
    found = {one.sample: one for one in run.explanations()}
    assert len(found) == 2 * len(flipped) > 0
    for result in flipped:
        before, after = found[result.sample + BEFORE], found[result.sample + AFTER]
        assert result.closest
        assert before.explained == result.predicted and after.explained == result.closest.predicted
        assert after.wrong and not before.wrong
    assert brittle.verify(run.path).broken == ()
    with pytest.raises(brittle.UsageError, match="got both"):
        brittle.explain(model, data, flips=audit.path)


def test_an_evaluation_has_an_account_of_its_own(tmp_path: Path) -> None:
    model = Centre()
    masks = np.broadcast_to(CENTRE, (6, 8, 8))
    np.savez(tmp_path / "masks.npz", masks=masks)
    run = explained(model, tmp_path / "run", evaluate=True, truth=tmp_path / "masks.npz")
    found, summary = list(run.explanations()), run.summary()
    assert all(one.queries <= 80 and one.evaluation_rows > 180 for one in found)
    extra = sum(one.evaluation_rows for one in found)
    assert summary["evaluation_rows"] == extra
    assert model.rows == summary["rows_shown"] == summary["queries"]["total"] + summary["setup_rows"] + extra
    for one in found:
        assert one.evaluation and one.truth and one.truth.pointing
        assert (
            one.evaluation.areas["map"]["flat"].difference > one.evaluation.areas["random"]["flat"].difference
        )
    verified = brittle.verify(run.path, Centre(), DATA)
    assert verified.broken == () and any("evaluations" in note for note in verified.notes)


def test_a_fill_that_keeps_the_class_is_refused_with_one_line(tmp_path: Path) -> None:
    bright = (np.full((2, 1, 8, 8), 255, np.uint8), np.ones(2, int))
    run = explained(Centre(), tmp_path / "run", bright)
    assert {one.status for one in run.explanations()} == {Outcome.NOTHING_FOUND}
    x = X.copy()
    x[:, :, :2] = x[:, :, 6:] = 250
    kept = explained(Centre(), tmp_path / "kept", (x, None), fill="gaussian_noise")
    assert {one.status for one in kept.explanations()} == {Outcome.REFUSED}
    assert all("choose another fill" in one.message for one in kept.explanations())
    assert brittle.verify(kept.path, Centre(), (x, None)).broken == ()


@pytest.mark.parametrize(
    ("change", "told"),
    [
        (lambda line: line.update(insertion=line["insertion"] + 0.01), "insertion"),
        (lambda line: line["suffices"].update(share=line["suffices"]["share"] / 2), "share"),
        (lambda line: line["flips"].update(probability=0.9), "probability"),
        (lambda line: line.update(queries=line["queries"] + 1), "rows"),
        (lambda line: line.update(label=0), "label"),
        (lambda line: line.update(probability=0.5), "probability"),
        (lambda line: line.update(queries=81), "budget"),
        (lambda line: line.update(explained=0), "explained"),
        (lambda line: line.update(explained=7), "explained"),
    ],
)
def test_a_forged_line_does_not_hold(tmp_path: Path, change: Any, told: str) -> None:
    run = explained(Centre(), tmp_path / "run", (X[:2], np.ones(2, int)))
    path = run.path / "results.jsonl"
    lines = [json.loads(line) for line in path.read_text().splitlines()]
    change(lines[0])
    path.write_text("".join(json.dumps(line) + "\n" for line in lines))
    broken = brittle.verify(run.path, Centre(), (X[:2], np.ones(2, int)))
    assert any(told in str(check) for check in broken.broken)


@pytest.mark.parametrize("name", ["map", "insertion", "mask"])
def test_a_forged_map_does_not_hold(tmp_path: Path, name: str) -> None:
    run = explained(Centre(), tmp_path / "run", (X[:1], np.ones(1, int)))
    (found,) = run.explanations()
    with np.load(run.path / found.file) as file:
        arrays = dict(file)
    arrays[name] = np.roll(arrays[name], 3, axis=-1)
    np.savez(run.path / found.file, **arrays)
    assert brittle.verify(run.path, Centre(), (X[:1], np.ones(1, int))).broken


@pytest.mark.parametrize("data", [b"", b"PK\x03\x04garbage", b"\x80\x04pickle"])
def test_a_damaged_map_is_one_line(tmp_path: Path, data: bytes) -> None:
    run = explained(Centre(), tmp_path / "run", (X[:1], np.ones(1, int)))
    (found,) = run.explanations()
    (run.path / found.file).write_bytes(data)
    verified = brittle.verify(run.path, Centre(), (X[:1], np.ones(1, int)))
    assert any("damaged" in str(check) for check in verified.broken)
    brittle.rewrite_report(run.path)


def test_bad_wishes_are_one_line(tmp_path: Path) -> None:
    for settings, told in (
        ({"explainer": "surwey"}, "survey"),
        ({"fill": "blurr"}, "blur"),
        ({"fill": "powerline"}, "time"),
        ({"which": "7"}, "0 to 1"),
        ({"budget": 20}, "greater than"),
        ({"truth": tmp_path / "none"}, "masks"),
    ):
        with pytest.raises(brittle.BrittleError, match=told):
            explained(Centre(), tmp_path / "x", **settings)


def test_an_audit_and_an_explanation_do_not_mix(tmp_path: Path) -> None:
    run = explained(Centre(), tmp_path / "run", (X[:1], np.ones(1, int)))
    with pytest.raises(brittle.BrittleError, match="choose another --out"):
        brittle.audit(Centre(), (X[:1], np.ones(1, int)), out=run.path)
    with pytest.raises(brittle.BrittleError, match="brittle audit"):
        next(run.results())
