"""What brittle harden is asked: what is too few, what is refused in one line, whose folder it is."""

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from click.testing import CliRunner, Result

import brittle
from brittle.cli import cli
from harden_world import QUICK, World, make_world


@pytest.fixture(scope="module")
def world(tmp_path_factory: pytest.TempPathFactory) -> World:
    return make_world(tmp_path_factory.mktemp("world"))


def test_the_command_has_no_options_of_endpoints() -> None:
    told = CliRunner().invoke(cli, ["harden", "--help"]).output
    for name in ("--header", "--query", "--body", "--timeout", "--retries"):
        assert name not in told and f"{name} " in CliRunner().invoke(cli, ["audit", "--help"]).output
        assert CliRunner().invoke(cli, ["harden", name, "1"]).exit_code == 2
    assert "Learning rate of AdamW" in told and "requests" not in told


def few(out: Path, world: World, *options: str) -> Result:
    """Harden with 110 samples of ten classes, which are fewer to learn from than ten a class."""
    given = [str(world.onnx), str(world.data), "--out", str(out), "--limit", "110", "--threads", "1"]
    given += ["--steps", "2", "--samples", "8", "--budget", "10", "--audit", "ripple", *options]
    return CliRunner().invoke(cli, ["harden", *given, "--distortion", "dead_pixels"])


def test_few_samples_are_refused_unless_one_knows(world: World, tmp_path: Path) -> None:
    refused = few(tmp_path / "h", world)
    assert refused.exit_code == 3
    assert "expected at least 10 samples a class to learn from, got 9" in refused.stderr
    assert "lower --least-a-class if you know that so few will do" in refused.stderr.replace("\n", " ")
    done = few(tmp_path / "h", world, "--least-a-class", "1")
    assert done.exit_code == 1, done.output
    said = " ".join(done.output.split())
    assert "Not hardened: the original's weights came back" in said
    assert "too few to tell: that takes 553 even where no answer changes" in said
    card = json.loads((tmp_path / "h" / "hardened.json").read_text())
    assert card["share"] is None and "least_a_class" not in card["settings"]


def test_the_card_says_how_many_samples_would_do() -> None:
    from brittle.hardening.records import Hardened, Point
    from brittle.tasks.harden.card import samples_needed

    def needed(lost: float, changed: int) -> int | None:
        line = [Point(0.0, 0.9, 0.0, 0.0, 1.0), Point(0.1, 0.9, lost, 9.0, 1.0, changed)]
        return samples_needed(Hardened(None, None, {}, {}, line[0], line, [], 1, 1.0), 200, 0.5)

    assert needed(0.0, 0) == 553 and needed(0.0, 4) == 3167  # 2 of 200 lose, 2 win
    assert needed(1.0, 2) is None and (needed(-1.0, 2) or 0) < 553


def test_samples_to_choose_by_have_a_least_number_that_no_setting_lowers(
    world: World, tmp_path: Path
) -> None:
    refused = few(tmp_path / "h", world, "--least-a-class", "1", "--limit", "60")
    assert refused.exit_code == 3
    assert "expected at least 10 samples to choose among weights, got" in refused.stderr


@pytest.mark.parametrize(
    ("model", "settings", "words"),
    [
        ("https://example.org/model", {}, "harden needs weights; .* got an address"),
        ("digit_nets:plain", {}, "harden needs weights; .* got digit_nets:plain"),
        ("missing.onnx", {}, "expected an .onnx file at 'missing.onnx', found none"),
        (None, {"audits": ("riple",)}, "no search and no preset is called 'riple'; did you mean 'ripple'"),
        (None, {"data_options": {"limit": 60}}, "expected at least 10 samples a class to learn from"),
        (None, {"keep_clean": -1}, "keep_clean"),
    ],
)
def test_what_cannot_be_hardened_is_refused_in_one_line(
    model: str | None,
    settings: dict[str, Any],
    words: str,
    world: World,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.chdir(world.data.parent)
    with pytest.raises(brittle.BrittleError, match=words) as caught:
        brittle.harden(model or world.onnx, world.data, out=tmp_path / "h", **{**QUICK, **settings})
    assert "\n" not in str(caught.value)


def test_samples_without_labels_are_refused(world: World, tmp_path: Path) -> None:
    data = np.load(world.data)
    with pytest.raises(brittle.DataError, match="harden needs labels, but 000000 of arrays has none"):
        brittle.harden(world.onnx, (data["x"], None), out=tmp_path / "h", **QUICK)


def test_other_files_are_left_alone(world: World, tmp_path: Path) -> None:
    (tmp_path / "mine.txt").write_text("mine")
    with pytest.raises(brittle.BrittleError, match="holds other files"):
        world.harden(tmp_path)


def test_a_model_of_ones_own_needs_data() -> None:
    with pytest.raises(brittle.UsageError, match=r"expected labelled samples to harden m\.onnx with"):
        brittle.harden("m.onnx")


def test_a_question_that_was_refused_gives_its_folder_to_another(world: World, tmp_path: Path) -> None:
    from brittle.tasks.harden.folder import claimed

    for steps in (1, 2):
        with claimed(tmp_path / "h", {"steps": steps}):
            assert json.loads((tmp_path / "h" / "question.json").read_text()) == {"steps": steps}
    (tmp_path / "h" / "report.npz").write_bytes(b"")
    with (
        pytest.raises(brittle.BrittleError, match="steps was 2, now 3"),
        claimed(tmp_path / "h", {"steps": 3}),
    ):
        pass
