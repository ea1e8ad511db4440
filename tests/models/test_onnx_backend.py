"""ONNX files of every form that is taken, and of those that are not."""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from hashlib import sha256
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from brittle.core.errors import ModelError, UsageError
from brittle.models import ModelOptions, open_model
from brittle.models.backend import LANES

MakeOnnx = Callable[..., str]
X = np.random.default_rng(1).random((5, 3, 4, 4), dtype=np.float32)
MEANS = X.mean(axis=(2, 3))


def test_what_a_graph_says_about_itself(channel_means: MakeOnnx) -> None:
    net = channel_means()
    backend = open_model(net)
    assert (backend.name, backend.shape, backend.outputs, backend.classes) == (net, (3, 4, 4), 3, None)
    assert backend.sha256 == sha256(Path(net).read_bytes()).hexdigest()
    assert backend.local
    np.testing.assert_allclose(backend.ask(X), MEANS, rtol=1e-5)


def test_free_sizes_are_none(channel_means: MakeOnnx) -> None:
    assert open_model(channel_means(shape=(3, "h", "w"))).shape == (3, None, None)


@pytest.mark.parametrize("dtype", ["FLOAT16", "DOUBLE"])
def test_other_floats_are_cast(channel_means: MakeOnnx, dtype: str) -> None:
    np.testing.assert_allclose(open_model(channel_means(dtype=dtype)).ask(X), MEANS, rtol=3e-3)


@pytest.mark.parametrize("batch", [1, 2, 8])
def test_a_fixed_batch_is_asked_in_chunks(channel_means: MakeOnnx, batch: int) -> None:
    np.testing.assert_allclose(open_model(channel_means(batch=batch)).ask(X), MEANS, rtol=1e-5)


def test_channels_last_is_seen_and_hidden(channel_means: MakeOnnx) -> None:
    backend = open_model(channel_means(shape=(4, 4, 3), channel_axis=3))
    assert backend.shape == (3, 4, 4)
    np.testing.assert_allclose(backend.ask(X), MEANS, rtol=1e-5)


def test_a_signal_with_one_channel_last(channel_means: MakeOnnx) -> None:
    assert open_model(channel_means(shape=(100, 1), channel_axis=2)).shape == (1, 100)


def test_stated_channels_first_is_believed(channel_means: MakeOnnx) -> None:
    options = ModelOptions(layout="channels_first")
    assert open_model(channel_means(shape=(4, 4, 3)), options).shape == (4, 4, 3)


@pytest.mark.parametrize("form", [{}, {"batch": 2}, {"shape": (4, 4, 3), "channel_axis": 3}])
def test_what_threads_ask_side_by_side_is_answered_alike(channel_means: MakeOnnx, form: Any) -> None:
    backend = open_model(channel_means(**form), ModelOptions(threads=2))
    assert backend.concurrent
    ask = backend.concurrent()
    with ThreadPoolExecutor(LANES) as threads:
        for answers in threads.map(ask, [X] * 20):
            np.testing.assert_allclose(answers, MEANS, rtol=1e-5)


def test_one_thread_is_not_shared(channel_means: MakeOnnx) -> None:
    assert open_model(channel_means(), ModelOptions(threads=1)).concurrent is None


def test_a_damaged_file_is_one_line(tmp_path: Path) -> None:
    file = tmp_path / "net.onnx"
    file.write_bytes(b"\x08\x09 not a graph")
    with pytest.raises(ModelError, match="is no ONNX file") as caught:
        open_model(file)
    assert "\n" not in str(caught.value)


def test_two_inputs_are_refused(channel_means: MakeOnnx) -> None:
    with pytest.raises(ModelError, match=r"expected a graph with one input, got 2 \(x0, x1\)"):
        open_model(channel_means(inputs=2))


