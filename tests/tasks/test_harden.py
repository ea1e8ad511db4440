"""brittle harden, end to end on a tiny network: what lies in its folder, and that it goes on."""

import json
from collections import Counter
from collections.abc import Callable
from io import StringIO
from itertools import pairwise
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest
from click.testing import CliRunner
from onnxruntime import InferenceSession
from rich.console import Console
from safetensors.numpy import load_file

import brittle
from brittle.cli import cli
from brittle.cli.live import live_hardening
from brittle.core.errors import RunError
from brittle.hardening.split import split
from brittle.tasks.explain.flips import Flips
from brittle.tasks.harden.watching import Measuring, Standing
from graphs import without
from harden_world import QUICK, World, make_world


@pytest.fixture(scope="module")
def world(tmp_path_factory: pytest.TempPathFactory) -> World:
    return make_world(tmp_path_factory.mktemp("world"))


@pytest.fixture(scope="module")
def hardened(world: World, tmp_path_factory: pytest.TempPathFactory) -> brittle.Hardening:
    """The ONNX file, hardened."""
    return world.harden(tmp_path_factory.mktemp("out") / "h")


def test_an_onnx_file_comes_back_with_other_weights_and_nothing_else(
    world: World, hardened: brittle.Hardening
) -> None:
    weights = load_file(hardened.weights)
    before, after = world.onnx.read_bytes(), hardened.model.read_bytes()
    assert set(weights) == {"w", "b"}
    assert before != after
    assert without(before, list(weights)) == without(after, list(weights))
    assert hardened.kept


def test_the_runs_are_ordinary_ones_that_verify(hardened: brittle.Hardening) -> None:
    for arm in ("before", "control", "after"):
        found = brittle.verify(hardened.folder / arm / "patchwork")
        assert not found.broken and found.finished and not found.notes
    assert brittle.Run.open(hardened.folder / "after" / "ripple").manifest.settings["goal"] == "first"
    compared = brittle.compare_runs([hardened.folder / arm / "patchwork" for arm in ("before", "after")])
    assert [one.summary.samples for one in compared.contenders] == [10, 10]
    names = ["patchwork (digits.onnx)", "patchwork (hardened.onnx)"]
    assert [one.name for one in compared.contenders] == names


def test_what_flipped_one_model_is_shown_to_the_others(hardened: brittle.Hardening) -> None:
    card = json.loads((hardened.folder / "hardened.json").read_text())
    models = {"control": "control.onnx", "after": "hardened.onnx"}
    for arm, found in card["transfer"]["patchwork"].items():
        assert found["flips"] == found[arm]  # each flips the model that it was found on
    flips = Flips(hardened.folder / "before" / "patchwork")
    after = [flips.open(name) for name in flips.ids if name.endswith(" after")]
    assert card["transfer"]["patchwork"]["before"]["flips"] == len(after)
    for arm, file in models.items():
        session = InferenceSession(hardened.folder / file)
        answers = session.run(None, {session.get_inputs()[0].name: np.stack([sample.x for sample in after])})[
            0
        ].argmax(axis=1)
        wrong = int((answers != np.array([sample.label for sample in after])).sum())
        assert card["transfer"]["patchwork"]["before"][arm] == wrong < len(after)
    assert "<h2>Transfer</h2>" in hardened.page.read_text()


def test_what_is_audited_is_kept_for_the_report_and_right_before(
    world: World, hardened: brittle.Hardening
) -> None:
    kept = np.load(hardened.folder / "report.npz")
    sides = split([f"{row:06d}" for row in range(600)], 0)
    assert {sides[name] for name in kept["ids"].tolist()} == {"report"}
    data = np.load(world.data)
    rows = [int(name) for name in kept["ids"]]
    assert np.array_equal(kept["x"], data["x"][rows]) and np.array_equal(kept["y"], data["y"][rows])
    for arm in ("before", "control", "after"):
        results = brittle.Run.open(hardened.folder / arm / "patchwork").results()
        assert [result.sample for result in results] == kept["ids"].tolist()
    before = brittle.Run.open(hardened.folder / "before" / "patchwork").summary()
    assert before["misclassified"] == before["failed"] == 0


