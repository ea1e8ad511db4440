"""Models of the Open Inference Protocol, against a tiny server: what is sent, read, refused and not shown."""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import brittle
from brittle.core.errors import DataError, ModelError, RefusedError, UsageError
from brittle.core.rows import Rows
from brittle.models import Backend, ModelOptions, open_model
from served_tensors import ServedTensors, serving_tensors

SECRET = "s3cr3t-t0ken"
X = np.random.default_rng(2).random((5, 3, 4, 4), dtype=np.float32)
MEANS = X.mean(axis=(2, 3))
CODES = np.random.default_rng(3).integers(0, 256, (5, 3, 4, 4)).astype(np.float32)


@pytest.fixture
def server() -> Iterator[ServedTensors]:
    with serving_tensors(ServedTensors()) as served:
        yield served


def backend(server: ServedTensors, end: str = "", **options: Any) -> Backend:
    return open_model(server.address + end, ModelOptions(**{"retries": 0, "timeout": 5, **options}))


@pytest.mark.parametrize("end", ["", "/", "/infer", "/versions/3", "/versions/3/infer"])
def test_what_the_model_takes_is_read_from_its_metadata(server: ServedTensors, end: str) -> None:
    opened = backend(server, end)
    assert (opened.shape, opened.outputs, opened.bounds) == ((3, 4, 4), 3, None)
    assert (opened.name, opened.local, opened.sha256) == (server.address + end, False, "")
    assert opened.meter.rows == Rows() and server.seen == []
    version = "/versions/3" if "3" in end else ""
    opened.ask(X)
    model = f"/v2/models/m{version}"
    assert server.requests == [("GET", model), ("GET", "/v2"), ("POST", f"{model}/infer")]


@pytest.mark.parametrize("address", ["http://localhost/v2/models", "http://localhost/v2/models/m/generate"])
def test_another_address_is_a_plain_endpoint(address: str) -> None:
    assert open_model(address).shape is None


@pytest.mark.parametrize("binary", [True, False])
@pytest.mark.parametrize(
    ("shape", "types"),
    [
        ((-1, 3, 4, 4), ("FP32", "FP32")),
        ((-1, 4, 4, 3), ("FP32", "FP64")),
        ((-1, 3, -1, -1), ("FP64", "FP64")),
        ((-1, 3, 4, 4), ("FP16", "FP16")),
    ],
)
def test_rows_go_and_answers_come(
    server: ServedTensors, shape: tuple[int, ...], binary: bool, types: tuple[str, str]
) -> None:
    server.shape, server.binary, (server.datatype, server.answer_type) = shape, binary, types
    opened = backend(server)
    sides = (None, None) if -1 in shape[1:] else (4, 4)
    assert opened.shape == (3, *sides)
    answers = opened.ask(X)
    assert answers.dtype == np.float64
    np.testing.assert_allclose(answers, MEANS, rtol=5e-3 if "FP16" in types else 1e-6)
    assert server.kinds == ["application/octet-stream" if binary else "application/json"]
    if types[0] != "FP16":
        sent = np.moveaxis(server.seen[0], -1, 1) if shape[-1] == 3 else server.seen[0]
        np.testing.assert_array_equal(sent, X)


def test_a_server_that_says_nothing_of_itself_takes_json(server: ServedTensors) -> None:
    server.binary = None
    np.testing.assert_allclose(backend(server).ask(X), MEANS, rtol=1e-6)
    assert server.kinds == ["application/json"]


def test_json_may_be_stated_and_npy_may_not(server: ServedTensors) -> None:
    np.testing.assert_allclose(backend(server, body="json").ask(X), MEANS, rtol=1e-6)
    assert server.kinds == ["application/json"] and ("GET", "/v2") not in server.requests
    with pytest.raises(UsageError, match="knows no npy files; leave --body out"):
        backend(server, body="npy")


@pytest.mark.parametrize("binary", [True, False])
@pytest.mark.parametrize(("kind", "low", "high"), [("UINT8", 0, 255), ("INT8", -128, 127)])
def test_integers_are_sent_as_they_are(
    server: ServedTensors, kind: str, low: int, high: int, binary: bool
) -> None:
    server.datatype, server.binary = kind, binary
    opened = backend(server)
    assert opened.bounds == (low, high) and opened.integers
    x = np.clip(CODES + low, low, high)
    np.testing.assert_allclose(opened.ask(x), x.mean(axis=(2, 3)), rtol=1e-5, atol=1e-5)
    np.testing.assert_array_equal(server.seen[0], x)
    for beyond in (high + 1, low - 1, np.nan):
        x[1, 2, 3, 3] = beyond
        with pytest.raises(RefusedError, match=f"expected values of {low} to {high} for {kind}, got"):
            opened.ask(x)
    assert len(server.seen) == 1
    options: list[dict[str, Any]] = [{"mean": 0.5}, {"std": 0.5}]
    for option in options:
        with pytest.raises(UsageError, match=f"takes {kind}; leave --mean and --std out"):
            backend(server, **option)


