"""A real Ray cluster of two nodes, in a network of its own that nobody else can reach."""

import json
import os
import subprocess
import sys
from importlib.util import find_spec
from pathlib import Path

import pytest

SCRIPT = Path(__file__).parents[1] / "ray_nodes.py"
CLOCKS = ("seconds", "started", "finished")


def alone(*command: str) -> list[str]:
    """A command in a network namespace, where only its own loopback is."""
    return ["unshare", *([] if os.getuid() == 0 else ["-r"]), "-n", *command]


def may_be_alone() -> bool:
    """Whether this machine lets us have one."""
    try:
        return subprocess.run(alone("true"), capture_output=True, timeout=20, check=False).returncode == 0
    except OSError:
        return False


needs_ray = pytest.mark.skipif(
    find_spec("ray") is None or not may_be_alone(), reason="needs the extra ray and unshare -n"
)


@needs_ray
@pytest.mark.timeout(400)
def test_two_nodes_leave_what_one_process_leaves_though_an_actor_is_killed(
    digits: Path, tmp_path: Path
) -> None:
    done = subprocess.run(
        alone(sys.executable, str(SCRIPT), str(digits), str(tmp_path)),
        capture_output=True,
        text=True,
        timeout=380,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    assert "a worker died" in done.stdout + done.stderr
    found = []
    for name in ("here", "ray"):
        run = tmp_path / name
        lines = [json.loads(line) for line in (run / "results.jsonl").read_text().splitlines()]
        results = [{k: v for k, v in one.items() if k not in CLOCKS} for one in lines]
        flips = {f.name: f.read_bytes() for f in (run / "flips").iterdir()}
        found.append((results, flips, (run / "run.json").read_text()))
    assert found[0] == found[1] and len(found[0][0]) == 96 and found[0][1]
