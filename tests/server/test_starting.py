"""What may be started from the page, what comes of it, and what a browser cannot say."""

import shlex
from collections.abc import Callable
from pathlib import Path
from time import monotonic, sleep
from typing import Any

import pytest
import yaml
from starlette.testclient import TestClient

import brittle
from brittle.core.errors import UsageError
from brittle.server.start.forms import Allowed, allow, asked, command_of, fields
from brittle.tasks.audit.settings import AuditSettings
from brittle.tasks.explain.settings import ExplainSettings

Enter = Callable[..., TestClient]
OWN = {"origin": "http://127.0.0.1:8421"}
FORM = {"search": ["random"], "budget": ["20"], "limit": ["3"], "seed": ["1"]}


@pytest.fixture
def allowed(toy: Path) -> Allowed:
    return Allowed(("toy:linear",), ("toy.npz",))


@pytest.fixture
def empty(tmp_path: Path) -> Path:
    (tmp_path / "runs").mkdir()
    return tmp_path / "runs"


def waited(client: TestClient, part: str, state: str) -> dict[str, Any]:
    """Where a run stands once it is in a state."""
    until = monotonic() + 60
    while monotonic() < until:
        answer = client.get(f"/api/runs/{part}")
        if answer.status_code == 200 and answer.json()["state"] == state:
            return dict(answer.json())
        sleep(0.1)
    raise AssertionError(client.get(f"/runs/{part}").text)


def ended(client: TestClient, part: str) -> str:
    """The page of an audit that could not begin."""
    until = monotonic() + 60
    while monotonic() < until:
        text = client.get(f"/runs/{part}").text
        if "It has not begun" in text:
            return text
        sleep(0.1)
    raise AssertionError(text)


def test_an_audit_of_a_form_is_the_audit_of_its_command(
    empty: Path, allowed: Allowed, entered: Enter
) -> None:
    client = entered(empty, allowed=allowed)
    assert client.get("/new/audit").status_code == 200
    command = client.post("/api/command/audit", data=FORM, headers=OWN).text
    answer = client.post("/start/audit", data=FORM, headers=OWN)
    assert answer.status_code == 303
    part = answer.headers["location"].rsplit("/", 1)[-1]
    assert waited(client, part, "done")["done"] == 3
    words = shlex.split(command)
    assert words[:2] == ["brittle", "audit"] and words[-1].endswith(part)
    run = brittle.Run.open(empty / part)
    same = brittle.audit(
        allowed.models[0],
        allowed.data[0],
        search="random",
        budget=20,
        seed=1,
        data_options={"limit": 3},
        out=empty / "same",
    )
    assert run.manifest == same.manifest
    page = client.get(f"/runs/{part}").text
    assert "console.txt" in page and "Continue" not in page
    assert client.get(f"/runs/{part}/files/console.txt").status_code == 200


def test_an_explanation_of_a_form_is_that_of_its_command(empty: Path, toy: Path, entered: Enter) -> None:
    allowed = Allowed(("toy:slow",), ("toy.npz",))
    client = entered(empty, allowed=allowed)
    form = {"explainer": "rise", "budget": "40", "fill": "flat", "limit": "3"}
    command = shlex.split(client.post("/api/command/explain", data=form, headers=OWN).text)
    assert command[:4] == ["brittle", "explain", "toy:slow", "toy.npz"]
    assert "--explainer rise --budget 40 --fill flat --limit 3 --out" in shlex.join(command)
    part = client.post("/start/explain", data=form, headers=OWN).headers["location"].rsplit("/", 1)[-1]
    waited(client, part, "running")
    assert "Stop</button>" in client.get(f"/runs/{part}").text
    later = entered(empty, allowed=allowed)  # knows nothing of what another server has started
    assert later.post(f"/runs/{part}/stop", headers=OWN).status_code == 303
    waited(later, part, "interrupted")
    assert "Continue</button>" in later.get(f"/runs/{part}").text
    assert later.post(f"/runs/{part}/continue", headers=OWN).status_code == 303
    assert waited(later, part, "done")["done"] == 3
    told = brittle.Run.open(empty / part).manifest.settings
    assert [told[name] for name in ("explainer", "budget", "fill")] == ["rise", 40, "flat"]