def test_values_beyond_half_precision_are_refused(server: ServedTensors) -> None:
    server.datatype = "FP16"
    opened = backend(server)
    with pytest.raises(RefusedError, match=r"expected values of -65504 to 65504 for FP16, got 1e\+06"):
        opened.ask(np.full_like(X, 1e6))
    assert server.seen == []


def test_an_audit_of_integers_needs_the_bounds_of_their_codes(server: ServedTensors, tmp_path: Path) -> None:
    server.datatype = "UINT8"
    data = (CODES.astype(np.uint8), None)
    words: dict[str, Any] = {"budget": 15, "search": "random"}
    with pytest.raises(
        DataError, match=r"takes whole numbers of 0 to 255, but .* 0 to 1 in steps of 0\.0039"
    ):
        brittle.audit(server.address, data, out=str(tmp_path / "no"), **words)
    server.seen.clear()
    options = {"bounds": (0, 255)}
    run = brittle.audit(server.address, data, data_options=options, out=str(tmp_path / "r"), **words)
    assert sum(map(len, server.seen)) == run.summary()["rows_shown"]
    assert any((sent == CODES[0]).all() for batch in server.seen for sent in batch)


def test_a_fixed_batch_is_filled_up_and_that_is_counted(server: ServedTensors) -> None:
    server.shape = (2, 3, 4, 4)
    opened = backend(server)
    np.testing.assert_allclose(opened.ask(X), MEANS, rtol=1e-6)
    assert list(map(len, server.seen)) == [2, 2, 2] and opened.meter.rows == Rows(retried=1)


def test_the_output_is_chosen_as_for_onnx_files(server: ServedTensors) -> None:
    server.outputs = (("y", (-1, -1)), ("z", (-1, 3)), ("map", (-1, 3, 4)))
    with pytest.raises(ModelError, match=r"2 outputs, y FP32 \(-1, -1\), z FP32 \(-1, 3\); .*--output-name"):
        backend(server)
    with pytest.raises(UsageError, match="no output 'yy'; did you mean 'y'"):
        backend(server, output_name="yy")
    opened = backend(server, output_name="y")
    assert opened.outputs is None
    np.testing.assert_allclose(opened.ask(X), MEANS, rtol=1e-6)


TAKEN = {"name": "x", "datatype": "FP32", "shape": [-1, 3, 4, 4]}
TOLD = {"name": "y", "datatype": "FP32", "shape": [-1, 3]}


