"""A run is of one model and one set of data: another is refused, and nothing is asked twice for that."""

import json
import logging
from collections.abc import Iterator
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from click.testing import CliRunner
from numpy.typing import NDArray
from PIL import Image

import brittle
import brittle.models.onnx as onnx_backend
from brittle.cli import cli
from brittle.core.errors import RunError
from brittle.core.sample import Array
from brittle.models import batch
from endpoint import serving

WEIGHTS = np.random.default_rng(0).normal(size=(48, 3))
DATA = (np.random.default_rng(1).integers(0, 256, (5, 3, 4, 4), np.uint8), None)
ROWS = 2  # identity rows


@dataclass
class Served:
    """A linear model behind an address, and how many rows it was shown."""

    address: str = ""
    weights: NDArray[Any] = field(default_factory=lambda: WEIGHTS)
    rows: int = 0


@pytest.fixture
def server() -> Iterator[Served]:
    served = Served()

    def answer(asked: BaseHTTPRequestHandler) -> None:
        x = np.array(json.loads(asked.rfile.read(int(asked.headers["Content-Length"])))["inputs"])
        served.rows += len(x)
        data = json.dumps((x.reshape(len(x), -1) @ served.weights).tolist()).encode()
        asked.send_response(200)
        asked.send_header("Content-Type", "application/json")
        asked.end_headers()
        asked.wfile.write(data)

    with serving(answer) as served.address:
        yield served


@dataclass
class Counted:
    """A function that counts its rows; by: what its answers are multiplied with."""

    by: float = 1.0
    classes_told: int = 3
    rows: int = 0
    input_shape = (3, 4, 4)

    def __call__(self, x: Array) -> Array:
        self.rows += len(x)
        return np.asarray(self.by * (x.reshape(len(x), -1) @ WEIGHTS)[:, : self.classes_told])


def audited(model: Any, out: Path, data: Any = DATA, **settings: Any) -> brittle.Run:
    return brittle.audit(model, data, **{"budget": 20, "search": "random", "out": str(out), **settings})


def asked(run: brittle.Run) -> int:
    """Every row that the run says it asked."""
    return sum((s.get("setup_rows") or 0) + (s.get("rows") or 0) for s in run.sessions())


def edit(run: Path, change: Any) -> None:
    """Change run.json."""
    manifest = json.loads((run / "run.json").read_text())
    change(manifest)
    (run / "run.json").write_text(json.dumps(manifest))


def unfinish(run: Path, lines: int = 2) -> int:
    """Leave only some results, as a kill does; how many queries are to be asked again."""
    kept = (run / "results.jsonl").read_text().splitlines(keepends=True)
    (run / "results.jsonl").write_text("".join(kept[:lines]))
    (run / "summary.json").unlink()
    return sum(json.loads(line)["queries"] for line in kept[lines:])


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


def photos(folder: Path, value: int = 60, names: tuple[str, ...] = ("0", "1", "2")) -> Path:
    for k, name in enumerate(names):
        (folder / name).mkdir(parents=True, exist_ok=True)
        Image.fromarray(np.full((4, 4, 3), value + k, np.uint8)).save(folder / name / "a.bmp")
    return folder


def test_replaced_photos_of_the_same_size_are_refused(tmp_path: Path) -> None:
    audited(Counted(), tmp_path / "r", photos(tmp_path / "photos"))
    assert audited(Counted(), tmp_path / "r", photos(tmp_path / "photos")).was_finished  # written again
    with pytest.raises(RunError, match=r"data\.sha256 was .*, now"):
        audited(Counted(), tmp_path / "r", photos(tmp_path / "photos", 90))


def test_names_of_labels_are_read_for_the_classes_that_the_model_has(tmp_path: Path) -> None:
    names = photos(tmp_path / "names", names=("bee", "cat", "dog"))
    run = audited(Counted(), tmp_path / "three", names)
    assert run.manifest.model["classes"] == ["bee", "cat", "dog"]
    with pytest.raises(brittle.DataError, match=r"3 labels .* match none of the model's 2 class names"):
        audited(Counted(classes_told=2), tmp_path / "two", names)
    indices = photos(tmp_path / "indices", names=("0", "1", "7"))
    messages = [r.message for r in audited(Counted(), tmp_path / "seven", indices).results()]
    assert "expected a label of 0 to 2, got 7" in messages[2] and messages[:2] == ["", ""]


