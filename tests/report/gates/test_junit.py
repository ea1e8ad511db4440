"""JUnit XML: what became of every sample and gate, valid whatever things are called."""

from dataclasses import replace
from pathlib import Path
from xml.etree import ElementTree

import brittle
from brittle.core.result import Status
from brittle.store.run import Run
from report.gates.conftest import Finished, mixed
from report.made_up import ended

HOSTILE = "\x00\x1b[31m]]><\"&'\ud800\uffff\n%\u202e"


def junit(run: Run, file: Path, **gates: object) -> ElementTree.Element:
    brittle.gates(**gates).check(run).write_junit(file)
    return ElementTree.parse(file).getroot()


def kinds(suite: ElementTree.Element) -> dict[str, str]:
    return {case.attrib["name"]: case[0].tag if len(case) else "" for case in suite}


def test_every_sample_is_a_case(finished: Finished, tmp_path: Path) -> None:
    results = [*mixed(2.0, 3.0, survived=1, wrong=1), ended("bad", Status.FAILED, message="unreadable")]
    results[0] = replace(results[0], seconds=1.25)
    run = finished(results)
    (suite,) = junit(run, tmp_path / "j.xml")
    assert kinds(suite) == {"s0": "failure", "s1": "failure", "s2": "", "s3": "skipped", "bad": "error"}
    counts = {name: suite.attrib[name] for name in ("tests", "failures", "errors", "skipped", "time")}
    assert counts == {"tests": "5", "failures": "2", "errors": "1", "skipped": "1", "time": "1.250"}
    assert (suite[0].attrib["classname"], suite[0].attrib["time"]) == ("made-up", "1.250")
    assert suite[0][0].attrib["message"] == "L2 2, cat becomes dog, flips/s0.closest.png"
    assert suite[0][0].text == str(run.path / "flips" / "s0.closest.png")
    assert suite[4][0].attrib["message"] == "unreadable"


def test_flips_beyond_the_limit_of_l2_pass_and_gates_are_cases(finished: Finished, tmp_path: Path) -> None:
    run = finished(mixed(2.0, 3.0, 4.0))
    samples, gates = junit(
        run, tmp_path / "j.xml", fail_under={"l2.median": 3.0}, fail_over={"asr": 0.5, "l2.mean": 9}
    )
    assert kinds(samples) == {"s0": "failure", "s1": "", "s2": ""}
    assert kinds(gates) == {
        "asr not over 0.5": "failure",
        "l2.mean not over 9": "",
        "l2.median not under 3": "",
    }
    assert gates.attrib["failures"] == "1" and "over 0.5" in gates[0][0].attrib["message"]


def test_hostile_names_are_valid_and_the_bytes_are_the_same(finished: Finished, tmp_path: Path) -> None:
    bad = ended(HOSTILE, Status.FAILED, message=HOSTILE)
    run = finished(
        [bad, replace(mixed(2.0)[0], sample=f"flip{HOSTILE}".replace("\x00", "").replace("\n", ""))]
    )
    run.manifest.data["name"] = HOSTILE
    run.manifest.model["classes"] = [HOSTILE] * 3
    (suite,) = junit(run, tmp_path / "a.xml")
    assert suite[0].attrib["name"].startswith("\\x00\\x1b[31m]]><\"&'\\ud800\\uffff\n")
    assert suite[1][0].tag == "failure"
    junit(run, tmp_path / "b.xml")
    assert (tmp_path / "a.xml").read_bytes() == (tmp_path / "b.xml").read_bytes()