@pytest.mark.parametrize(
    ("inputs", "outputs", "says"),
    [
        ([], [TOLD], "expected a model with one input, got 0"),
        ([TAKEN, TAKEN], [TOLD], "expected a model with one input, got 2"),
        ([{**TAKEN, "datatype": "BYTES"}], [TOLD], "expected an input of FP32, .*, got x BYTES"),
        ([{**TAKEN, "shape": [-1]}], [TOLD], "batch axis and at least one more"),
        ([{**TAKEN, "shape": [-1, 3, 10**7, 10**7]}], [TOLD], "input of at most 268435456 numbers"),
        ([TAKEN], [{**TOLD, "datatype": "INT64"}], r"expected a float output of shape \(n, classes\)"),
        ([TAKEN], [{**TOLD, "shape": [-1, 10**9]}], "at most 1048576 classes, got 1000000000"),
        (
            [TAKEN],
            [{**TOLD, "shape": [1] * 70}],
            "expected metadata of the Open Inference Protocol, got outp",
        ),
        ([{**TAKEN, "shape": "4"}], [TOLD], "expected metadata of the Open Inference Protocol, got inputs"),
        ([{"name": f"a\n\x1b[31m{SECRET}"}], 3, "expected metadata"),
    ],
)
def test_metadata_that_make_no_classifier(
    server: ServedTensors, inputs: Any, outputs: Any, says: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("BRITTLE_TOKEN", SECRET)
    server.metadata = {"inputs": inputs, "outputs": outputs}
    with pytest.raises(ModelError, match=says) as caught:
        backend(server, header="X-Key=BRITTLE_TOKEN")
    text = str(caught.value)
    assert text.startswith(f"{server.address}: ") and text.isprintable() and SECRET not in text


def test_a_model_that_is_not_there(server: ServedTensors) -> None:
    server.known = False
    with pytest.raises(ModelError, match=r"got 404 \(there is no 'm'\); check the endpoint"):
        backend(server)


@pytest.mark.parametrize("status", [400, 422, 500])
def test_what_a_server_says_of_an_error_is_shown_on_one_short_line(
    server: ServedTensors, status: int
) -> None:
    opened = backend(server)
    server.status, server.error = status, "unexpected\n shape\x1b[2J\u202e " + "long " * 200
    with pytest.raises(ModelError, match=rf"got {status} \(unexpected shape \[2J long long") as caught:
        opened.ask(X)
    assert str(caught.value).isprintable() and len(str(caught.value)) < 500
    assert isinstance(caught.value, RefusedError) is (status < 500)


@pytest.mark.parametrize("status", [400, 401, 500])
def test_a_secret_that_a_server_repeats_is_not_shown(
    server: ServedTensors, status: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("BRITTLE_TOKEN", f"Bearer {SECRET}")
    monkeypatch.setenv("BRITTLE_QUERY", "key=qu3ry%2Fk3y&v=2")
    opened = backend(server, header="Authorization=BRITTLE_TOKEN", query="BRITTLE_QUERY")
    server.status, server.echo = status, True
    with pytest.raises(ModelError, match=rf"got {status} \(.*\*\*\*") as caught:
        opened.ask(X)
    assert server.requests[0] == ("GET", "/v2/models/m?key=qu3ry%2Fk3y&v=2")
    server.echo, server.error = False, f"bad token {SECRET[:9]}, key qu3ry/k3y"
    with pytest.raises(ModelError) as again:
        opened.ask(X)
    for text in (str(caught.value), str(again.value)):
        assert not any(part in text for part in (SECRET, "s3cr3t", "qu3ry", "t0ken")), text


def change_shape(shape: list[int], **more: Any) -> Any:
    return lambda head, data: ({"outputs": [{**head["outputs"][0], "shape": shape, **more}]}, data)


def with_head(head: Any) -> Any:
    return lambda _, data: (head, data)


NONE = r"expected the output 'y' as tensor, got .*; check the endpoint"
REPLIES: dict[str, Any] = {
    "truncated": lambda head, data: (head, data[:-1]),
    "too long": change_shape([5, 2]),
    "a bomb": change_shape([10**9, 10**9]),
    "a greater one": change_shape([10**15, 10**15]),
    "nothing of something": change_shape([0, 10**15]),
    "negative": change_shape([-5, -3]),
    "a size of its own": change_shape([5, 3], parameters={"binary_data_size": 10**12}),
    "a negative size": change_shape([5, 3], parameters={"binary_data_size": -60}),
    "many axes": change_shape([1] * 100),
    "another type": change_shape([5, 3], datatype="BYTES"),
    "another output": change_shape([5, 3], name="z"),
    "no outputs": with_head({"error": "none"}),
    "a list": with_head([]),
    "neither": lambda head, data: ({"outputs": [{"name": "y", "datatype": "FP32", "shape": [1, 1]}]}, data),
}


@pytest.mark.parametrize("name", REPLIES)
def test_replies_that_are_none(server: ServedTensors, name: str) -> None:
    server.change = REPLIES[name]
    with pytest.raises(ModelError, match=NONE):
        backend(server).ask(X)


@pytest.mark.parametrize("data", [[0.5], "0.5", {"a": 1}, [["x"] * 15], [10**400] * 15, None])
def test_json_replies_that_are_none(server: ServedTensors, data: Any) -> None:
    server.change = change_shape([5, 3], data=data)
    with pytest.raises(ModelError, match=NONE):
        backend(server, body="json").ask(X)


def test_a_wrong_size_of_the_head(server: ServedTensors) -> None:
    opened = backend(server)
    send = server._send

    def longer(asked: Any, status: int, head: Any, data: bytes = b"") -> None:
        asked.send_response(status)
        asked.send_header("Inference-Header-Content-Length", "100000000")
        asked.end_headers()
        asked.wfile.write(json.dumps(head).encode() + data)

    server._send = longer  # type: ignore[method-assign]
    with pytest.raises(ModelError, match=r"got \d+ bytes of which 100000000 are JSON"):
        opened.ask(X)
    server._send = send  # type: ignore[method-assign]
    np.testing.assert_allclose(opened.ask(X), MEANS, rtol=1e-6)


def test_batches_that_a_server_refuses_are_asked_row_by_row(server: ServedTensors, tmp_path: Path) -> None:
    infer = server._infer

    def one_row(asked: Any, path: str) -> None:
        size = int(asked.headers["Inference-Header-Content-Length"])
        rows = json.loads(asked.rfile.peek(size)[:size])["inputs"][0]["shape"][0]
        server.status, server.error = (400, "batch-size must be <= 1") if rows > 1 else (200, "")
        infer(asked, path)

    server._infer = one_row  # type: ignore[method-assign]
    data = ((255 * X).astype(np.uint8), None)
    run = brittle.audit(server.address, data, budget=10, search="random", out=str(tmp_path / "r"))
    assert all(result.status != "failed" for result in run.results())
    assert run.summary()["rows_shown"] == sum(map(len, server.seen))


def test_a_run_of_one_of_several_outputs_is_verified_on_that(server: ServedTensors, tmp_path: Path) -> None:
    server.outputs = (("y", (-1, 3)), ("z", (-1, 3)))
    data = ((255 * X).astype(np.uint8), None)
    options = {"output_name": "y"}
    run = brittle.audit(
        server.address, data, model_options=options, budget=10, search="random", out=str(tmp_path / "r")
    )
    found = brittle.verify(run.path, server.address, data)
    assert all(check.holds for check in found.checks)
