"""Models and data of MAITE, and brittle as one of its augmentations, as its tools would use them."""

from pathlib import Path
from typing import Any

import numpy as np
import pytest

import brittle
from brittle.core.errors import DataError, ModelError
from brittle.data import open_data
from brittle.maite import NearestFlip
from brittle.models import open_model

CLASSES, SIDE = 3, 8
WEIGHTS = np.random.default_rng(0).normal(size=(CLASSES, 3 * SIDE * SIDE)).astype(np.float32)


def logits(x: Any) -> Any:
    return np.asarray(x, np.float32).reshape(len(x), -1) @ WEIGHTS.T


class Model:
    """As a user of MAITE writes it: a sequence of images in, a sequence of answers out."""

    metadata = {"id": "linear", "index2label": {0: "cat", 1: "dog", 2: "owl"}}

    def __call__(self, batch: Any) -> Any:
        assert isinstance(batch, list) and batch[0].shape == (3, SIDE, SIDE)
        return list(logits(np.stack(batch)))


class Data:
    """As a user of MAITE writes it."""

    def __init__(self, x: Any, ids: Any = None) -> None:
        self.x, self.metadata = x, {"id": "noise", "index2label": {0: "cat", 1: "dog", 2: "owl"}}
        scale = 255 if x[0].dtype == np.uint8 else 1
        self.y = [int(logits(one[None] / scale).argmax()) for one in x]
        self.ids = ids or [f"image {k}" for k in range(len(x))]

    def __len__(self) -> int:
        return len(self.x)

    def __getitem__(self, place: int) -> Any:
        if place >= len(self):
            raise IndexError(place)
        return self.x[place], np.eye(CLASSES)[self.y[place]], {"id": self.ids[place]}


@pytest.fixture(scope="module")
def codes() -> Any:
    return np.random.default_rng(1).integers(0, 256, (6, 3, SIDE, SIDE), np.uint8)


def test_they_are_what_maite_takes_them_for(codes: Any) -> None:
    ic = pytest.importorskip("maite.protocols.image_classification")
    assert isinstance(Model(), ic.Model) and isinstance(Data(codes), ic.Dataset)
    assert isinstance(NearestFlip(Model()), ic.Augmentation)


def test_an_audit_takes_them_and_is_that_of_the_same_function_and_arrays(codes: Any, tmp_path: Path) -> None:
    data = Data(codes)
    settings: dict[str, Any] = {"budget": 60, "search": "patchwork", "batch": 4}
    one = brittle.audit(Model(), data, out=tmp_path / "maite", **settings)
    assert one.manifest.model["classes"] == ["cat", "dog", "owl"] and one.manifest.data["name"] == "noise"
    assert [result.sample for result in one.results()] == data.ids
    backend = open_model(Model())
    x = codes[:4].astype(np.float32) / 255
    assert np.abs(backend.ask(x) - logits(x)).max() < 1e-5
    assert not brittle.verify(one.path, Model(), data).broken


def test_images_become_the_closest_flips(codes: Any) -> None:
    data, model = Data(codes), Model()
    batch = ([data[k][0] for k in range(6)], [data[k][1] for k in range(6)], [data[k][2] for k in range(6)])
    before = [image.copy() for image in batch[0]]
    images, targets, about = NearestFlip(model, budget=80, search="patchwork", batch=8)(batch)
    assert targets is batch[1] and all(map(np.array_equal, batch[0], before))
    flipped = 0
    for image, original, target, told in zip(images, before, targets, about, strict=True):
        assert image.dtype == np.uint8 and image.shape == original.shape
        if told["brittle"]["status"] == "flipped":
            flipped += 1
            assert model([image / np.float32(255)])[0].argmax() != target.argmax()
            far = np.linalg.norm((image.astype(float) - original) / 255)
            assert far == pytest.approx(told["brittle"]["l2"], abs=1e-4)
        else:
            assert np.array_equal(image, original)
    assert flipped and [one["id"] for one in about] == data.ids


def test_floats_come_back_as_floats_and_shapes_may_differ(codes: Any) -> None:
    x = codes[:2].astype(np.float64) / 255
    data = Data(list(x))
    batch = ([data[0][0], data[1][0]], [data[0][1], data[1][1]], [data[0][2], data[1][2]])
    images, _, about = NearestFlip(Model(), budget=30, search="patchwork")(batch)
    assert all(image.dtype == np.float32 for image in images) and all("brittle" in told for told in about)


def test_what_does_not_fit_is_one_line(codes: Any) -> None:
    with pytest.raises(DataError, match="expected images of one shape"):
        open_data(Data([codes[0], codes[1].reshape(3, 4, 16)]))  # type: ignore[arg-type]
    with pytest.raises(DataError, match="a different id for each sample"):
        open_data(Data(codes, ["same"] * 6))  # type: ignore[arg-type]

    class Wordy(Model):
        def __call__(self, batch: Any) -> Any:
            return ["a cat"] * len(batch)

    with pytest.raises(ModelError):
        brittle.audit(Wordy(), (codes, [0] * 6), budget=10)
