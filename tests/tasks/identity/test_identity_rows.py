"""A function or an endpoint is known again by two rows, and nothing is asked twice for that."""

import json
import logging
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import brittle.models.onnx as onnx_backend
from brittle.core.errors import RunError
from brittle.core.sample import Array
from brittle.models import batch
from same_run import DATA, ROWS, WEIGHTS, Counted, Served, asked, audited, unfinish


def test_an_endpoint_is_asked_its_identity_rows_and_a_redeployed_one_is_refused(
    server: Served, tmp_path: Path
) -> None:
    out = tmp_path / "r"
    run = audited(server.address, out)
    answers = run.manifest.model["answers"]
    assert np.shape(answers) == (ROWS, 3) and run.manifest.model["repeats"] is True
    assert json.loads((out / "run.json").read_text())["model"]["answers"] == answers
    assert (
        server.rows == asked(run) and run.sessions()[0]["setup_rows"] == 1 + 2 * ROWS and not run.was_finished
    )
    summary = run.summary()
    shown = server.rows
    again = audited(server.address, out)
    assert server.rows - shown == ROWS and server.rows == asked(again)
    assert again.was_finished and again.manifest == run.manifest
    now = again.summary()
    assert now["rows_shown"] == server.rows and now["setup_rows"] == summary["setup_rows"] + ROWS
    counts = ("rows_shown", "setup_rows", "rows_per_second")
    assert {k: v for k, v in now.items() if k not in counts} == {
        k: v for k, v in summary.items() if k not in counts
    }
    server.weights = WEIGHTS[:, ::-1]
    says = (
        r"answers the identity rows otherwise: class \d was [\d.e-]+, now .*redeployed; choose another --out"
    )
    with pytest.raises(RunError, match=says):
        audited(server.address, out)
    unfinish(out)
    with pytest.raises(RunError, match="identity rows otherwise"):
        audited(server.address, out)
    server.weights = WEIGHTS[:, :2]
    with pytest.raises(RunError, match=r"answers 2 classes, the run is of 3; .* choose another --out"):
        audited(server.address, out)


def test_a_continued_run_asks_only_the_identity_rows_more(server: Served, tmp_path: Path) -> None:
    audited(server.address, tmp_path / "r")
    left, shown = unfinish(tmp_path / "r"), server.rows
    run = audited(server.address, tmp_path / "r")
    assert server.rows - shown == ROWS + left
    assert run.sessions()[-1]["setup_rows"] == ROWS and not run.was_finished


def test_the_batch_of_a_run_is_not_measured_again(tmp_path: Path) -> None:
    model = Counted()
    first = audited(model, tmp_path / "r").sessions()[0]
    assert first["setup_rows"] == 1 + 2 * ROWS + 6 * max(batch.SIZES)
    left, shown = unfinish(tmp_path / "r"), model.rows
    last = audited(model, tmp_path / "r").sessions()[-1]
    assert (last["setup_rows"], last["batch"], model.rows - shown) == (ROWS, first["batch"], ROWS + left)


def test_workers_ask_nothing_to_set_up(server: Served, tmp_path: Path) -> None:
    np.savez(tmp_path / "data.npz", x=DATA[0])
    run = audited(server.address, tmp_path / "r", tmp_path / "data.npz", workers=2)
    assert run.sessions()[0]["setup_rows"] == 1 + 2 * ROWS
    assert server.rows == asked(run) == 1 + 2 * ROWS + run.summary()["queries"]["total"]


