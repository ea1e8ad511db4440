"""The document for regulators: what it holds, what it admits, and that hostile runs are only text in it."""

import json
import re
import shutil
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner

import brittle
from brittle.cli import cli
from brittle.core.errors import RunError, UsageError
from brittle.report.regulator.document import SECTIONS
from brittle.report.regulator.mapping import REQUIREMENTS

SHAPED: dict[str, Any] = {"budget": 40, "batch": 8, "data_options": {"limit": 12}}


@pytest.fixture(scope="module")
def audited(digits: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    out = tmp_path_factory.mktemp("regulator") / "run"
    with pytest.MonkeyPatch.context() as patch:
        patch.chdir(digits)
        brittle.audit("digits.onnx", "digits.npz", out=out, search="patchwork", **SHAPED)
    return out


@pytest.fixture
def run(audited: Path, digits: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A copy of the audit."""
    monkeypatch.chdir(digits)
    shutil.copytree(audited, tmp_path / "run")
    return tmp_path / "run"


def sections(page: str) -> list[str]:
    """Ids of the parts, in order."""
    return re.findall(r'<h2 id="(\w+)">', page)


def test_it_holds_what_was_found_and_what_was_not_examined(run: Path) -> None:
    sealed = brittle.seal(run).sha256
    page = brittle.write_document(run, purpose="Reads <digits> of letters").read_text()
    wanted = [name for name in SECTIONS if name not in ("severity", "explanations", "hardening")]
    assert sections(page) == wanted
    assert "Survived means not found" in page and "never compliant" not in page.lower()
    assert "Reads &lt;digits&gt; of letters" in page and sealed in page
    manifest = json.loads((run / "run.json").read_text())
    assert page.count(manifest["model"]["sha256"]) >= 2 and manifest["data"]["sha256"] in page
    assert re.search(r"(\d+) of \1 checks hold", page)
    summary = brittle.Run.open(run).summary()
    right = summary["flipped"] + summary["survived"]
    assert f"{100 * right / summary['samples']:.3g}" in page.split('id="accuracy"')[1].split("<h2")[0]
    assert brittle.check_seal(run).holds  # the document is no part of what it quotes
    assert not brittle.verify(run).broken


def test_every_requirement_names_parts_that_there_are(run: Path) -> None:
    assert {name for one in REQUIREMENTS for name in one.sections} <= set(SECTIONS)
    page = brittle.write_document(run, check=False).read_text()
    assert set(re.findall(r'href="#(\w+)"', page)) == set(sections(page))
    assert page.count("MEASURE 2.") == 3 and page.count("<br>Article 15(") == 4
    assert "was not verified when the document was written" in page


def test_what_does_not_hold_is_told(run: Path) -> None:
    lines = (run / "results.jsonl").read_text().splitlines()
    line = json.loads(lines[0])
    line["queries"] += 1
    (run / "results.jsonl").write_text("\n".join([json.dumps(line), *lines[1:]]) + "\n")
    page = brittle.write_document(run).read_text()
    faults = page.split('class="faults"')[1].split("</ul>")[0]
    assert "<li>" in faults and "results.jsonl" in faults


def test_a_model_that_may_not_be_opened_is_told_and_not_run(
    run: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    manifest = json.loads((run / "run.json").read_text())
    manifest["model"]["name"] = "victims:digits"
    (run / "run.json").write_text(json.dumps(manifest))
    page = brittle.write_document(run).read_text()
    assert "could not be verified when the document was written: the run names the model" in page
    assert "checks hold" in brittle.write_document(run, model="digits.onnx").read_text()


def test_explanations_of_the_same_model_stand_in_it(run: Path, tmp_path: Path) -> None:
    asked: dict[str, Any] = {**SHAPED, "data_options": {"limit": 3}}
    maps = brittle.explain("digits.onnx", "digits.npz", out=tmp_path / "maps", **asked)
    page = brittle.write_document(run, explanations=maps.path, check=False).read_text()
    assert "explanations" in sections(page) and "Share that suffices" in page
    other = json.loads((maps.path / "run.json").read_text())
    other["model"]["sha256"] = "0" * 64
    (maps.path / "run.json").write_text(json.dumps(other))
    with pytest.raises(UsageError, match="expected explanations of the audited model"):
        brittle.write_document(run, explanations=maps.path)
    with pytest.raises(RunError, match="expected the run of brittle explain"):
        brittle.write_document(run, explanations=run)
    with pytest.raises(RunError, match="expected the run of brittle audit"):
        brittle.write_document(maps.path)


def test_hostile_names_are_text(run: Path) -> None:
    manifest = json.loads((run / "run.json").read_text())
    manifest["model"] |= {"name": "<script>alert(1)</script>", "classes": ["<b>0"] * 10}
    manifest["settings"]["cell"] = "<i>"
    (run / "run.json").write_text(json.dumps(manifest))
    page = brittle.write_document(run, check=False).read_text()
    assert "<script" not in page and "<b>0" not in page and "<i>" not in page
    assert "&lt;b&gt;0" in page


def test_the_command(run: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    made = CliRunner().invoke(cli, ["report", str(run), "--for", "regulator", "--no-verify"])
    assert made.exit_code == 0 and "regulator.html" in made.output
    alone = CliRunner().invoke(cli, ["report", str(run), "--pdf"])
    assert alone.exit_code == 2 and "expected --for regulator" in alone.output
    monkeypatch.setenv("PATH", str(run))
    none = CliRunner().invoke(cli, ["report", str(run), "--for", "regulator", "--no-verify", "--pdf"])
    assert none.exit_code == 2 and "print it" in none.output
    (run / "summary.json").unlink()
    unfinished = CliRunner().invoke(cli, ["report", str(run), "--for", "regulator"])
    assert unfinished.exit_code == 5 and "has not finished" in unfinished.output


@pytest.mark.skipif(shutil.which("chromium") is None, reason="needs chromium")
def test_it_is_printed(run: Path) -> None:
    printed = brittle.write_document(run, check=False, printed=True)
    assert printed.name == "regulator.pdf" and printed.read_bytes()[:5] == b"%PDF-"
