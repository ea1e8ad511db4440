"""The built-in video model: its card, what it needs, and that it decides by motion alone."""

import json
import subprocess
import sys
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

from brittle.core.errors import ModelError
from brittle.core.sample import Array
from brittle.core.seeds import generator
from brittle.data import open_data
from brittle.data.camera import MOVES, SCENES, SPEC, make_clip, open_scenes
from brittle.models import ModelOptions, open_model
from brittle.models.camera import CARD, GRAPH
from brittle.tasks.audit.settings import AuditSettings

Labels = NDArray[np.int64]


def test_the_graph_is_small_and_described() -> None:
    card = json.loads(CARD.read_text(encoding="utf-8"))
    assert GRAPH.stat().st_size < 1_000_000
    assert card["classes"] == list(MOVES)
    assert card["accuracy"]["share"] >= 0.95
    assert card["scenes"]["accuracy"]["share"] >= 0.95
    assert tuple(card["scenes"]["accuracy_by_photo"]) == SCENES
    assert {"trained_on", "seed", "steps", "versions", "command", "data", "licence", "limits"} <= set(card)


def test_backend_says_what_it_is() -> None:
    backend = open_model("video")
    assert (backend.name, backend.shape, backend.outputs) == ("video", SPEC.shape, 8)
    assert (backend.classes, backend.bounds) == (MOVES, (0.0, 1.0))
    assert backend.settings.output == "logits"
    assert open_model("video", ModelOptions(output="probabilities")).settings.output == "probabilities"
    assert len(backend.sha256) == 64
    x = np.random.default_rng(0).random((3, *SPEC.shape), np.float32)
    np.testing.assert_allclose(backend.ask(x)[1:2], backend.ask(x[1:2]), atol=1e-4)


def test_neither_torch_nor_onnx_is_loaded() -> None:
    code = "import sys; from brittle.models import open_model; open_model('video');"
    check = "sys.exit(any(m in sys.modules for m in ('torch', 'onnx', 'foolbox')))"
    assert subprocess.run([sys.executable, "-c", code + check], check=False).returncode == 0


def test_a_damaged_card_is_one_line(tmp_path: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("brittle.models.camera.CARD", tmp_path / "none.json")
    with pytest.raises(ModelError, match=r"the built-in video model is damaged .* install brittle again"):
        open_model("video")


def test_it_is_asked_about_the_built_in_clips() -> None:
    assert AuditSettings(model="video").data == "camera"


def test_it_names_the_built_in_clips() -> None:
    data = open_data("camera", SPEC.shape, outputs=8)
    samples = [data.open(id) for id in data.ids]
    named = open_model("video").ask(np.stack([s.x for s in samples])).argmax(axis=1)
    assert (named == [s.label for s in samples]).mean() >= 0.9


@pytest.fixture(scope="module")
def clips() -> tuple[Array, Labels]:
    """Ten new clips of each move over the scenes, which the model never saw."""
    scenes = open_scenes()
    unseen = [scenes.open(id).x for id in scenes.ids]
    rng = generator(1, "clips of a test")
    y = np.tile(np.arange(8), 10)
    codes = [make_clip(unseen[k // 8 % 6], MOVES[label], rng) for k, label in enumerate(y)]
    return SPEC.decode(np.stack(codes)), y


def named(x: Array) -> Labels:
    """What the model says of each clip."""
    answers: Labels = open_model("video").ask(np.ascontiguousarray(x)).argmax(axis=1)
    return answers


def test_it_is_right_about_photos_it_never_saw(clips: tuple[Array, Labels]) -> None:
    x, y = clips
    assert (named(x) == y).mean() >= 0.9


def test_it_names_a_reversed_clip_as_the_opposite(clips: tuple[Array, Labels]) -> None:
    x, y = clips
    assert (named(x[:, :, ::-1]) == y ^ 1).mean() >= 0.9


def test_without_motion_it_knows_nothing(clips: tuple[Array, Labels]) -> None:
    x, y = clips
    assert (named(np.repeat(x[:, :, 8:9], 16, axis=2)) == y).mean() < 0.3


def test_of_shuffled_frames_it_knows_no_direction(clips: tuple[Array, Labels]) -> None:
    """Which way is a guess; along what the camera moved can be seen, so that a quarter is right by chance."""
    x, y = clips
    rng = generator(2, "clips of a test")
    found = named(np.stack([clip[:, rng.permutation(16)] for clip in x]))
    assert (found == y).mean() < 0.4
    assert (found == y).sum() == pytest.approx((found == y ^ 1).sum(), abs=15)
