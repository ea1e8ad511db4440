"""The files of a run are what their schemas say, and an audit loads nothing that it does not need."""

import json
import subprocess
import sys
from pathlib import Path

import jsonschema
import pytest

import brittle


def test_the_files_of_a_run_are_what_their_schemas_say(digits: Path, tmp_path: Path) -> None:
    out = tmp_path / "r"
    run = brittle.audit(
        digits / "digits.onnx", digits / "digits.npz", budget=60, out=str(out), data_options={"limit": 9}
    )
    lines = {
        "run": [(out / "run.json").read_text()],
        "summary": [(out / "summary.json").read_text()],
        "result": (out / "results.jsonl").read_text().splitlines(),
        "session": (out / "sessions.jsonl").read_text().splitlines(),
    }
    for name, texts in lines.items():
        checker = jsonschema.Draft202012Validator(brittle.schema(name))
        for text in texts:
            data = json.loads(text)
            assert data["format"] == 1, name
            checker.validate(data)
    with pytest.raises(jsonschema.ValidationError):
        jsonschema.validate({**json.loads(lines["result"][0]), "status": "eaten"}, brittle.schema("result"))
    assert run.summary()["flipped"] >= 1


def test_every_schema_is_one() -> None:
    assert {"run", "result", "session", "summary", "audit", "search:ripple"} <= set(brittle.schema_names())
    for name in brittle.schema_names():
        jsonschema.Draft202012Validator.check_schema(brittle.schema(name))
    budget = brittle.schema("audit")["properties"]["budget"]
    assert (budget["default"], budget["minimum"], budget["group"]) == (1000, 3, "search")
    with pytest.raises(brittle.UsageError, match="did you mean 'result'"):
        brittle.schema("results")


def test_an_audit_by_the_shipped_agent_loads_neither_torch_nor_matplotlib(
    digits: Path, tmp_path: Path
) -> None:
    code = (
        "import sys, brittle\n"
        f"run = brittle.audit({str(digits / 'digits.onnx')!r}, {str(digits / 'digits.npz')!r}, budget=20, "
        f"out={str(tmp_path / 'r')!r}, data_options={{'limit': 4}})\n"
        "assert run.manifest.settings['search'] == 'agent'\n"
        "print([m for m in ('torch', 'matplotlib', 'stable_baselines3', 'gymnasium') if m in sys.modules])"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"