def test_there_are_no_other_verbs_to_start(empty: Path, allowed: Allowed, entered: Enter) -> None:
    client = entered(empty, allowed=allowed)
    for verb in ("train", "harden", "benchmark", "serve", "..%2faudit", ""):
        assert client.get(f"/new/{verb}").status_code == 404
        for place in ("start", "api/command"):
            assert client.post(f"/{place}/{verb}", headers=OWN).status_code in (404, 405)


def test_a_stopped_audit_is_continued_and_one_goes_on_at_a_time(
    empty: Path, toy: Path, entered: Enter
) -> None:
    allowed = Allowed(("toy:slow",), ("toy.npz",))
    client = entered(empty, allowed=allowed)
    form = {**FORM, "limit": ["6"], "budget": ["200"]}
    part = client.post("/start/audit", data=form, headers=OWN).headers["location"].rsplit("/", 1)[-1]
    assert client.post("/start/audit", data=form, headers=OWN).status_code == 400
    waited(client, part, "running")
    assert "Stop</button>" in client.get(f"/runs/{part}").text
    assert client.post(f"/runs/{part}/continue", headers=OWN).status_code == 409
    assert client.post(f"/runs/{part}/stop", headers=OWN).status_code == 303
    waited(client, part, "interrupted")
    until = monotonic() + 30
    while "Continue</button>" not in (page := client.get(f"/runs/{part}").text) and monotonic() < until:
        sleep(0.1)
    assert "It ended with an error" not in page
    while client.post(f"/runs/{part}/continue", headers=OWN).status_code != 303 and monotonic() < until:
        sleep(0.1)
    page = client.get(f"/runs/{part}").text  # while it is opened, and when it plays
    assert "Continue</button>" not in page and "Stop</button>" in page
    assert ("It goes on as soon as" in page) is ('data-state="interrupted"' in page)
    assert client.post(f"/runs/{part}/continue", headers=OWN).status_code == 409
    waited(client, part, "running")
    later = entered(empty, allowed=allowed)  # knows nothing of what another server has started
    assert "Stop</button>" in later.get(f"/runs/{part}").text
    assert later.post(f"/runs/{part}/stop", headers=OWN).status_code == 303
    waited(later, part, "interrupted")
    assert later.post(f"/runs/{part}/stop", headers=OWN).status_code == 409


def test_what_has_not_begun_yet_is_stopped(empty: Path, allowed: Allowed, entered: Enter) -> None:
    client = entered(empty, allowed=allowed)
    part = client.post("/start/audit", headers=OWN).headers["location"].rsplit("/", 1)[-1]
    page = client.get(f"/runs/{part}").text
    assert "Opening model and data" in page and f'action="/runs/{part}/stop"' in page
    assert client.post(f"/runs/{part}/stop", headers=OWN).status_code == 303
    page = ended(client, part)
    assert "Stop</button>" not in page and "It ended with an error" not in page


def test_an_audit_that_fails_says_why(empty: Path, allowed: Allowed, entered: Enter) -> None:
    gone = Allowed((str(empty / "gone.onnx"),), allowed.data)
    client = entered(empty, allowed=gone)
    part = client.post("/start/audit", headers=OWN).headers["location"].rsplit("/", 1)[-1]
    page = ended(client, part)
    assert "It ended with an error" in page and "gone.onnx" in page


@pytest.mark.parametrize(
    "form",
    [
        {"model": ["other.onnx"]},
        {"model": ["os:system"]},
        {"data": ["/etc"]},
        {"search": ["os:system"]},
        {"distortions": ["jpeg", "os:system"]},
        {"out": ["/tmp/x"]},
        {"model_options": ["{}"]},
        {"header": ["A: b"]},
        {"on": ["ray://evil:1"]},
        {"workers": ["4096"]},
        {"cell": ["$(id)"]},
        {"budget": ["-1"]},
        {"budget": ["many"]},
        {"target": ["x" * 201]},
        {"limit": ["0"]},
        {"config": ["x"]},
        {"explainer": ["os:system"]},
        {"fill": ["/etc/passwd"]},
        {"truth": ["/etc/passwd"]},
        {"flips": ["../run"]},
    ],
)
def test_what_is_not_on_the_list_is_refused(
    empty: Path, allowed: Allowed, entered: Enter, form: dict[str, list[str]]
) -> None:
    client = entered(empty, allowed=allowed)
    for path in ("/start/audit", "/api/command/audit", "/start/explain", "/api/command/explain"):
        answer = client.post(path, data=form, headers=OWN)
        assert answer.status_code == 400 and len(answer.text.splitlines()) == 1
    assert list(empty.iterdir()) == []


