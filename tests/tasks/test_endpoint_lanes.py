"""Several batches in flight to an endpoint: the same run, byte for byte, and never more than were stated."""

import json
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler
from pathlib import Path
from threading import Condition
from typing import Any

import numpy as np
import pytest

import brittle
from brittle.core.sample import InputSpec
from brittle.tasks.audit.settings import AuditSettings
from brittle.tasks.playing.memory import BATCH_BYTES, most_rows
from endpoint import sent_rows, serving

WEIGHTS = np.random.default_rng(0).normal(size=(48, 3))
DATA = (np.random.default_rng(1).integers(0, 256, (24, 3, 4, 4), np.uint8), None)
BUDGET = 8
SETUP = 5  # rows, and requests: the number of classes, and the identity rows, twice
ALONE = SETUP + 1


@dataclass
class Waiting:
    """A linear model behind an address: requests wait until `together` were there once, or a moment.

    The first ones, which go alone, do not wait. most: requests that were there at the same time. slow: every
    fourth answers late. times: of requests.
    """

    address: str = ""
    together: int = 1
    slow: bool = False
    most: int = 0
    here: int = 0
    rows: list[bytes] = field(default_factory=list)
    times: list[float] = field(default_factory=list)
    changed: Condition = field(default_factory=Condition)

    def answer(self, asked: BaseHTTPRequestHandler) -> None:
        x = sent_rows(asked)
        with self.changed:
            self.times.append(time.monotonic())
            self.rows += [row.tobytes() for row in x]
            late = self.slow and len(self.times) % 4 == 0
            self.here += 1
            self.most = max(self.most, self.here)
            self.changed.notify_all()
            if len(self.times) > ALONE:
                self.changed.wait_for(lambda: self.most >= self.together, timeout=1)
        time.sleep(0.02 if late else 0)
        with self.changed:
            self.here -= 1
        asked.send_response(200)
        asked.send_header("Content-Type", "application/json")
        asked.end_headers()
        asked.wfile.write(json.dumps(((x.reshape(len(x), -1) - 0.5) @ WEIGHTS).tolist()).encode())


@pytest.fixture
def server() -> Iterator[Waiting]:
    served = Waiting()
    with serving(served.answer) as served.address:
        yield served


def audited(server: Waiting, out: Path, concurrency: int, rate: float | None = None, **more: Any) -> Any:
    """A run, and what of it may not depend on how it was carried out."""
    server.together, server.most = min(concurrency, more.get("data_options", {}).get("limit", 24)), 0
    server.rows.clear()
    server.times.clear()
    options = {"concurrency": concurrency, "rate": rate}
    words = {"budget": BUDGET, "search": "random", "batch": 2, **more}
    run = brittle.audit(server.address, DATA, out=str(out), model_options=options, **words)
    lines = [json.loads(line) for line in (out / "results.jsonl").read_text().splitlines()]
    kept = [{k: v for k, v in x.items() if k not in ("seconds", "started", "finished")} for x in lines]
    flips = {str(p.relative_to(out)): p.read_bytes() for p in sorted(out.glob("flips/**/*")) if p.is_file()}
    return run, ((out / "run.json").read_bytes(), kept, flips)


@pytest.mark.parametrize(("keep", "rate"), [(False, None), (True, 150)])
def test_a_run_is_the_same_with_any_number_of_lanes(
    server: Waiting, tmp_path: Path, keep: bool, rate: float | None
) -> None:
    server.slow = True
    found = {}
    for lanes in (1, 3, 8):
        out = tmp_path / f"{lanes}"
        run, found[lanes] = audited(server, out, lanes, rate, keep_answers=keep)
        assert server.most == lanes
        summary = run.summary()
        assert summary["rows_shown"] == len(server.rows)
        assert summary["retried_rows"] == 0
        if keep:
            assert len(set(server.rows[SETUP:])) == len(server.rows) - SETUP
        if rate:
            assert server.times[-1] - server.times[0] >= 0.95 * (len(server.times) - 1) / rate
    assert found[1][2] and found[1] == found[3] == found[8]


def test_a_run_goes_on_with_other_lanes_and_another_body(server: Waiting, tmp_path: Path) -> None:
    out = tmp_path / "r"
    _, whole = audited(server, out, 1)
    lines = (out / "results.jsonl").read_text().splitlines(keepends=True)
    (out / "results.jsonl").write_text("".join(lines[:3]))
    manifest = json.loads((out / "run.json").read_text())
    stated = AuditSettings.build({"model_options": {"body": "json", "concurrency": 4}}).question()
    assert not {"body", "concurrency"} & set(stated["model_options"])
    options = {"concurrency": 4, "body": "json"}
    words: dict[str, Any] = {"budget": BUDGET, "search": "random", "batch": 2, "out": str(out)}
    run = brittle.audit(server.address, DATA, model_options=options, **words)
    again = [json.loads(line) for line in (out / "results.jsonl").read_text().splitlines()]
    assert [{k: line[k] for k in kept} for line, kept in zip(again, whole[1], strict=True)] == whole[1]
    manifest["settings"]["model_options"]["body"] = "json"  # as earlier runs have it
    (run.path / "run.json").write_text(json.dumps(manifest))
    assert brittle.audit(server.address, DATA, **words).was_finished


@pytest.mark.parametrize("lanes", [1, 2, 8, 256])
def test_batches_in_flight_share_the_memory(lanes: int) -> None:
    spec = InputSpec((3, 512, 512), ("channel", "height", "width"))
    rows = most_rows(spec, lanes)
    of_all = [(lanes + 1) * batch * 3 * 512 * 512 * 4 for batch in (rows, rows + 1)]
    assert rows == 1 or of_all[0] <= BATCH_BYTES
    assert of_all[1] > BATCH_BYTES


def test_one_sample_needs_no_lanes_and_few_have_as_many_as_they_are(server: Waiting, tmp_path: Path) -> None:
    for samples in (1, 2):
        audited(server, tmp_path / f"{samples}", 8, data_options={"limit": samples})
        assert server.most == samples
