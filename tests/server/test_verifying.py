"""A run is verified from the page: by the same command, of what is on the list alone, and its end is told."""

import shutil
from collections.abc import Callable
from pathlib import Path
from time import monotonic, sleep
from typing import Any

import pytest
from starlette.testclient import TestClient

import brittle
from brittle.server.start.checking import words_of
from brittle.server.start.forms import Allowed
from brittle.store.manifest import Manifest
from same_run import edit

Enter = Callable[..., TestClient]
OWN = {"origin": "http://127.0.0.1:8421"}
ALLOWED = Allowed(("toy:linear",), ("toy.npz",))


def ended(client: TestClient, part: str) -> dict[str, Any]:
    until = monotonic() + 60
    while monotonic() < until:
        found = dict(client.get(f"/api/runs/{part}/check").json())
        if not found["goes_on"]:
            return found
        sleep(0.05)
    raise AssertionError(found)


def test_a_run_is_verified_and_the_page_says_how_it_ended(toy: Path, entered: Enter) -> None:
    root = toy / "runs"
    run = brittle.audit("toy:linear", "toy.npz", search="patchwork", budget=100, out=root / "good").path
    shutil.copytree(run, root / "bad")
    flip = next((root / "bad").glob("flips/*closest.png"))
    shutil.copy(next((root / "bad").glob("flips/*original.png")), flip)
    client = entered(root, allowed=Allowed(ALLOWED.models, ALLOWED.data, 2))
    assert "Verify</button>" in client.get("/runs/good").text
    assert client.get("/api/runs/good/check").status_code == 404
    for part in ("good", "bad"):
        assert client.post(f"/runs/{part}/verify", headers=OWN).status_code == 303
    assert client.post("/runs/good/verify", headers=OWN).status_code == 409  # no more than two at a time
    good, bad = ended(client, "good"), ended(client, "bad")
    assert good["ending"] == "The run is whole, and all that it says holds." and "checks hold" in good["said"]
    assert bad["ending"].startswith("Something") and "does not hold: " in bad["said"]
    page = client.get("/runs/bad").text
    assert bad["ending"] in page and "Stop verifying" not in page
    assert client.post("/runs/good/verify", headers=OWN).status_code == 303
    assert "Stop verifying</button>" in client.get("/runs/good").text
    assert client.post("/runs/good/verify/stop", headers=OWN).status_code == 303
    assert ended(client, "good")["ending"] == "It was stopped before its end."
    assert client.post("/runs/good/verify/stop", headers=OWN).status_code == 409


@pytest.mark.parametrize(
    "change",
    [
        lambda settings: settings.update(model="other:thing"),
        lambda settings: settings.update(data="/etc"),
        lambda settings: settings.update(distortions=["os:system"]),
        lambda settings: settings["data_options"].update(labels="/etc/passwd"),
        lambda settings: settings["model_options"].update(output="logits"),
        lambda settings: settings.update(model=["x"]),
        lambda settings: settings.clear(),
    ],
)
def test_a_strangers_run_is_not_verified(root: Path, entered: Enter, toy: Path, change: Any) -> None:
    named = {"model": "toy:linear", "data": "toy.npz"}
    edit(root / "first", lambda manifest: manifest["settings"].update(named))
    client = entered(root, allowed=ALLOWED)
    assert "Verify</button>" in client.get("/runs/first").text
    edit(root / "first", lambda manifest: change(manifest["settings"]))
    assert "Verify</button>" not in client.get("/runs/first").text
    assert client.post("/runs/first/verify", headers=OWN).status_code == 409
    assert client.post("/runs/gone/verify", headers=OWN).status_code == 404


@pytest.mark.parametrize(
    ("change", "may"),
    [
        ({}, True),
        ({"data_options": {"limit": 3}}, True),
        ({"data_options": {"labels": "/etc/passwd"}}, False),
        ({"truth": "/etc"}, False),
        ({"flips": "/etc"}, False),
        ({"model": "os:system"}, False),
        ({"model_options": {"output": "logits"}}, False),
    ],
)
def test_an_explanation_is_verified_that_names_no_other_file(
    root: Path, change: dict[str, Any], may: bool
) -> None:
    manifest = Manifest.from_json((root / "first" / "run.json").read_text())
    settings = {"model": "toy:linear", "data": "toy.npz", "explainer": "survey", **change}
    words = words_of(
        "/runs/a", manifest.model_copy(update={"settings": settings, "verb": "explain"}), ALLOWED
    )
    assert words == (["verify", "--", "/runs/a", "toy:linear", "toy.npz"] if may else None)
