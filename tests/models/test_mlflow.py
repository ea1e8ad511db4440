"""Models of MLflow: the graph of the ONNX flavour, fetched or from a folder, and nothing else of it."""

import gc
import os
import sys
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from brittle.core.errors import MissingExtraError, ModelError, UsageError
from brittle.models import ModelOptions, open_model
from fake_mlflow import MLMODEL, FakeMlflow, saved

MakeOnnx = Callable[..., str]
X = np.random.default_rng(0).random((3, 3, 4, 4), np.float32)


@pytest.fixture
def store(monkeypatch: pytest.MonkeyPatch) -> FakeMlflow:
    """In place of the package."""
    fake = FakeMlflow()
    monkeypatch.setitem(sys.modules, "mlflow", fake)
    return fake


def test_a_folder_is_its_graph_without_mlflow(
    channel_means: MakeOnnx, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, "mlflow", None)
    graph = open_model(channel_means())
    folder = saved(tmp_path / "model", channel_means())
    backend = open_model(folder)
    assert backend.name == str(folder) and backend.sha256 == graph.sha256 and backend.weights_hashed
    assert np.array_equal(backend.ask(X), graph.ask(X)) and backend.shape == (3, 4, 4)


def test_options_of_a_graph_hold_for_it(several_outputs: MakeOnnx, tmp_path: Path) -> None:
    folder = str(saved(tmp_path / "model", several_outputs(one="FLOAT", two="FLOAT")))
    twice = open_model(folder, ModelOptions(output_name="two"))
    assert np.allclose(twice.ask(X), 2 * X.mean(axis=(2, 3)))
    with pytest.raises(ModelError, match="--output-name"):
        open_model(folder)


@pytest.mark.parametrize("address", ["models:/net/3", "models:/net@best", "runs:/0a1b/net"])
def test_an_address_is_fetched_and_gone_when_it_is_closed(
    address: str, channel_means: MakeOnnx, tmp_path: Path, store: FakeMlflow
) -> None:
    store.models[address] = saved(tmp_path / "model", channel_means())
    backend = open_model(address)
    assert backend.name == address and np.allclose(backend.ask(X), X.mean(axis=(2, 3)))
    assert backend.concurrent is None or np.allclose(backend.concurrent()(X), X.mean(axis=(2, 3)))
    (place,) = store.places
    assert place.is_dir()
    backend.close()
    assert not place.exists()


def test_what_was_fetched_is_gone_when_nobody_has_the_model(
    channel_means: MakeOnnx, tmp_path: Path, store: FakeMlflow
) -> None:
    store.models["models:/net/3"] = saved(tmp_path / "model", channel_means())
    backend = open_model("models:/net/3")
    del backend
    gc.collect()
    assert not store.places[0].exists()


def test_telemetry_is_off_unless_the_user_wants_it(
    store: FakeMlflow, monkeypatch: pytest.MonkeyPatch
) -> None:
    for said, expected in ((None, "true"), ("false", "false")):
        monkeypatch.delenv("MLFLOW_DISABLE_TELEMETRY", raising=False)
        if said:
            monkeypatch.setenv("MLFLOW_DISABLE_TELEMETRY", said)
        with pytest.raises(ModelError):
            open_model("models:/none/1")
        assert os.environ["MLFLOW_DISABLE_TELEMETRY"] == expected


def test_what_mlflow_raises_is_one_line_without_passwords(store: FakeMlflow) -> None:
    with pytest.raises(ModelError, match=r"MLflow cannot fetch models:/none/1: .* at https://host") as found:
        open_model("models:/none/1")
    assert "\n" not in str(found.value) and "secret" not in str(found.value)


def test_an_address_needs_the_extra(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "mlflow", None)
    with pytest.raises(MissingExtraError, match=r"models:/net/3 needs the extra 'mlflow'"):
        open_model("models:/net/3")


