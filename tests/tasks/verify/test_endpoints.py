"""An endpoint is asked only if it is given again, and no secret goes to an address of the run's choice."""

import io
import json
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler
from pathlib import Path

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
        self.address = ""

    def answer(self, asked: BaseHTTPRequestHandler) -> None:
        self.sent.append(dict(asked.headers))
        body = asked.rfile.read(int(asked.headers["Content-Length"]))
        x = np.load(io.BytesIO(body))
        logits = x.reshape(len(x), -1) @ self.weights["coef"].T + self.weights["intercept"]
        data = json.dumps({"logits": logits.tolist()}).encode()
        allowed = asked.headers.get("X-Key") == SECRET
        asked.send_response(200 if allowed else 401)
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
