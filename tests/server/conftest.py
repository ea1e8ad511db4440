"""A run, and a page of it whose link was opened."""

import shutil
import signal
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest

pytest.importorskip("starlette")
pytest.importorskip("httpx2")

from starlette.testclient import TestClient

import brittle
from brittle.server.app import Pages
from brittle.server.guard import Guard
from centre import CentreModel, centre_data
from same_run import DATA, audited

PORT = 8421
BASE = f"http://127.0.0.1:{PORT}"


@pytest.fixture(scope="session", autouse=True)
def interruptible() -> None:
    """In the background of a shell SIGINT is ignored, and what tests start would inherit that."""
    if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:
        signal.signal(signal.SIGINT, signal.default_int_handler)


@pytest.fixture(scope="session")
def finished(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder of a finished run, not to be changed."""
    root = tmp_path_factory.mktemp("served")
    audited(lambda x: x.reshape(len(x), -1)[:, :3] * 9, root / "first", search="patchwork", budget=40)
    return root


def answers(x):  # type: ignore[no-untyped-def]
    return x.reshape(len(x), -1)[:, :3] * 9


answers.input_shape = (3, 4, 4)  # type: ignore[attr-defined]


@pytest.fixture(scope="session")
def runs(finished: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with something of every verb, not to be changed."""
    root = tmp_path_factory.mktemp("verbs") / "runs"
    shutil.copytree(finished / "first", root / "first")
    audited(answers, root / "trailed", search="patchwork", budget=40, keep_trail=True)
    brittle.explain(answers, DATA, explainer="survey", budget=40, out=root / "maps")
    brittle.compare_runs([root / "first", root / "trailed"], root / "sides")
    shutil.copytree(root / "first", root / "net" / "before")
    (root / "net" / "question.json").write_text("{}")
    (root / "net" / "harden.html").write_text('<a href="before/report.html">before</a>')
    (root / "hard").mkdir()
    (root / "hard" / "benchmark.json").write_text("{}")
    (root / "hard" / "board.html").write_text("<p>board</p>")
    (root / "damaged").mkdir()
    (root / "damaged" / "run.json").write_text("{}")
    shutil.copytree(root / "first", root / "halted")
    lines = (root / "halted" / "results.jsonl").read_bytes().splitlines(keepends=True)
    (root / "halted" / "results.jsonl").write_bytes(b"".join(lines[:2]))
    (root / "halted" / "report.html").unlink()
    return root


@pytest.fixture(scope="session")
def explained(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with one explanation, of two explained samples and one in which nothing is found."""
    root = tmp_path_factory.mktemp("explained")
    x, y = centre_data(3)
    x[2] = 255
    settings: dict[str, Any] = {"explainer": "rise", "fill": "flat", "budget": 60}
    brittle.explain(CentreModel(), (x, y), out=root / "map", **settings)
    return root


TOY = """
import time
import numpy as np

WEIGHTS = np.random.default_rng(0).normal(size=(48, 3))


def linear(x):
    return x.reshape(len(x), -1) @ WEIGHTS


def slow(x):
    time.sleep(0.05)
    return linear(x)


linear.input_shape = slow.input_shape = (3, 4, 4)
"""


@pytest.fixture
def toy(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder to work in, with toy.py (models toy:linear, toy:slow) and toy.npz (6 samples)."""
    folder = tmp_path / "toy"
    folder.mkdir()
    (folder / "toy.py").write_text(TOY)
    np.savez(folder / "toy.npz", x=np.random.default_rng(1).integers(0, 256, (6, 3, 4, 4), np.uint8))
    monkeypatch.chdir(folder)
    monkeypatch.syspath_prepend(str(folder))
    return folder


@pytest.fixture
def root(finished: Path, tmp_path: Path) -> Path:
    """A copy of it."""
    import shutil

    shutil.copytree(finished, tmp_path / "root")
    return tmp_path / "root"


@pytest.fixture
def entered() -> Iterator[Callable[..., TestClient]]:
    """A client of the page of a root, whose link was opened."""
    clients: list[TestClient] = []

    def enter(root: Path, **settings: Any) -> TestClient:
        guard = Guard(Pages(root, **settings).app(), PORT)
        client = TestClient(guard, BASE, follow_redirects=False)
        clients.append(client)
        assert client.get(guard.link).status_code == 303
        return client

    yield enter
    for client in clients:
        client.close()