def test_other_flavours_are_refused_in_words(channel_means: MakeOnnx, tmp_path: Path) -> None:
    sklearn = (
        "flavors: {python_function: {loader_module: mlflow.sklearn}, sklearn: {pickled_model: model.pkl}}"
    )
    folder = saved(tmp_path / "model", channel_means(), sklearn)
    with pytest.raises(ModelError, match=r"the ONNX flavour, but .* has sklearn, .*log it with mlflow\.onnx"):
        open_model(folder)
    (folder / "MLmodel").write_text("flavors: {python_function: {loader_module: evil}}")
    with pytest.raises(ModelError, match="has a Python function alone"):
        open_model(folder)


def test_a_folder_that_is_none_of_mlflow_says_what_is_expected(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match=r"a model of MLflow \(models:/, runs:/, or its folder\)"):
        open_model(tmp_path)


@pytest.mark.parametrize(
    "data", ["../net.onnx", "{tmp}/net.onnx", "link.onnx", "there", "none.onnx", "a\\0b"]
)
def test_a_graph_outside_the_folder_is_not_opened(data: str, channel_means: MakeOnnx, tmp_path: Path) -> None:
    graph = channel_means()
    named = MLMODEL.replace("{data: model.onnx", f'{{data: "{data.format(tmp=tmp_path)}"', 1)
    folder = saved(tmp_path / "model", graph, named)
    (folder / "link.onnx").symlink_to(graph)
    (folder / "there").mkdir()
    with pytest.raises(ModelError, match="expected a plain file inside its folder") as found:
        open_model(folder)
    assert "\n" not in str(found.value)


def test_weights_outside_the_folder_are_not_opened(tmp_path: Path) -> None:
    onnx = pytest.importorskip("onnx")
    weights = np.random.default_rng(0).normal(size=(48, 3)).astype(np.float32)
    helper = onnx.helper
    taken = helper.make_tensor_value_info("x", onnx.TensorProto.FLOAT, ["n", 3, 4, 4])
    told = helper.make_tensor_value_info("y", onnx.TensorProto.FLOAT, ["n", 3])
    nodes = [helper.make_node("Flatten", ["x"], ["f"]), helper.make_node("Gemm", ["f", "w"], ["y"])]
    graph = helper.make_graph(nodes, "g", [taken], [told], [onnx.numpy_helper.from_array(weights, "w")])
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=9)
    onnx.save(model, tmp_path / "net.onnx", save_as_external_data=True, location="w.data", size_threshold=0)
    folder = saved(tmp_path / "model", tmp_path / "net.onnx")
    (folder / "w.data").write_bytes((tmp_path / "w.data").read_bytes())
    assert np.allclose(open_model(folder).ask(X), X.reshape(3, -1) @ weights, atol=1e-5)
    (folder / "w.data").unlink()
    (folder / "w.data").symlink_to(tmp_path / "w.data")
    with pytest.raises(ModelError, match=r"expected a plain file inside its folder, got .*w\.data"):
        open_model(folder)


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("flavors: [", "is damaged"),
        ("[" * 5000, "is damaged"),
        ("[]", "it names no flavors"),
        ("flavors: [onnx]", "it names no flavors"),
        ("flavors: {onnx: {data: [1]}}", "names no file as data"),
        ("flavors: {onnx: null}", "names no file as data"),
        ("flavors: !!python/object/apply:os.mkdir [{tmp}/ran]", "is damaged"),
        ("# " + "x" * (1 << 20), "more than 1 MiB"),
    ],
)
def test_a_damaged_mlmodel_is_one_line(
    text: str, words: str, channel_means: MakeOnnx, tmp_path: Path
) -> None:
    folder = saved(tmp_path / "model", channel_means(), text.replace("{tmp}", str(tmp_path)))
    with pytest.raises(ModelError, match=words) as found:
        open_model(folder)
    assert "\n" not in str(found.value) and not (tmp_path / "ran").exists()


def test_an_mlmodel_outside_the_folder_is_not_read(channel_means: MakeOnnx, tmp_path: Path) -> None:
    folder = saved(tmp_path / "model", channel_means())
    (folder / "MLmodel").rename(tmp_path / "elsewhere")
    (folder / "MLmodel").symlink_to(tmp_path / "elsewhere")
    with pytest.raises(ModelError, match="expected a plain file inside its folder, got 'MLmodel'"):
        open_model(folder)