def test_a_finished_run_of_a_graph_asks_nothing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    onnx = pytest.importorskip("onnx")
    value = onnx.helper.make_tensor_value_info
    nodes = [
        onnx.helper.make_node("ReduceMean", ["x"], ["means"], axes=[2, 3], keepdims=0),
        onnx.helper.make_node("Compress", ["means", "kept"], ["y"], axis=1),  # as many classes as it keeps
    ]
    kept = onnx.numpy_helper.from_array(np.array([True, True, True]), "kept")
    graph = onnx.helper.make_graph(
        nodes,
        "unknown_classes",
        [value("x", onnx.TensorProto.FLOAT, ["n", 3, 4, 4])],
        [value("y", onnx.TensorProto.FLOAT, ["n", "classes"])],
        [kept],
    )
    model = onnx.helper.make_model(graph, opset_imports=[onnx.helper.make_opsetid("", 17)], ir_version=9)
    onnx.save(model, tmp_path / "net.onnx")
    rows, ask = [], onnx_backend._ask

    def counting(graph: Any, name: str) -> Any:
        def counted(x: Array) -> Any:
            rows.append(len(x))
            return ask(graph, name)(x)

        return counted

    monkeypatch.setattr(onnx_backend, "_ask", counting)
    run = audited(tmp_path / "net.onnx", tmp_path / "r", batch=4)
    assert "answers" not in run.manifest.model and sum(rows) == asked(run)
    assert run.sessions()[0]["setup_rows"] == 1  # how many classes it answers
    rows.clear()
    assert audited(tmp_path / "net.onnx", tmp_path / "r", batch=4).was_finished
    assert rows == [] and len(run.sessions()) == 1
    left = unfinish(tmp_path / "r")
    audited(tmp_path / "net.onnx", tmp_path / "r", batch=4)
    assert sum(rows) == left


def test_functions_of_one_factory_are_told_apart(tmp_path: Path) -> None:
    def scaled(by: float) -> Any:
        def model(x: Array) -> Array:
            return np.asarray(by * (x.reshape(len(x), -1) @ WEIGHTS))

        return model

    audited(scaled(1), tmp_path / "r")
    assert audited(scaled(1), tmp_path / "r").was_finished
    for other in (2, 3):
        with pytest.raises(RunError, match=r"model\.sha256 was .*, now .*; choose another --out"):
            audited(scaled(other), tmp_path / "r")


def test_replaced_weights_that_a_function_reads_are_noticed(tmp_path: Path) -> None:
    file = str(tmp_path / "weights.npy")
    np.save(file, WEIGHTS)

    def model(x: Array) -> Array:
        return np.asarray(x.reshape(len(x), -1) @ np.load(file))

    audited(model, tmp_path / "r")
    np.save(file, WEIGHTS * 1.001)  # but for that the answers are the same, within the tolerance
    assert audited(model, tmp_path / "r").was_finished
    np.save(file, WEIGHTS[:, [0, 2, 1]])
    with pytest.raises(RunError, match=r"identity rows otherwise: class [12] was"):
        audited(model, tmp_path / "r")


def test_an_object_whose_code_is_the_same_is_told_by_its_answers(tmp_path: Path) -> None:
    audited(Counted(), tmp_path / "r")
    with pytest.raises(RunError, match="identity rows otherwise"):
        audited(Counted(by=1.5), tmp_path / "r")


def test_a_different_command_asks_nothing(tmp_path: Path) -> None:
    model = Counted()
    audited(model, tmp_path / "r")
    shown = model.rows
    with pytest.raises(RunError, match="budget was 20, now 30"):
        audited(model, tmp_path / "r", budget=30)
    assert model.rows == shown


def test_random_answers_are_said_once_and_the_run_goes_on(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    rng = np.random.default_rng(0)

    def model(x: Array) -> Array:
        return np.asarray(x.reshape(len(x), -1) @ WEIGHTS + rng.normal(size=(len(x), 3)))

    with caplog.at_level(logging.WARNING, "brittle"):
        run = audited(model, tmp_path / "r")
    assert [m for m in caplog.messages if "answers the same row otherwise each time (class" in m]
    assert run.manifest.model["repeats"] is False
    caplog.clear()
    again = audited(model, tmp_path / "r")
    assert not caplog.messages and again.was_finished and again.manifest == run.manifest
    assert len(again.sessions()) == 1 or again.sessions()[-1]["setup_rows"] == 0


def test_a_function_that_cannot_take_noise_is_audited_all_the_same(tmp_path: Path) -> None:
    dark = (DATA[0] // 4 + 20, None)

    def model(x: Array) -> Array:
        if x.mean() > 0.4:
            raise ValueError("no beat found")
        if x.std() < 0.01:
            return np.full((len(x), 3), np.nan)
        return np.asarray(x.reshape(len(x), -1) @ WEIGHTS)

    model.classes = ("a", "b", "c")  # type: ignore[attr-defined]
    run = audited(model, tmp_path / "r", dark)
    first, second = run.manifest.model["answers"]
    assert first is None and len(second) == 3
    assert audited(model, tmp_path / "r", dark).was_finished
