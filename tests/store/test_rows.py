"""rows.jsonl: every process has a line, which is up to date whenever the process is killed."""

import json
import multiprocessing
import os
import signal
import time
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from brittle.core.errors import DiskError
from brittle.core.rows import Meter, Rows
from brittle.store.rows import FILE, WIDTH, RowLog

COUNTS = st.builds(Rows, *[st.integers(0, 10**12)] * 5)


def lines(folder: Path) -> list[dict[str, int]]:
    return [json.loads(line) for line in (folder / FILE).read_text().splitlines()]


@given(COUNTS, COUNTS)
def test_rows_add_up(one: Rows, other: Rows) -> None:
    both = one + other
    assert both.shown == one.shown + other.shown and both.asked == one.asked + other.asked
    assert one.shown == one.setup + one.warm_up + one.samples + one.retried
    assert one.asked == one.samples + one.looked_up


def test_lines_are_written_over_in_their_places(tmp_path: Path) -> None:
    first, second = RowLog(tmp_path, 1), RowLog(tmp_path, 2)
    assert not (tmp_path / FILE).exists()
    for samples in (5, 10**12):
        first.write(Rows(samples=samples))
        second.write(Rows(setup=samples, looked_up=1))
    assert (tmp_path / FILE).stat().st_size == 2 * WIDTH
    told = [(line["session"], line["samples"], line["setup"], line["looked_up"]) for line in lines(tmp_path)]
    assert told == [(1, 10**12, 0, 0), (2, 0, 10**12, 1)]


def _count(folder: Path, worker: int) -> None:
    meter = Meter()
    meter.write_to(RowLog(folder, worker).write)
    while True:
        meter.show(1)


def test_several_processes_may_be_killed_at_any_time(tmp_path: Path) -> None:
    context = multiprocessing.get_context("spawn")
    workers = [context.Process(target=_count, args=(tmp_path, number)) for number in range(3)]
    for worker in workers:
        worker.start()
    deadline = time.monotonic() + 60
    while not ((tmp_path / FILE).exists() and len(lines(tmp_path)) == 3) and time.monotonic() < deadline:
        time.sleep(0.05)
    time.sleep(0.2)
    for worker in workers:
        os.kill(worker.pid or 0, signal.SIGKILL)
        worker.join()
    assert sorted(line["session"] for line in lines(tmp_path)) == [0, 1, 2]
    assert all(line["setup"] > 0 for line in lines(tmp_path))


def test_a_count_that_cannot_be_written_is_one_line(tmp_path: Path) -> None:
    with pytest.raises(DiskError, match=r"cannot write .*rows\.jsonl"):
        RowLog(tmp_path / "missing", 1).write(Rows())
    (tmp_path / FILE).symlink_to(tmp_path / "elsewhere")
    with pytest.raises(DiskError, match=r"cannot write .*rows\.jsonl"):
        RowLog(tmp_path, 1).write(Rows())
    assert not (tmp_path / "elsewhere").exists()