def test_an_integer_input_is_refused(one_node: MakeOnnx) -> None:
    net = one_node("Cast", ["n", 3], ["n", 3], dtype="UINT8", answers_dtype="FLOAT", to=1)
    with pytest.raises(ModelError, match=r"expected a float input, got tensor\(uint8\)"):
        open_model(net)


def test_an_input_without_further_axes_is_refused(one_node: MakeOnnx) -> None:
    with pytest.raises(ModelError, match="expected an input with a batch axis and at least one more"):
        open_model(one_node("Relu", ["n"], ["n"]))


def test_an_output_of_another_rank_is_refused(one_node: MakeOnnx) -> None:
    with pytest.raises(ModelError, match=r"expected a float output of shape \(n, classes\)"):
        open_model(one_node("Relu", ["n", 3, 4, 4], ["n", 3, 4, 4]))


def test_inputs_of_a_wrong_shape_are_a_model_error(channel_means: MakeOnnx) -> None:
    with pytest.raises(ModelError, match=r"cannot answer inputs of shape \(2, 3, 5, 5\)"):
        open_model(channel_means()).ask(np.zeros((2, 3, 5, 5), np.float32))


@pytest.mark.parametrize(
    ("outputs", "times"),
    [
        ({"label": "INT64", "logits": "FLOAT"}, 2),
        ({"open": "OPEN", "logits": "DOUBLE"}, 2),
        ({"label": "INT64", "open": "OPEN"}, 2),
    ],
)
def test_the_only_output_that_can_be_answers_is_asked(
    several_outputs: MakeOnnx, outputs: dict[str, str], times: int
) -> None:
    np.testing.assert_allclose(open_model(several_outputs(**outputs)).ask(X), times * MEANS, rtol=1e-5)


@pytest.mark.parametrize("kind", ["FLOAT", "OPEN"])
def test_of_several_outputs_one_must_be_named(several_outputs: MakeOnnx, kind: str) -> None:
    net = several_outputs(logits=kind, label="INT64", features=kind)
    shape = r"\[\]" if kind == "OPEN" else r"\['n', 3\]"
    says = rf"2 outputs, logits tensor\(float\) {shape}, features tensor\(float\) {shape}; .*--output-name"
    with pytest.raises(ModelError, match=says):
        open_model(net)


@pytest.mark.parametrize(("name", "times"), [("logits", 1), ("features", 2), ("open", 3)])
def test_the_output_that_is_named_is_asked(several_outputs: MakeOnnx, name: str, times: int) -> None:
    net = several_outputs(logits="FLOAT", features="FLOAT16", open="OPEN")
    backend = open_model(net, ModelOptions(output_name=name, threads=2))
    assert backend.outputs == (None if name == "open" else 3) and backend.concurrent
    for ask in (backend.ask, backend.concurrent()):
        np.testing.assert_allclose(ask(X), times * MEANS, rtol=1e-3)


def test_a_named_output_must_be_there_and_hold_answers(several_outputs: MakeOnnx, one_node: MakeOnnx) -> None:
    net = several_outputs(logits="FLOAT", label="INT64")
    with pytest.raises(UsageError, match=r"has no output 'logit'; did you mean 'logits'\?"):
        open_model(net, ModelOptions(output_name="logit"))
    with pytest.raises(ModelError, match=r"expected a float output .* got label tensor\(int64\) \['n', 3\]$"):
        open_model(net, ModelOptions(output_name="label"))
    with pytest.raises(ModelError, match="expected a float output"):
        open_model(one_node("Relu", ["n", 3, 4, 4], ["n", 3, 4, 4]), ModelOptions(output_name="answers"))


@pytest.mark.parametrize("model", [np.mean, "numpy:mean", "ecg", "http://localhost/"])
def test_only_an_onnx_file_has_outputs_to_name(model: Any) -> None:
    with pytest.raises(
        UsageError, match=r"expected an \.onnx file .* to go with --output-name logits, got a model"
    ):
        open_model(model, ModelOptions(output_name="logits"))
