"""What the page of runs costs, and what it costs an audit that somebody watches.

    python benchmarks/serve.py list memory share watched viewers [--repeats 5]

list     CPU of the first sight of 1,000 runs, of reading them all, and of the page once they are known
memory   resident memory of the server while one live page is open on an audit, and its CPU for each event
share    CPU of one process that is spent on those who watch, and on seeing that nobody does: counted inside
watched  CPU of whole audits, watched and not, in turns
viewers  CPU of whole audits with 20 viewers and with none, in turns, and that of the server

CPU times are of Linux' /proc, user and system, of all threads: others on the machine make seconds longer, and
CPU times little. The model is the built-in one for photos.
"""

import argparse
import json
import os
import re
import signal
import socket
import statistics
import subprocess
import sys
import tempfile
import threading
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from http.client import HTTPConnection
from pathlib import Path
from time import monotonic, process_time, sleep, thread_time
from typing import Any
from urllib.parse import urlsplit

from scipy import stats

import brittle
from brittle.store.live import touch
from brittle.tasks.watching.spotlight import Spotlight

TICK = os.sysconf("SC_CLK_TCK")
AUDIT = ("audit", "--limit", "8", "--batch", "8", "--budget")


def cpu_of(number: int) -> float:
    """CPU seconds that a process has taken."""
    fields = Path(f"/proc/{number}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / TICK


def memory_of(number: int, kind: str = "Rss") -> float:
    """Its resident memory in MB; kind Pss: what it shares with n processes is an n-th of that."""
    text = Path(f"/proc/{number}/smaps_rollup").read_text()
    return int(re.findall(rf"{kind}:\s+(\d+)", text)[0]) / 1000


class Page:
    """A server of a folder, entered."""

    def __init__(self, root: Path) -> None:
        command = [sys.executable, "-m", "brittle", "serve", str(root), "--port", "0"]
        self.process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True)
        assert self.process.stdout is not None
        link = urlsplit(self.process.stdout.readline().split()[-1])
        self.host, self.cookie = link.netloc, ""
        answer = self.connect(f"{link.path}?{link.query}").getresponse()
        self.cookie = str(answer.headers["set-cookie"]).partition(";")[0]

    def connect(self, path: str) -> HTTPConnection:
        connection = HTTPConnection(self.host, timeout=60)
        connection.request("GET", path, headers={"cookie": self.cookie} if self.cookie else {})
        return connection

    def read(self, path: str) -> bytes:
        answer = self.connect(path).getresponse()
        assert answer.status == 200, (path, answer.status)
        return answer.read()

    @property
    def cpu(self) -> float:
        return cpu_of(self.process.pid)

    def end(self) -> None:
        self.process.send_signal(signal.SIGINT)
        self.process.wait(20)


class Viewer:
    """One live page: reads all that is streamed, and counts events."""

    def __init__(self, page: Page, run: str) -> None:
        self.events, self.bytes = 0, 0
        self._page, self._run, self._over = page, run, threading.Event()
        self._thread = threading.Thread(target=self._read, daemon=True)
        self._thread.start()

    def _read(self) -> None:
        while not self._over.is_set():
            with suppress(OSError):
                answer = self._page.connect(f"/api/runs/{self._run}/events?live=1").getresponse()
                while answer.status == 200 and (data := answer.read1(1 << 20)):
                    self.events += data.count(b"event: step") + data.count(b"event: flip")
                    self.bytes += len(data)
            sleep(0.1)

    def close(self) -> None:
        self._over.set()


@contextmanager
def served(root: Path) -> Iterator[Page]:
    """A page of a folder."""
    page = Page(root)
    try:
        yield page
    finally:
        page.end()


def audit(out: Path, budget: int) -> "subprocess.Popen[bytes]":
    """An audit of photos in a process of its own."""
    command = [sys.executable, "-m", "brittle", *AUDIT, str(budget), "--out", str(out)]
    return subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)


def ended(process: "subprocess.Popen[bytes]") -> float:
    """CPU seconds of a process and its children, when it has ended."""
    _, status, usage = os.wait4(process.pid, 0)
    assert status == 0, status
    return usage.ru_utime + usage.ru_stime


def interval(values: Sequence[float]) -> str:
    """The mean and its 95 % t-interval."""
    mean = statistics.mean(values)
    if len(values) < 2:
        return f"{mean:.3f}"
    reach = stats.t.ppf(0.975, len(values) - 1) * statistics.stdev(values) / len(values) ** 0.5
    return f"{mean:.3f} ({mean - reach:.3f} to {mean + reach:.3f})"


def measure_list(root: Path, repeats: int, budget: int) -> None:
    """1,000 runs of 20 samples."""
    first = root / "first"
    ended(audit(first, 60))
    lines = [json.loads(line) for line in (first / "results.jsonl").read_text().splitlines()]
    text = "".join(json.dumps({**lines[k % len(lines)], "sample": f"s{k}"}) + "\n" for k in range(20))
    manifest = json.loads((first / "run.json").read_text())
    manifest["data"]["samples"] = 20
    for number in range(1000):
        run = root / "runs" / f"run-{number:04}"
        run.mkdir(parents=True)
        for name in ("sessions.jsonl", "summary.json", "settings.yaml", "lock"):
            (run / name).write_bytes((first / name).read_bytes())
        (run / "run.json").write_text(json.dumps(manifest))
        (run / "results.jsonl").write_text(text)
    found: dict[str, list[float]] = {}
    for _ in range(repeats):
        with served(root / "runs") as page:
            page.read("/healthz")
            for name, path in (
                ("first sight", "/"),
                ("read them all", "/api/runs"),
                ("page, all known", "/"),
                ("figures again, every 4 s", "/api/runs"),
            ):
                before = page.cpu
                page.read(path)
                found.setdefault(name, []).append(page.cpu - before)
            found.setdefault("memory afterwards, MB", []).append(memory_of(page.process.pid))
    for name, values in found.items():
        print(f"| {name} | {interval(values)} |", flush=True)


