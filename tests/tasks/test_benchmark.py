"""A hard set from its settings to its folder: the same bytes, every row counted, hold-outs asked last."""

import json
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from click.testing import CliRunner
from PIL import Image

import brittle
from brittle.cli import cli
from brittle.core.errors import BrittleError, DataError
from brittle.store.hard_set import RECORDS, HardSet
from fake_ray import FakeRay
from hard_nets import CLASSES, LEVELS, MODULE, SIDE, Net, bytes_of, made, pictures


@pytest.fixture(scope="module")
def hard(tmp_path_factory: pytest.TempPathFactory) -> HardSet:
    """A set of waves and textures."""
    return made(tmp_path_factory.mktemp("set") / "hard").set


@pytest.fixture
def named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder with the pictures as .npz and the models as a module, from which commands are run."""
    folder = tmp_path / "here"
    folder.mkdir()
    x, y = pictures()
    np.savez(folder / "pictures.npz", x=x, y=y)
    (folder / "nets.py").write_text(
        f"import sys\nsys.path.append({str(Path(__file__).parents[1])!r})\n{MODULE}"
    )
    monkeypatch.chdir(folder)
    monkeypatch.syspath_prepend(str(folder))
    return folder


USUAL = {"data": "pictures.npz", "models": ["nets:slow", "nets:two"], "hold_out": (), "kinds": "wave"}


def words(out: Path, *more: object) -> list[str]:
    """The command line that makes a set of them."""
    models = ("--models", "nets:one", "--models", "nets:two", "--hold-out", "nets:three")
    levels = ",".join(map(str, LEVELS))
    return [str(w) for w in ("benchmark", "pictures.npz", *models, "--levels", levels, "--out", out, *more)]


def pixels(hard: HardSet, file: str) -> np.ndarray:
    with Image.open(hard.path / file) as image:
        return np.asarray(image, np.float64) / 255


def test_the_same_bytes_for_any_batch_and_again(hard: HardSet, tmp_path: Path) -> None:
    before = bytes_of(hard.path)
    made(tmp_path / "hard", batch=1)
    assert bytes_of(tmp_path / "hard") == before
    made(tmp_path / "hard", batch=1)  # finished: nothing is asked anew
    assert bytes_of(tmp_path / "hard") == before


def test_any_keeps_what_one_surrogate_gets_right(hard: HardSet, tmp_path: Path) -> None:
    x, y = pictures()
    right = np.array(
        [net((x / 255).astype(np.float32)).argmax(axis=1) == y for net in (Net(1, SIDE), Net(3, SIDE))]
    )
    models = [Net(1, SIDE), Net(3, SIDE)]
    for keep, kept in (("all", right.all(axis=0)), ("any", right.any(axis=0))):
        found = made(
            tmp_path / keep, models=models, hold_out=(), keep=keep, learn_on=(x, y), kinds="wave"
        ).set
        assert {int(item.id) for item in found.items()} == set(np.flatnonzero(kept))
        assert len(list(found.left_out())) == (~kept).sum()
    assert right.any(axis=0).sum() > right.all(axis=0).sum()


def test_hold_outs_stand_on_the_board_as_if_they_were_scored(tmp_path: Path) -> None:
    found = made(tmp_path / "hard")
    (entry,) = (found.path / "scores").iterdir()
    before = json.loads(entry.read_text())
    assert before["hold_out"] and not before["seen_by_builder"] and (found.path / "board.html").is_file()
    made(tmp_path / "hard")
    assert json.loads(entry.read_text()) == before
    entry.unlink()
    after = brittle.score(Net(3, SIDE), found.path, name=before["name"]).summary()
    asked = {"date", "command", "versions", "rows_shown", "model", "seen_by_builder"}
    assert {k: v for k, v in after.items() if k not in asked} == {
        k: v for k, v in before.items() if k not in asked
    }


def test_samples_that_end_every_worker_fail(
    named: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, "ray", FakeRay(deadly=[f"{k:06}" for k in range(2)]))
    monkeypatch.setenv("RAY_ADDRESS", "127.0.0.1:6379")
    one = {"data_options": {"limit": 2}, "on": "ray", "workers": 1}
    with pytest.raises(DataError, match=r"no sample to choose shared patterns on; .* 3 workers died"):
        made(tmp_path / "hard", **{**USUAL, **one})


def test_another_seed_is_another_set(hard: HardSet, tmp_path: Path) -> None:
    other = made(tmp_path / "hard", seed=1).set
    kinds = [
        kind.patterns["waves"] for one in (hard, other) for kind in one.about.kinds if kind.way == "wave"
    ]
    assert kinds[0] != kinds[1]


def by_name(out: Path, **settings: Any) -> dict[str, str]:
    """The bytes of a set of models by name, which other processes can open."""
    return bytes_of(made(out, **{**USUAL, **settings}).path)


def test_the_same_bytes_in_two_processes(named: Path) -> None:
    """Of photos, too, that have one file name."""
    x, y = pictures()
    for i, (image, label) in enumerate(zip(x, y, strict=True)):
        folder = named / "shots" / CLASSES[label]
        folder.mkdir(parents=True, exist_ok=True)
        Image.fromarray(np.moveaxis(image, 0, -1)).save(folder / f"{i // 3}.png")
    wanted = by_name(named / "one", data="shots")
    assert by_name(named / "two", data="shots", workers=2, batch=4) == wanted


def test_the_same_bytes_after_a_kill(named: Path) -> None:
    models = ("--models", "nets:slow", "--models", "nets:two", "--batch", "1", "--out", "killed")
    line = ("benchmark", "pictures.npz", *models, "--kind", "wave", "--levels", ",".join(map(str, LEVELS)))
    command = subprocess.Popen([sys.executable, "-m", "brittle", *line], stdout=subprocess.DEVNULL)
    results = named / "killed" / "work" / "build" / "results.jsonl"
    while not (results.exists() and len(results.read_bytes().splitlines()) >= 2):
        assert command.poll() is None
        time.sleep(0.01)
    command.kill()
    command.wait()
    found = made(named / "killed", **USUAL)
    assert found.besides["interrupted"] > 0
    assert bytes_of(named / "killed") == by_name(named / "whole")


def test_every_file_fills_its_level_and_levels_are_nested(hard: HardSet) -> None:
    items = list(hard.items())
    assert len(items) == hard.about.samples * 2 * len(LEVELS) > 0
    before: dict[tuple[str, str], np.ndarray] = {}
    for item in items:
        change = pixels(hard, item.file) - pixels(hard, item.clean)
        distance = float(np.sqrt((change**2).sum()))
        assert distance == pytest.approx(item.l2, abs=2e-6)
        assert 0.98 < distance / float(item.level) <= 1
        weaker = before.get((item.id, item.kind), np.zeros(1))
        assert (np.abs(change) >= np.abs(weaker) - 1e-9).all() and (change * weaker >= 0).all()
        before[item.id, item.kind] = change


def test_rows_are_those_of_an_independent_counter_and_hold_outs_come_last(tmp_path: Path) -> None:
    log: list[tuple[int, int]] = []
    nets = [Net(1, SIDE, log), Net(2, 8, log)]
    found = made(tmp_path / "hard", models=nets, hold_out=[Net(3, SIDE, log)])
    about, besides = found.set.about, found.besides
    shown = {seed: sum(rows for s, rows in log if s == seed) for seed in (1, 2, 3)}
    accounts = about.rows.clean + about.rows.share + about.rows.build + about.rows.check
    assert shown[1] == shown[2]
    assert sum(shown.values()) == accounts + about.rows.held_out + besides["setup"]
    assert besides["retried"] == besides["interrupted"] == 0
    files = 1 + len(about.kinds) * len(about.levels)
    assert about.rows.held_out == about.samples * files
    assert about.rows.check == about.samples * (files - 1) * 2
    last_seen = max(i for i, (seed, _) in enumerate(log) if seed != 3)
    assert min(i for i, (seed, _) in enumerate(log) if seed == 3) > last_seen


def test_margins_are_those_of_each_surrogate_to_the_file_alone(hard: HardSet) -> None:
    net = Net(1, SIDE)
    for item in list(hard.items())[::7]:
        x = np.moveaxis(pixels(hard, item.file), -1, 0)[None].astype(np.float32)
        logits = net(x)[0]
        margin = logits[item.label] - np.delete(logits, item.label).max()
        assert item.margins[0] == pytest.approx(margin, abs=2e-3)


def test_patterns_are_chosen_on_samples_that_are_not_in_the_set(hard: HardSet) -> None:
    learned = {
        json.loads(line)["sample"]
        for round in ("share-1", "share-2")
        for line in (hard.path / "work" / round / "results.jsonl").read_text().splitlines()
    }
    left_out = {one.sample for one in hard.left_out()}
    items = {item.id for item in hard.items()}
    assert learned and learned <= left_out and not items & left_out
    assert len(items | left_out) == hard.about.data.samples


def test_shared_waves_are_harder_for_the_surrogates_than_usual(hard: HardSet) -> None:
    work = hard.path / "work" / "share-1"
    drawn = json.loads((work / "run.json").read_text())["settings"]["patterns"]["wave"]["waves"]
    lines = [json.loads(line)["scores"] for line in (work / "results.jsonl").read_text().splitlines()]
    means = np.array([scores["wave"] for scores in lines if scores]).mean(axis=0)
    kind = next(kind for kind in hard.about.kinds if kind.way == "wave")
    chosen = [drawn.index(wave) for wave in kind.patterns["waves"]]
    assert len(chosen) == 8 and means[chosen].max() < np.median(means)


def test_recipes_alone_make_the_same_bytes(hard: HardSet, tmp_path: Path) -> None:
    folder = tmp_path / "hard"
    assert made(folder, no_images=True).set.about.samples == hard.about.samples
    assert not (folder / "images").exists() and not (folder / "work" / "images").exists()
    assert max(len(json.dumps(item.recipe)) for item in hard.items()) < 200
    brittle.render(folder, pictures())
    assert bytes_of(folder) == bytes_of(hard.path)


def test_rendering_from_other_photos_is_refused(tmp_path: Path) -> None:
    folder = made(tmp_path / "hard", no_images=True).path
    x, y = pictures()
    with pytest.raises(brittle.BrittleError, match="not the one that the set was made from"):
        brittle.render(folder, (255 - x, y))
    with pytest.raises(brittle.DataError, match="has no sample"):
        brittle.render(folder, (x[:1], y[:1]))


def test_levels_of_likeness_and_distortions_of_the_user(named: Path) -> None:
    more = ("--ssim", ".98,.95", "--distortion", "nets:dark", "--distortion", "gaussian_blur")
    done = CliRunner().invoke(
        cli, [w for w in words(named / "hard", *more) if w not in ("--levels", "0.4,0.8,1.6")]
    )
    assert done.exit_code == 0, done.output
    hard = HardSet.open(named / "hard")
    assert [kind.name for kind in hard.about.kinds] == ["nets_dark", "gaussian_blur"]
    for item in hard.items():
        assert item.ssim is not None
        assert 0.98 < (1 - item.ssim) / (1 - float(item.level)) <= 1 + 1e-6
    with pytest.raises(brittle.UsageError, match="nets:dark"):
        brittle.verify(named / "hard")
    assert not brittle.verify(named / "hard", distortions=["nets:dark"]).broken


@pytest.mark.parametrize("search", ["patchwork", "agent", "greedy"])
def test_hpe_s_way_has_levels_of_each_sample_s_own_flip(search: str, tmp_path: Path) -> None:
    found = made(
        tmp_path / "hard",
        data=pictures(8),
        models=Net(1, SIDE),
        kinds="cells",
        search=search,
        levels="flip:1.5,3",
        budget=400,
    )
    items = list(found.set.items())
    assert items and all(margin < 0 for item in items for margin in item.margins)
    by_level = {(item.id, item.level): item.l2 for item in items}
    for item in items:
        assert by_level[item.id, "3"] / by_level[item.id, "1.5"] == pytest.approx(2, rel=0.03)
    assert not brittle.verify(found.path).broken


def test_cells_play_on_several_surrogates(tmp_path: Path) -> None:
    found = made(tmp_path / "hard", data=pictures(8), kinds=["cells"], budget=20, hold_out=())
    assert not brittle.verify(found.path).broken
    assert all(item.queries <= 20 for item in found.set.items())
    assert "No model was held out" in (found.path / "README.md").read_text()


def test_the_card_says_what_the_numbers_say(hard: HardSet) -> None:
    card = (hard.path / "README.md").read_text()
    file = {item.file for item in hard.items() if (item.kind, item.level) == ("wave", "1.6")}
    errors = [answer.margin < 0 for answer in hard.held_out() if answer.file in file]
    assert f"n = {len(errors)}" in card
    line = next(line for line in card.splitlines() if line.startswith("| wave | 1.6 |"))
    assert f"{100 * np.mean(errors):.1f}" in line or np.mean(errors) in (0, 1)
    assert "net1, seen" in card and "Not stated by whoever made this set." in card


def test_a_licence_of_the_user_stands_in_the_card(tmp_path: Path) -> None:
    folder = made(tmp_path / "hard", licence="Only for *research*\n# and more").path
    card = (folder / "README.md").read_text()
    assert "license: other" in card and r"Only for \*research\* \# and more" in card


def test_a_distortion_out_of_bounds_is_one_line(named: Path) -> None:
    done = CliRunner().invoke(cli, words(named / "hard", "--distortion", "nets:bright"))
    assert done.exit_code == 2 and "must stay within" in done.output


def test_a_finished_set_of_another_command_is_left_alone(hard: HardSet) -> None:
    before = bytes_of(hard.path)
    with pytest.raises(BrittleError, match="choose another --out"):
        made(hard.path, seed=3)
    assert bytes_of(hard.path) == before


def test_another_hold_out_is_asked_without_building_anew(tmp_path: Path) -> None:
    log: list[tuple[int, int]] = []
    one = made(tmp_path / "hard", data=pictures(12), kinds="wave").set
    nets = [Net(1, SIDE, log), Net(2, 8, log)]
    two = made(tmp_path / "hard", data=pictures(12), kinds="wave", models=nets, hold_out=Net(4, SIDE)).set
    assert sum(rows for _, rows in log) <= 3 * 2 * 2  # identity rows of three phases
    assert {answer.model for answer in two.held_out()} == {"net4"}
    assert list(two.items()) == list(one.items())


def test_models_of_one_file_name_are_told_apart(named: Path) -> None:
    for folder in ("a", "b"):
        (named / folder).mkdir()
        (named / folder / "same.py").write_text(
            f"from nets import {'one' if folder == 'a' else 'two'} as net"
        )
    found = made(named / "hard", models=["a.same:net", "nets:two"], hold_out=["b.same:net"], kinds="wave").set
    assert len({net.name for net in (*found.about.surrogates, *found.about.hold_outs)}) == 3


def test_a_photo_that_cannot_be_read_is_left_out_by_its_name(named: Path) -> None:
    x, y = pictures()
    for i, (image, label) in enumerate(zip(x, y, strict=True)):
        folder = named / "shots" / CLASSES[label]
        folder.mkdir(parents=True, exist_ok=True)
        Image.fromarray(np.moveaxis(image, 0, -1)).save(folder / f"{i}.png")
    for path in sorted((named / "shots").rglob("*.png"))[::3]:
        path.write_bytes(b"no png")
    hard = made(named / "hard", data="shots", models=["nets:one"], hold_out=(), kinds="wave").set
    damaged = [one for one in hard.left_out() if "cannot be read" in one.reason]
    assert damaged and all(one.reason.startswith(f"{one.sample}: ") for one in damaged)
    assert str(named) not in "".join((hard.path / name).read_text() for name in RECORDS)


def test_answers_that_are_kept_change_no_byte(hard: HardSet, tmp_path: Path) -> None:
    assert bytes_of(made(tmp_path / "hard", keep_answers=True).path) == bytes_of(hard.path)
