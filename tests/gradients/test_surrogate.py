"""Local models as surrogates: which are taken, and what they say of a sample."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from brittle.core.errors import MissingExtraError, ModelError, UsageError
from brittle.core.goal import Goal
from brittle.core.sample import InputSpec, Sample
from brittle.gradients import surrogate
from brittle.gradients.surrogate import LocalSurrogate, open_surrogates
from brittle.models import open_model
from turned import model_of, off

pytest.importorskip("onnx")

Save = Callable[..., str]
SHAPE = (3, 8, 8)
SIZE = 192


@pytest.fixture(autouse=True)
def cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))


@pytest.fixture
def save(tmp_path: Path) -> Save:
    """Writes a linear net with these weights, (classes, SIZE)."""

    def write(weights: Any, name: str = "net") -> str:
        model = model_of([("Flatten", "x", "a"), ("MatMul", "a w", "y")], SHAPE, w=weights.T.copy())
        (tmp_path / f"{name}.onnx").write_bytes(model.SerializeToString())
        return str(tmp_path / f"{name}.onnx")

    return write


def weights(seed: int, classes: int) -> Any:
    return np.random.default_rng(seed).normal(size=(classes, SIZE)).astype(np.float32)


def sample_of(x: Any, label: int = 0) -> Sample:
    return Sample("one", x, label, spec())


def spec() -> InputSpec:
    return InputSpec(SHAPE, ("channel", "height", "width"))


def opened(*names: str, classes: int = 4, victim: str = "") -> tuple[LocalSurrogate, ...]:
    return open_surrogates(names, spec(), [f"class {k}" for k in range(classes)], victim)


def descended(lead: Any, x: Any, length: float, steps: int = 20) -> Any:
    for _ in range(steps):
        gradient = lead.gradient(x[None])[0]
        x = x - np.float32(length / steps) * gradient / np.linalg.norm(gradient)
    return x


def test_a_label_that_both_know_is_left_on_another_net(save: Save) -> None:
    audited = weights(0, 4)
    near = audited + 0.7 * weights(1, 4)
    (one,) = opened(save(near))
    x = (0.5 + audited[2] / 400).reshape(SHAPE)
    label = int((audited @ x.ravel()).argmax())
    lead = one.on(sample_of(x), Goal(label))
    assert lead.loss == "margin" and lead.name == one.name and lead.classes == 4 and lead.rows == 0
    assert (audited @ descended(lead, x, 3.0).ravel()).argmax() != label
    assert lead.rows == 20
    target = (label + 1) % 4
    reached = descended(one.on(sample_of(x), Goal(label, target)), x, 6.0)
    assert (audited @ reached.ravel()).argmax() == target


def test_without_a_label_it_leads_away_from_its_own_answer(save: Save) -> None:
    """The audited net has 4 classes, the surrogate 3 of other names, which see the same."""
    rng, audited = np.random.default_rng(0), weights(10, 4)
    near = weights(50, 3) / 2 + rng.normal(size=(3, 4)).astype(np.float32) @ audited
    (one,) = opened(save(near))
    assert one.classes is None and one.about.labels == "none"
    x = np.full(SHAPE, 0.5, np.float32)
    label = int((audited @ x.ravel()).argmax())
    flips, by_chance = 0, 0
    for _ in range(8):
        noise = rng.normal(size=SHAPE).astype(np.float32)
        lead = one.on(sample_of(x), Goal(label))
        found = descended(lead, x + noise / 100, 2.0)
        flips += (audited @ found.ravel()).argmax() != label
        by_chance += (audited @ (x + 2 * noise / np.linalg.norm(noise)).ravel()).argmax() != label
        assert lead.loss == "away" and lead.rows == 21
    assert flips >= 2 and by_chance == 0


def test_a_class_that_only_the_audited_model_has_needs_no_label(
    save: Save, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = save(weights(0, 3))
    known = open_model(path)
    monkeypatch.setattr(surrogate, "open_model", lambda name: named(known, ("cat", "dog", "cat")))
    (one,) = open_surrogates([path], spec(), ["cat", "dog", "ship"], "")
    assert one.classes == [[0, 2], [1], []] and one.about.labels == "shared"
    x = np.zeros(SHAPE, np.float32)
    lead = one.on(sample_of(x), Goal(0))
    assert lead.loss == "margin" and lead.asked.tolist() == [1, -1, 1]
    assert one.on(sample_of(x), Goal(1, 0)).asked.tolist() == [-1, 1, -1]
    assert one.on(sample_of(x), Goal(2)).loss == "away"


def named(backend: Any, classes: tuple[str, ...]) -> Any:
    from dataclasses import replace

    return replace(backend, classes=classes)


def test_rivals_and_weights(save: Save) -> None:
    w = weights(0, 4)
    (one,) = opened(save(w))
    x = np.random.default_rng(3).random(SHAPE, np.float32)
    lead = one.on(sample_of(x), Goal(1))
    assert off(lead.gradient(x[None], (3,))[0], (w[1] - w[3]).reshape(SHAPE)) < 1e-5
    logits = w @ x.ravel()
    assert lead.margin == pytest.approx(logits[1] - logits[3], abs=1e-3)
    own = np.array([0.5, -1, 0, 2], np.float32)
    assert off(lead.along(x[None], own)[0], (own @ w).reshape(SHAPE)) < 1e-5
    assert lead.rows == 2
    lead.gradient(x[None])
    assert lead.margin == pytest.approx(logits[1] - np.delete(logits, 1).max(), abs=1e-3)


def test_the_audited_model_and_the_same_twice_are_refused(save: Save) -> None:
    path, copy = save(weights(0, 4)), save(weights(0, 4), "copy")
    sha256 = open_model(path).sha256
    with pytest.raises(UsageError, match=r"copy\.onnx is the audited model itself \(the same SHA-256\)"):
        opened(copy, victim=sha256)
    with pytest.raises(UsageError, match=r"copy\.onnx is there twice; name each once"):
        opened(path, copy)
    assert len(opened(path, save(weights(1, 4), "other"))) == 2


def test_shipped_stands_for_several(save: Save, monkeypatch: pytest.MonkeyPatch) -> None:
    paths = (save(weights(0, 4), "a"), save(weights(1, 4), "b"))
    monkeypatch.setattr(surrogate, "SHIPPED", paths)
    assert [one.name for one in opened("shipped")] == [*paths]


@pytest.mark.parametrize("name", ["http://127.0.0.1:9/v2/models/net", "HTTPS://host/net", "numpy:tanh"])
def test_what_gives_no_gradients_is_refused_unasked(name: str) -> None:
    with pytest.raises(ModelError) as caught:
        opened(name)
    assert str(caught.value) == (
        f"expected the surrogate {name} to be an .onnx file, a torch.nn.Module or a built-in model: only "
        "these give gradients"
    )


def test_without_onnx_the_extra_is_named(save: Save, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("brittle.gradients.engine.find_spec", lambda name: None)
    with pytest.raises(MissingExtraError, match="needs the extra 'surrogates'"):
        opened(save(weights(0, 4)))
