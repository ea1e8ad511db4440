"""The model of tests/same_run.py behind an address."""

import json
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler

import pytest

from endpoint import sent_rows, serving
from same_run import Served


@pytest.fixture
def server() -> Iterator[Served]:
    served = Served()

    def answer(asked: BaseHTTPRequestHandler) -> None:
        x = sent_rows(asked)
        served.rows += len(x)
        data = json.dumps((x.reshape(len(x), -1) @ served.weights).tolist()).encode()
        asked.send_response(200)
        asked.send_header("Content-Type", "application/json")
        asked.end_headers()
        asked.wfile.write(data)

    with serving(answer) as served.address:
        yield served
