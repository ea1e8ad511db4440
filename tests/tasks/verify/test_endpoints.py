"""An endpoint is asked only if it is given again, and no secret goes to an address of the run's choice."""

import io
import json
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import brittle
from brittle.core.errors import ModelError
from endpoint import serving
from forged import Row, change_manifest, command

SECRET = "s3cr3t-t0ken"


class Endpoint:
    """A server that answers with the digits' weights, to who shows the token; and what it was sent."""

    def __init__(self, weights: Path) -> None:
        self.weights, self.sent = np.load(weights), list[dict[str, str]]()
        self.address, self.refused = "", -1.0

    def answer(self, asked: BaseHTTPRequestHandler) -> None:
        self.sent.append(dict(asked.headers))
        body = asked.rfile.read(int(asked.headers["Content-Length"]))
        x = np.load(io.BytesIO(body))
        logits = x.reshape(len(x), -1) @ self.weights["coef"].T + self.weights["intercept"]
        data = json.dumps({"logits": logits.tolist()}).encode()
        allowed = asked.headers.get("X-Key") == SECRET
        status = 422 if allowed and (x[:, 0, 3, 3] == self.refused).any() else 200 if allowed else 401
        asked.send_response(status)
        asked.send_header("Content-Type", "application/json")
        asked.end_headers()
        asked.wfile.write(data if allowed else b"")


@pytest.fixture
def endpoint(digits: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Endpoint]:
    monkeypatch.setenv("BRITTLE_TEST_TOKEN", SECRET)
    found = Endpoint(digits / "weights.npz")
    with serving(found.answer) as found.address:
        yield found


HEADER = "X-Key=BRITTLE_TEST_TOKEN"


def test_an_endpoint_behind_a_token_is_verified_with_its_header(
    endpoint: Endpoint, digits: Path, tmp_path: Path
) -> None:
    options = {"header": HEADER, "body": "npy"}
    limit = {"limit": 6}
    brittle.audit(
        endpoint.address,
        digits / "digits.npz",
        budget=20,
        out=tmp_path / "r",
        model_options=options,
        data_options=limit,
    )
    given = (tmp_path / "r", endpoint.address)
    held = command(*given, "--header", HEADER, "--timeout", 5, "--rate", 500)
    assert held.exit_code == 0 and "note: the model has no SHA-256" in held.stdout
    refused = command(*given)
    assert refused.exit_code == 4 and "401" in refused.stderr and "does not hold" not in refused.stdout
    endpoint.sent.clear()
    assert command(tmp_path / "r", "--header", HEADER).exit_code == 2
    assert endpoint.sent == []
    assert command(tmp_path / "r", "--header", HEADER, "--trust").exit_code == 0
    assert command(*given, "--header", "X-Key=NOT_SET_ANYWHERE").exit_code == 2


@pytest.mark.parametrize("end", ["", "/net.onnx"])
def test_a_run_sends_no_secret_to_an_address_of_its_choice(end: str, run: Path, endpoint: Endpoint) -> None:
    address = endpoint.address + end

    def forge(manifest: Row) -> None:
        manifest["model"]["name"] = manifest["settings"]["model"] = address
        manifest["settings"]["model_options"].update(header=HEADER, body="npy", retries=0)

    change_manifest(run, forge)
    assert command(run).exit_code == 2
    assert endpoint.sent == []
    assert command(run, address).exit_code == 4  # asked without the header
    assert command(run, "--trust").exit_code == 4
    assert len(endpoint.sent) == 2 and not any("X-Key" in sent for sent in endpoint.sent)


def test_a_model_that_cannot_be_asked_is_an_error_of_the_model(
    run: Path, digits: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    down = command(run, "http://127.0.0.1:9/", "--retries", 0, "--timeout", 1)
    assert down.exit_code == 4 and "does not hold" not in down.stdout
    assert command(run, "nowhere.onnx").exit_code == 4
    monkeypatch.syspath_prepend(str(digits))
    with pytest.raises(ModelError, match="RuntimeError: no weights"):
        brittle.verify(run, "victims:broken")


def test_a_sample_that_an_endpoint_refuses_has_failed_and_still_does(
    endpoint: Endpoint, digits: Path, tmp_path: Path
) -> None:
    x = np.load(digits / "digits.npz")["x"][:6].copy()
    y = np.load(digits / "digits.npz")["y"][:6]
    x[:, 0, 3, 3] = 20
    x[2, 0, 3, 3] = 255
    endpoint.refused = 1.0
    np.savez(tmp_path / "x.npz", x=x, y=y)
    options: dict[str, Any] = {"header": HEADER, "body": "npy"}
    words: dict[str, Any] = {"budget": 6, "distortions": ("jpeg",), "cell": "2x2", "out": str(tmp_path / "r")}
    run = brittle.audit(endpoint.address, str(tmp_path / "x.npz"), model_options=options, **words)
    failed = [result for result in run.results() if result.status == "failed"]
    assert [result.sample for result in failed] == ["000002"]
    assert (
        failed[0].message == f"{endpoint.address}: expected status 200, got 422; it refuses what it was sent"
    )
    found = brittle.verify(run.path, endpoint.address, **options)
    assert not found.broken, found.broken
    endpoint.refused = -1.0
    broken = brittle.verify(run.path, endpoint.address, **options).broken
    assert [check.sample for check in broken] == ["000002"]
    assert "the sample can be read and is answered" in broken[0].message
