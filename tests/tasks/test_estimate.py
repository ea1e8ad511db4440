"""What an audit will ask and cost, said before an endpoint is asked."""

import json
from http.server import BaseHTTPRequestHandler
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from click.testing import CliRunner, Result

import brittle
from brittle.cli import cli
from endpoint import sent_rows, serving


def run(*arguments: object) -> Result:
    return CliRunner().invoke(cli, [str(a) for a in arguments], catch_exceptions=False)


def test_an_endpoint_is_not_asked_and_its_cost_is_said(digits: Path, tmp_path: Path) -> None:
    rows = 0

    def answer(request: BaseHTTPRequestHandler) -> None:
        nonlocal rows
        x = sent_rows(request)
        rows += len(x)
        request.send_response(200)
        request.end_headers()
        request.wfile.write(json.dumps([[0.5 + float(np.mean(row)) / 9, 0.4] for row in x]).encode())

    with serving(answer) as address:
        data = (np.load(digits / "digits.npz")["x"][:7], None)
        words: dict[str, Any] = {"budget": 30, "out": str(tmp_path / "r"), "search": "random"}
        found = brittle.estimate(address, data, price=2.0, **words)
        assert rows == 0 and not (tmp_path / "r").exists()
        assert (found.samples, found.rows, found.likely_rows) == (7, 7 * 30 + 5, None)
        assert (found.batch, found.requests, found.rows_per_second) == (16, 14, None)
        asked = brittle.audit(address, data, **words)
        shown = rows
        again = brittle.estimate(address, data, **words)
        assert rows == shown <= found.rows and again.samples == 0 and again.rows == again.likely_rows == 2
        assert again.rows_per_second and again.source == "in the run so far"
        lines = (asked.path / "results.jsonl").read_text().splitlines(keepends=True)
        (asked.path / "results.jsonl").write_text("".join(lines[:2]))
        half = brittle.estimate(address, data, **words)
        assert half.samples == 5 and half.rows == 5 * 30 + 2
        queries = sum(json.loads(line)["queries"] for line in lines[:2])
        assert half.likely_rows == round(5 * queries / 2) + 2


def test_the_command_says_rows_time_and_cost(digits: Path, tmp_path: Path) -> None:
    words = (digits / "digits.onnx", digits / "digits.npz", "--limit", 4, "--budget", 50, "--batch", 8)
    result = run("audit", *words, "--estimate", "--price", 1.5, "--out", tmp_path / "r")
    assert result.exit_code == 0 and not (tmp_path / "r").exists()
    first, time, cost = result.output.splitlines()
    assert first == "Rows: at most 200 (4 samples to play, 25 batches of 8)"
    assert time.startswith("Time: at most 0.") and time.endswith("rows a second, measured on this model")
    assert cost == "Cost: at most 0.30 at 1.5 for 1,000 rows"
    with serving(lambda _: None) as address:
        result = run("audit", address, digits / "digits.npz", "--limit", 40, "--budget", 50, "--estimate")
    expected = "Time: not measured, as nothing was sent; 12.6 s for each 0.1 s that a request takes"
    assert result.output.splitlines()[1] == expected


@pytest.mark.parametrize("price", ["-1", "inf", "nan", "cheap"])
def test_a_price_that_is_none(digits: Path, price: str) -> None:
    result = run("audit", digits / "digits.onnx", digits / "digits.npz", "--estimate", "--price", price)
    assert result.exit_code == 2 and "price" in result.output.lower()


def test_a_price_alone_would_be_forgotten(digits: Path) -> None:
    result = run("audit", digits / "digits.onnx", digits / "digits.npz", "--price", 1)
    assert result.exit_code == 2 and "expected --estimate beside --price" in result.output