def test_odd_bodies_are_refused(empty: Path, allowed: Allowed, entered: Enter) -> None:
    client = entered(empty, allowed=allowed)
    for body in (b"\xff\xfe=1", b"a=1&" * 500):
        assert client.post("/start/audit", content=body, headers=OWN).status_code == 400


def test_read_only_has_none_of_it(root: Path, entered: Enter) -> None:
    client = entered(root)
    asked = ("/start/audit", "/start/explain", "/api/command/audit", "/api/command/explain")
    for path in (*asked, "/runs/first/stop", "/runs/first/continue", "/runs/first/verify"):
        assert client.post(path, headers=OWN).status_code in (404, 405), path
    assert client.get("/new/audit").status_code == client.get("/new/explain").status_code == 404
    assert 'method="post"' not in client.get("/").text + client.get("/runs/first").text


@pytest.mark.parametrize(
    "change",
    [
        {"model": "other.onnx"},
        {"data": "elsewhere"},
        {"search": "os:system"},
        {"distortions": ["os:system"]},
        {"shard": "1/2"},
        {"model_options": {"output": "logits"}},
        {"data_options": {"labels": "/etc/passwd"}},
        7,
    ],
)
def test_a_strangers_run_is_not_continued(root: Path, allowed: Allowed, entered: Enter, change: Any) -> None:
    run = root / "first"
    (run / "results.jsonl").write_text("")
    own = {"model": allowed.models[0], "data": allowed.data[0]}
    client = entered(root, allowed=allowed)
    (run / "settings.yaml").write_text(yaml.safe_dump(own))
    assert "Continue</button>" in client.get("/runs/first").text
    (run / "settings.yaml").write_text(yaml.safe_dump({**own, **change} if isinstance(change, dict) else 7))
    assert "Continue</button>" not in client.get("/runs/first").text
    assert client.post("/runs/first/continue", headers=OWN).status_code == 409
    assert client.post("/runs/first/stop", headers=OWN).status_code == 409  # not of this page


def test_how_a_strangers_run_is_carried_out_is_not_taken_over(allowed: Allowed) -> None:
    settings = AuditSettings.build(
        {
            "model": allowed.models[0],
            "data": allowed.data[0],
            "out": "/elsewhere",
            "workers": 64,
            "keep_answers": True,
            "model_options": {"header": "Authorization=HOME"},
            "budget": 77,
        }
    )
    found = allowed.taken(settings)
    assert found is not None and found.budget == 77
    assert (found.out, found.workers, found.keep_answers) == (None, 1, False)
    assert found.model_options == AuditSettings().model_options


def test_every_field_says_what_its_option_says(allowed: Allowed) -> None:
    form = {"search": ["patchwork"], "distortions": ["jpeg", "banding"], "max_l2": ["2.5"], "goal": ["first"]}
    settings = asked(allowed, form)
    words = shlex.split(command_of(settings, Path("runs/x")))
    assert words[4:] == [
        *("--search", "patchwork", "--goal", "first", "--max-l2", "2.5"),
        *("--distortion", "jpeg", "--distortion", "banding", "--out", "runs/x"),
    ]
    assert allowed.taken(settings) == settings
    assert all(field.text for field in fields(allowed))
    with pytest.raises(UsageError, match="one of the list"):
        asked(allowed, {"goal": ["furthest"]})


def test_every_field_of_an_explanation_says_what_its_option_says(allowed: Allowed) -> None:
    form = {"explainer": ["tide"], "which": ["second"], "fill": ["jpeg"], "evaluate": ["yes"], "seed": ["3"]}
    settings = asked(allowed, form, "explain")
    words = shlex.split(command_of(settings, Path("runs/x")))
    assert words[1] == "explain" and words[4:] == [
        *("--explainer", "tide", "--class", "second", "--fill", "jpeg", "--evaluate", "--seed", "3"),
        *("--out", "runs/x"),
    ]
    assert allowed.taken(settings) == settings
    assert all(field.text for field in fields(allowed, "explain"))
    of_flips = ExplainSettings.build({"model": allowed.models[0], "flips": allowed.data[0]})
    assert allowed.taken(of_flips) is None


def test_models_bring_their_own_data() -> None:
    assert allow((), (), 1).models == ("efficientnet-lite0",)
    assert allow(("video",), (), 1).data == ("camera",)
    assert allow(("a.onnx",), ("b",), 2) == Allowed(("a.onnx",), ("b",), 2)
