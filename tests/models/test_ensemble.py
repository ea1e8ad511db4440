"""Several models as one: each at its own size, every row counted once a model, the one that fails named."""

import json
from dataclasses import replace
from http.server import BaseHTTPRequestHandler
from typing import Any

import numpy as np
import pytest
from PIL import Image

from brittle.core.errors import ModelError, RefusedError
from brittle.core.sample import InputSpec
from brittle.models import open_model
from brittle.models.classifier import ModelClassifier, softmax
from brittle.models.ensemble import ensemble
from brittle.models.resize import resize, resized
from endpoint import sent_rows, serving
from hard_nets import CLASSES, Net

SPEC = InputSpec((3, 16, 16), ("channel", "height", "width"), bits=8)
X = np.random.default_rng(0).random((5, 3, 16, 16), np.float32)


def joined(*nets: Any) -> tuple[ModelClassifier, list[ModelClassifier]]:
    members = [ModelClassifier(resized(open_model(net), (16, 16)), SPEC, CLASSES) for net in nets]
    whole = ensemble(members)
    names = tuple(f"{i}" for i in range(len(members) * len(CLASSES)))
    return ModelClassifier(whole, SPEC, names), members


@pytest.mark.parametrize("size", [(7, 9), (16, 16), (23, 40)])
def test_resizing_is_the_triangle_filter_of_pillow(size: tuple[int, int]) -> None:
    found = resize(X, size)
    for image, row in zip(X[0], found[0], strict=True):
        wanted = Image.fromarray(image, "F").resize(size[::-1], Image.Resampling.BILINEAR)
        assert row == pytest.approx(np.asarray(wanted), abs=1e-5)


def test_answers_stand_side_by_side_whatever_the_batch() -> None:
    model, _ = joined(Net(1, 16), Net(2, 8))
    whole = model(X)
    apart = [
        ModelClassifier(resized(open_model(n), (16, 16)), SPEC, CLASSES)(X) for n in (Net(1, 16), Net(2, 8))
    ]
    assert np.array_equal(whole, np.concatenate(apart, axis=1))
    assert np.array_equal(whole, np.concatenate([model(x[None]) for x in X]))


def test_a_row_is_counted_once_a_model() -> None:
    log: list[tuple[int, int]] = []
    model, _ = joined(Net(1, 16, log), Net(2, 8, log))
    model(X)
    assert model.backend.meter.rows.shown == sum(rows for _, rows in log) == 10


def test_rows_that_are_shown_again_are_counted_too() -> None:
    log: list[tuple[int, int]] = []

    class Picky(Net):
        def __call__(self, x: np.ndarray) -> Any:
            answers = super().__call__(x)
            if (x[:, 0, 0, 0] > 0.9).any():
                raise ValueError("too bright")
            return answers

    x = np.array(X)
    x[:, 0, :4, :4] = 0.1
    x[2, 0, :4, :4] = 1
    model, _ = joined(Net(1, 16, log), Picky(2, 8, log))
    with pytest.raises(RefusedError, match="net2") as error:
        model(x)
    assert list(error.value.causes) == [2]
    assert model.backend.meter.rows.shown == sum(rows for _, rows in log)
    assert np.isfinite(error.value.answers[[0, 1, 3, 4]]).all()


def test_answers_of_another_shape_name_the_model() -> None:
    class Narrow(Net):
        def __call__(self, x: np.ndarray) -> Any:
            return super().__call__(x)[:, :2]

    model, _ = joined(Net(1, 16), Narrow(2, 8))
    with pytest.raises(ModelError, match="net2"):
        model(X)


def test_a_model_that_takes_any_size_is_left_as_it_is() -> None:
    backend = open_model(Net(1, 16))
    assert resized(backend, (16, 16)) is backend
    free = replace(backend, shape=(3, None, None))
    assert resized(free, (20, 20)) is free


def test_what_an_endpoint_is_sent_again_is_counted_once(monkeypatch: pytest.MonkeyPatch) -> None:
    net, seen = Net(2, 16), list[int]()

    def answer(asked: BaseHTTPRequestHandler) -> None:
        x = sent_rows(asked).astype(np.float32)
        seen.append(len(x))
        body = json.dumps({"probabilities": softmax(net(x)).tolist()}).encode()
        asked.send_response(503 if len(seen) == 1 else 200)
        asked.send_header("Content-Type", "application/json")
        asked.send_header("Content-Length", str(len(body)))
        asked.end_headers()
        asked.wfile.write(body)

    monkeypatch.setattr("time.sleep", lambda _: None)
    with serving(answer) as address:
        log: list[tuple[int, int]] = []
        model, _ = joined(Net(1, 16, log), address)
        model.backend.meter.purpose = "samples"
        model(X)
        shown = sum(seen) + sum(rows for _, rows in log)
        model.backend.close()
    assert model.backend.meter.rows.shown == shown
    assert model.backend.meter.rows.retried == seen[0]
