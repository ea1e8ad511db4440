"""The list of runs is read once, anew where something has changed, and little of it at first sight."""

import fcntl
import shutil
from collections.abc import Callable
from pathlib import Path

import pytest
from starlette.testclient import TestClient

from brittle.server import app
from brittle.server.reading.folders import Folders
from brittle.server.reading.listing import Listing
from brittle.server.reading.standing import Standings
from same_run import edit, unfinish

Enter = Callable[..., TestClient]


class Counted(Standings):
    """Counts the runs that are read."""

    reads = 0

    def of(self, found):  # type: ignore[no-untyped-def]
        self.reads += 1
        return super().of(found)


def test_a_run_is_read_again_only_when_it_has_changed(root: Path) -> None:
    shutil.copytree(root / "first", root / "second")
    folders, run = Folders(root), root / "first"
    counted = Counted(folders)
    listing = Listing(counted)

    def states() -> list[tuple[str, int]]:
        return [(one.state, one.done) for one in listing.of(folders.runs())]

    assert states() == [("done", 5)] * 2 == states() and counted.reads == 2
    unfinish(run)
    assert states()[0] == ("interrupted", 2) and counted.reads == 3
    with (run / "lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        assert states()[0] == ("running", 2) and counted.reads == 4
    assert states()[0] == ("interrupted", 2)
    edit(run, lambda manifest: manifest["data"].update(samples=2))
    assert states()[0] == ("done", 2)
    (run / "report.html").unlink()
    assert not listing.of(folders.runs())[0].plain["page"]
    shutil.rmtree(run)
    assert states() == [("done", 5)] and len(listing._known) == 1


def test_what_is_not_read_at_first_sight_is_read_when_it_is_asked_for(
    root: Path, entered: Enter, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(app, "PATIENCE", 0.0)
    client = entered(root)
    first = client.get("/").text
    assert "being read" in first and 'id="unread"' in first and 'href="/runs/first"' in first
    assert client.get("/api/runs").json()[0]["state"] == "done"
    later = client.get("/").text
    assert "being read" not in later and 'id="unread"' not in later and "patchwork" in later