@pytest.mark.parametrize(
    ("key", "value", "says"),
    [
        ("answers", [[float("nan")] * 3] * ROWS, "its answers to the identity rows are no probabilities"),
        ("answers", {"a": 1}, "its answers to the identity rows are no probabilities"),
        ("answers", [[0.5, 0.3, 0.2]], "there were 1 rows, now 2"),
        ("answers", [[0.5, 0.5]] * ROWS, "there were 2 classes, now 3"),
        ("classes", 3, "run.json is damaged .model.classes: .* got 3"),
        ("classes", ["a"] * 9, "model.classes was"),
    ],
)
def test_a_damaged_or_forged_run_is_one_line(tmp_path: Path, key: str, value: Any, says: str) -> None:
    audited(Counted(), tmp_path / "r")
    edit(tmp_path / "r", lambda manifest: manifest["model"].update({key: value}))
    with pytest.raises(brittle.BrittleError, match=says) as caught:
        audited(Counted(), tmp_path / "r")
    assert "\n" not in str(caught.value)


def test_a_batch_that_no_session_can_have_had_is_measured_anew(tmp_path: Path) -> None:
    audited(Counted(), tmp_path / "r")
    log = tmp_path / "r" / "sessions.jsonl"
    lines = [json.loads(line) for line in log.read_text().splitlines()]
    for line in lines:
        line |= {"batch": 10**12} if "batch" in line else {}
    log.write_text("".join(json.dumps(line) + "\n" for line in lines))
    unfinish(tmp_path / "r")
    assert audited(Counted(), tmp_path / "r").sessions()[-1]["batch"] in batch.SIZES


def older(manifest: dict[str, Any]) -> None:
    """As run.json was before there were kinds of digests, and identity rows."""
    for part in ("model", "data"):
        del manifest[part]["digest"]
    for key in ("answers", "repeats"):
        manifest["model"].pop(key, None)


def test_older_runs_whose_digests_are_still_the_same_go_on(server: Served, tmp_path: Path) -> None:
    audited(server.address, tmp_path / "r")
    edit(tmp_path / "r", older)
    unfinish(tmp_path / "r")
    run = audited(server.address, tmp_path / "r")
    assert run.sessions()[-1]["setup_rows"] == 2 * ROWS  # asked, and kept from now on
    assert audited(server.address, tmp_path / "r").sessions()[-1]["setup_rows"] == ROWS
    server.weights = -WEIGHTS
    with pytest.raises(RunError, match="identity rows otherwise"):
        audited(server.address, tmp_path / "r")


def test_older_runs_without_a_setting_that_is_at_its_default_go_on(tmp_path: Path) -> None:
    audited(Counted(), tmp_path / "r")
    edit(tmp_path / "r", lambda manifest: manifest["settings"]["model_options"].pop("output_name"))
    model = Counted()
    assert audited(model, tmp_path / "r").was_finished and model.rows == ROWS  # and no probe


def test_older_runs_whose_digests_tell_nothing_are_refused_with_the_reason(tmp_path: Path) -> None:
    def of_sizes(manifest: dict[str, Any]) -> None:
        older(manifest)
        manifest["data"]["sha256"] = "0" * 64

    def of_a_file(manifest: dict[str, Any]) -> None:
        older(manifest)
        manifest["model"]["sha256"] = "0" * 64

    for name, change, says in (
        ("data", of_sizes, "begun by an earlier brittle, which identified files by their sizes; choose"),
        (
            "model",
            of_a_file,
            "begun by an earlier brittle, which identified a function by one file of its code",
        ),
    ):
        audited(Counted(), tmp_path / name, photos(tmp_path / "photos"))
        edit(tmp_path / name, change)
        with pytest.raises(RunError, match=says):
            audited(Counted(), tmp_path / name, photos(tmp_path / "photos"))
        assert brittle.Run.open(tmp_path / name).summary()["samples"] == 3  # and can be read


def test_the_command_says_that_a_run_was_finished(
    server: Served, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    np.savez(tmp_path / "data.npz", x=DATA[0])
    command = ["audit", server.address, "data.npz", "--budget", "9", "--search", "random", "--out", "r"]
    first, again, third = (CliRunner().invoke(cli, command, catch_exceptions=False) for _ in range(3))
    assert "finished on" not in first.output
    when = max(r.finished for r in brittle.Run.open("r").results())[:16].replace("T", " ")
    for result in (again, third):
        assert f"finished on {when} UTC, 2 identity rows asked\n" in result.output
        assert "Flipped" in result.output


def test_a_run_that_ended_before_its_tables_is_put_in_order(tmp_path: Path) -> None:
    run = audited(Counted(), tmp_path / "r")
    lines = (run.path / "results.jsonl").read_text().splitlines(keepends=True)
    (run.path / "results.jsonl").write_text("".join(reversed(lines)))
    (run.path / "summary.json").unlink()
    audited(Counted(), tmp_path / "r")
    assert (run.path / "results.jsonl").read_text() == "".join(lines)