def test_the_card_says_what_was_done(hardened: brittle.Hardening) -> None:
    card = json.loads((hardened.folder / "hardened.json").read_text())
    assert card["split"]["report"] + card["split"]["choose"] + card["split"]["learn"] == 600
    assert card["steps"] == 60 and card["trainable"] == 650
    assert set(card["clean"]["against"]) == {"before", "control"}
    assert card["model"]["name"] == "digits.onnx" and len(card["model"]["sha256"]) == 64
    assert (
        f"<dt>Model</dt><dd>digits.onnx, SHA-256 {card['model']['sha256']}</dd>" in hardened.page.read_text()
    )
    assert len(card["line"]) == 11 and card["share"] in [point["share"] for point in card["line"]]
    told = hardened.summary()
    assert set(told["attacks"]) == {"patchwork", "ripple"}
    assert told["attacks"]["patchwork"]["trained_on"] and not told["attacks"]["ripple"]["trained_on"]
    json.dumps(told, allow_nan=False)


def test_the_card_has_pgd_and_corruptions(hardened: brittle.Hardening) -> None:
    card = json.loads((hardened.folder / "hardened.json").read_text())
    white_box, corruptions = card["white_box"], card["corruptions"]
    assert white_box["limit"] == card["limit"] and white_box["samples"] == 10
    kept = [result.sample for result in brittle.Run.open(hardened.folder / "after" / "ripple").results()]
    assert set(white_box["held"]) <= set(kept) and white_box["after"] == len(white_box["held"]) / 10
    assert white_box["before"] <= 0.2  # the limit is beyond the median of what a black box finds
    curve = white_box["curve"]
    assert [point["l2"] for point in curve] == [
        card["limit"] * share for share in (0, 1 / 8, 1 / 4, 1 / 2, 1)
    ]
    assert curve[0]["before"] == 1  # what is audited was right
    for arm in ("before", "control", "after"):
        assert curve[-1][arm] == white_box[arm]
        assert all(one[arm] >= other[arm] for one, other in pairwise(curve))
    assert "PGD: share flipped against L2" in hardened.page.read_text()
    assert corruptions["samples"] == 10 and corruptions["rows"] == 10 * 75 * 3
    assert len(corruptions["by_corruption"]) == 15
    for arm in ("before", "control", "after"):
        by_kind = [row[arm] for row in corruptions["by_corruption"]]
        assert np.mean(by_kind) == pytest.approx(corruptions[arm])
        assert 0.1 < corruptions[arm] < card["clean"][arm]
    points = 100 * (corruptions["after"] - corruptions["before"])
    assert corruptions["against"]["before"]["points"] == pytest.approx(points)


def test_what_is_measured_beside_the_audits_says_where_it_stands(world: World, tmp_path: Path) -> None:
    told: list[Standing] = []
    world.harden(tmp_path / "h", steps=1, samples=8, budget=40, watch=told.append)
    measured = {now.what: now.now for now in told if isinstance(now.now, Measuring)}
    assert set(measured) == {"before, PGD", "control, PGD", "after, PGD", "corruptions"}
    assert measured["before, PGD"].total == 8 * 5 and measured["corruptions"] == Measuring(7, 8)
    with live_hardening(Console(file=StringIO())) as watch:
        for now in told:
            watch(now)