def measure_memory(root: Path, repeats: int, budget: int) -> None:
    """A live page on an audit at work: memory of the server, its CPU an event, and idle."""
    for _ in range(repeats):
        with served(root) as page:
            page.read("/")
            sleep(2)
            before = page.cpu
            sleep(5)
            idle = (page.cpu - before) / 5
            process = audit(root / "watched", budget)
            while b'"running"' not in page.read("/api/runs"):
                sleep(0.2)
            viewer = Viewer(page, "watched")
            sleep(5)
            before, events, sent, begun = page.cpu, viewer.events, viewer.bytes, monotonic()
            sleep(15)
            took, seconds = page.cpu - before, monotonic() - begun
            count, size = viewer.events - events, viewer.bytes - sent
            resident, shared_out = (memory_of(page.process.pid, kind) for kind in ("Rss", "Pss"))
            print(
                f"| {resident:.1f} | {shared_out:.1f} | {1000 * idle:.1f} | {count / seconds:.1f} "
                f"| {size / count / 1000:.0f} | {1000 * took / count:.2f} |",
                flush=True,
            )
            viewer.close()
            process.kill()
            process.wait()
        with suppress(OSError):
            (root / "watched" / "results.jsonl").unlink()


def measure_share(root: Path, repeats: int, budget: int) -> None:
    """Audits in this process; the CPU time of its onlooker over that of the process."""
    onlook, ended_before, spent = Spotlight.onlook, Spotlight.ended, [0.0, 0.0]

    def counted(call: Callable[..., None]) -> Callable[..., None]:
        def count(*given: Any) -> None:
            begun = thread_time()
            call(*given)
            spent[0] += thread_time() - begun
            spent[1] += 1

        return count

    Spotlight.onlook, Spotlight.ended = counted(onlook), counted(ended_before)  # type: ignore[method-assign]
    for number in range(2 * repeats):
        watched, out, over = bool(number % 2), root / f"share-{number}", threading.Event()

        def watch(out: Path = out, over: threading.Event = over) -> None:
            while not over.wait(1.0):
                with suppress(OSError):
                    touch(out, None)

        if watched:
            threading.Thread(target=watch, daemon=True).start()
        spent[:] = [0.0, 0.0]
        begun = process_time()
        brittle.audit(data_options={"limit": 8}, batch=8, budget=budget, out=out)
        took = process_time() - begun
        over.set()
        arm, share = "watched" if watched else "not", 100 * spent[0] / took
        print(f"| {arm} | {took:.2f} | {spent[0]:.4f} | {share:.3f} % | {spent[1]:.0f} |", flush=True)


def compared(root: Path, repeats: int, budget: int, viewers: int) -> None:
    """Whole audits with viewers and without, in turns; the server is there in both."""
    ratios, slower = [], []
    with served(root) as page:
        for number in range(repeats):
            took = {}
            for arm in (0, viewers) if number % 2 else (viewers, 0):
                name = f"audit-{viewers}-{number}-{arm}"
                before, begun = page.cpu, monotonic()
                process = audit(root / name, budget)
                while not (root / name / "run.json").exists() and monotonic() - begun < 60:
                    sleep(0.05)
                watching = [Viewer(page, name) for _ in range(arm)]
                cpu = ended(process)
                seconds = monotonic() - begun
                took[arm] = (cpu, page.cpu - before, seconds, sum(v.events for v in watching))
                for viewer in watching:
                    viewer.close()
            (without, idle, alone, _), (cpu, serving, seconds, events) = took[0], took[viewers]
            ratios.append(cpu / without)
            slower.append((cpu + serving - idle) / without)
            print(
                f"| {number + 1} | {without:.2f} | {cpu:.2f} | {ratios[-1]:.4f} | {serving:.2f} | "
                f"{alone:.1f} | {seconds:.1f} | {events} |",
                flush=True,
            )
    print(f"\nCPU of the audit, with viewers / without: {interval(ratios)}")
    print(f"CPU of audit and server, with / without: {interval(slower)}", flush=True)


def main() -> None:
    """Measure what is named, and print rows of Markdown tables."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument("what", nargs="+", choices=["list", "memory", "share", "watched", "viewers"])
    parser.add_argument("--repeats", type=int, default=5)
    parser.add_argument("--budget", type=int, default=400, help="queries a sample, of 8 samples")
    parser.add_argument("--viewers", type=int, default=20)
    asked = parser.parse_args()
    socket.setdefaulttimeout(60)
    for what in asked.what:
        print(f"\n{what}, {asked.repeats} repeats, budget {asked.budget}", flush=True)
        with tempfile.TemporaryDirectory() as folder:
            root = Path(folder)
            if what == "list":
                measure_list(root, asked.repeats, asked.budget)
            elif what == "memory":
                measure_memory(root, asked.repeats, 100_000)
            elif what == "share":
                measure_share(root, asked.repeats, asked.budget)
            else:
                compared(root, asked.repeats, asked.budget, asked.viewers if what == "viewers" else 1)


if __name__ == "__main__":
    main()
