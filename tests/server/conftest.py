"""A run, and a page of it whose link was opened."""

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest

pytest.importorskip("starlette")
pytest.importorskip("httpx2")

from starlette.testclient import TestClient

from brittle.server.app import Pages
from brittle.server.guard import Guard
from same_run import audited

PORT = 8421
BASE = f"http://127.0.0.1:{PORT}"


@pytest.fixture(scope="session")
def finished(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder of a finished run, not to be changed."""
    root = tmp_path_factory.mktemp("served")
    audited(lambda x: x.reshape(len(x), -1)[:, :3] * 9, root / "first", search="patchwork", budget=40)
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