def test_where_pgd_finds_less_than_black_boxes_card_and_page_give_an_alarm(
    world: World, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from brittle.hardening import white_box

    monkeypatch.setattr(white_box, "pgd", lambda logits, x, *_: x)
    found = world.harden(tmp_path / "h", steps=1)
    card = json.loads((tmp_path / "h" / "hardened.json").read_text())
    [alarm] = [line for line in card["alarms"] if "gradients may be masked" in line]
    assert card["alarms"][0] == alarm  # the last one may say why no weights were taken
    assert alarm in found.page.read_text() and alarm in found.summary()["alarms"]
    kept, page = (tmp_path / "h" / "hardened.json").read_bytes(), found.page.read_bytes()
    again = world.harden(tmp_path / "h", steps=1)
    assert (tmp_path / "h" / "hardened.json").read_bytes() == kept and again.page.read_bytes() == page


def test_signals_have_no_corruptions() -> None:
    from brittle.core.sample import InputSpec
    from brittle.tasks.harden.corrupted import on_corruptions
    from brittle.tasks.harden.samples import Kept

    signals: Any = SimpleNamespace(spec=InputSpec((1, 60), ("channel", "time")))
    assert on_corruptions(Kept(signals, ["a"]), {}, 10, 0, lambda _: None) is None


def test_the_page_is_safe_and_whole(hardened: brittle.Hardening) -> None:
    page = hardened.page.read_text()
    assert (
        "<script" not in page and "src=" not in page and "http" not in page.replace("http://www.w3.org", "")
    )
    assert hardened.report.verdict.words[:20] in page
    for arm in ("before", "control", "after"):
        assert (hardened.folder / arm / "patchwork" / "report.html").exists()
        assert f'href="{arm}/patchwork/report.html"' in page


def test_the_same_call_again_asks_nothing_and_another_is_refused(
    world: World, hardened: brittle.Hardening
) -> None:
    told: list[Standing] = []
    page = hardened.page.read_bytes()
    again = world.harden(hardened.folder, watch=told.append)
    assert not told and again.page.read_bytes() == page
    with pytest.raises(brittle.BrittleError, match=r"different command: settings\.steps was 60, now 13"):
        world.harden(hardened.folder, steps=13)


def _stop_at(what: str, step: int = 0) -> Callable[[Standing], None]:
    def watch(now: Standing) -> None:
        if now.what == what and getattr(now.now, "step", 0) >= step:
            raise KeyboardInterrupt

    return watch


def test_a_stopped_hardening_ends_with_the_same_bytes(
    world: World, hardened: brittle.Hardening, tmp_path: Path
) -> None:
    for what, step in (("before, ripple", 0), ("training, hardened", 6), ("control, patchwork", 0)):
        with pytest.raises(KeyboardInterrupt):
            world.harden(tmp_path / "h", watch=_stop_at(what, step))
    again = world.harden(tmp_path / "h")
    for name in ("hardened.onnx", "control.onnx", "hardened.safetensors", "report.npz"):
        assert (again.folder / name).read_bytes() == (hardened.folder / name).read_bytes(), name


def test_where_too_much_is_lost_the_original_comes_back(
    world: World, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    given = [str(world.onnx), str(world.data), "--out", "h", "--keep-clean", "0", "--rate", "0.002"]
    for name in ("steps", "batch", "samples", "budget", "epsilon"):
        given += [f"--{name}", str(QUICK[name])]
    done = CliRunner().invoke(cli, ["harden", *given, "--audit", "ripple", "--threads", "1"])
    assert done.exit_code == 1, done.output
    assert "Not hardened: the original's weights came back" in done.output.replace("\n", " ")
    assert Path("h/hardened.onnx").read_bytes() == world.onnx.read_bytes()
    assert Path("h/control.onnx").read_bytes() != world.onnx.read_bytes()
    assert json.loads(Path("h/hardened.json").read_text())["settings"]["rate"] == 0.002


def test_a_module_goes_in_and_out(world: World, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    import torch

    monkeypatch.chdir(world.data.parent)
    data = np.load(world.data)
    from brittle.core.registry import load_object

    net = load_object("digit_nets:make", "model")()
    before = {name: value.clone() for name, value in net.state_dict().items()}
    found = brittle.harden(
        net, (data["x"], data["y"]), out=tmp_path / "h", **{**QUICK, "steps": 4, "audits": ("patchwork",)}
    )
    assert all(torch.equal(value, net.state_dict()[name]) for name, value in before.items())
    weights = {name: torch.from_numpy(w) for name, w in load_file(found.weights).items()}
    net.load_state_dict(weights)
    assert torch.equal(net[1].running_mean, before["1.running_mean"])
    assert not torch.equal(net[2].weight, before["2.weight"])
    assert "every attack here was trained on" in found.report.verdict.words
    assert brittle.verify(found.folder / "after" / "patchwork").finished


def test_samples_of_a_group_stay_together(world: World, tmp_path: Path) -> None:
    with pytest.raises(brittle.BrittleError, match="expected an array 'patient' of groups, got x, y, writer"):
        world.harden(tmp_path / "a", group="patient")
    found = world.harden(tmp_path / "b", group="writer", steps=1, samples=8, budget=10)
    names = [f"{row:06d}" for row in range(600)]
    sides = split(names, 0, {name: str(int(name) // 20) for name in names})
    card = json.loads((found.folder / "hardened.json").read_text())
    assert card["split"]["report"] == sum(side == "report" for side in sides.values())


def test_a_test_set_chooses_and_reports_and_its_doubles_are_not_learned_from(
    world: World, tmp_path: Path
) -> None:
    data = np.load(world.data)
    np.savez(tmp_path / "test.npz", x=data["x"][:40], y=data["y"][:40])
    found = world.harden(tmp_path / "h", test=tmp_path / "test.npz", steps=1, samples=8, budget=10)
    card = json.loads((found.folder / "hardened.json").read_text())
    sizes = card["split"]
    assert sizes["report"] + sizes["choose"] == 40 and min(sizes["report"], sizes["choose"]) >= 12
    assert (sizes["learn"], sizes["doubles_left_out"]) == (560, 40)


def test_flips_of_what_is_learned_from_join(world: World, tmp_path: Path) -> None:
    options = {"limit": 40}
    run = brittle.audit(
        world.onnx, world.data, out=tmp_path / "run", budget=60, search="patchwork", data_options=options
    )
    found = world.harden(tmp_path / "h", runs=(str(run.path),), steps=1, samples=8, budget=10)
    told = found.summary()
    assert told["shares_of_a_batch"]["flips"] > 0
    sides = split([f"{row:06d}" for row in range(40)], 0)
    flipped = [r.closest for r in run.results() if r.closest and sides[r.sample] == "learn"]
    wear = Counter[str]()
    for flip in flipped:
        used = {run.manifest.palette[k - 1].distortion for k in flip.assignment or () if k}
        wear.update(used & {*QUICK["distortions"]})
    layers = Counter(layer.distortion for layer in run.manifest.palette)
    alike = {
        name: layers[name] / sum(layers[n] for n in QUICK["distortions"]) for name in QUICK["distortions"]
    }
    expected = {name: alike[name] / 2 + wear[name] / wear.total() / 2 for name in alike}
    assert told["odds_of_distortions"] == pytest.approx(expected) and wear.total() > 10
    assert "<dt>Odds of distortions</dt>" in found.page.read_text()


def test_without_earlier_audits_the_card_has_no_odds(hardened: brittle.Hardening) -> None:
    assert hardened.summary()["odds_of_distortions"] is None
    assert "Odds of distortions" not in hardened.page.read_text()


def test_a_regulator_s_document_has_it_before_and_after(world: World, hardened: brittle.Hardening) -> None:
    folder = hardened.model.parent
    run = next(path for path in (folder / "before").iterdir() if path.is_dir())
    page = brittle.write_document(run, hardening=folder, check=False).read_text()
    part = page.split('<h2 id="hardening">')[1].split("<h2")[0]
    assert hardened.report.verdict.words in part and f'<th scope="row">{run.name}</th>' in part
    with pytest.raises(RunError, match="expected a finished folder of brittle harden"):
        brittle.write_document(run, hardening=run, check=False)
