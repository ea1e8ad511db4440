"""A run as JUnit XML: a test case a sample, and one a gate."""

import re
from collections.abc import Iterable, Sequence
from math import inf
from xml.etree.ElementTree import Element, SubElement, indent, tostring

from brittle.core.result import SearchResult, Status
from brittle.report.gates.gate import Gate, Verdict
from brittle.report.gates.weakest import flip_in_words
from brittle.store.run import Run

NOT_XML = re.compile("[^\t\n\r\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")
KINDS = ("failure", "error", "skipped")


def junit_text(run: Run, gates: Iterable[Gate], verdicts: Sequence[Verdict]) -> str:
    """The XML; the same for the same results.

    A flip is a failure: nearer than the limits of the gates on L2, or at all where there is none. A sample
    that FAILED is an error, one that was wrong before anything was changed is skipped.
    """
    limits = [gate.limit for gate in gates if gate.side == "under" and gate.name.startswith("l2.")]
    data = str(run.manifest.data.get("name", "data"))
    root = Element("testsuites", name="brittle")
    samples = SubElement(root, "testsuite", name=_plain(data))
    for result in run.results():
        _add_sample(samples, run, result, within=max(limits, default=inf))
    _count(samples)
    if verdicts:
        held = SubElement(root, "testsuite", name="gates")
        for verdict in verdicts:
            case = SubElement(held, "testcase", classname="gates", name=_plain(verdict.gate), time="0")
            if not verdict.green:
                _say(case, "failure", verdict.found, verdict.where)
        _count(held)
    indent(root)
    return f'<?xml version="1.0" encoding="utf-8"?>\n{tostring(root, encoding="unicode")}\n'


def _add_sample(suite: Element, run: Run, result: SearchResult, within: float) -> None:
    case = SubElement(
        suite,
        "testcase",
        classname=suite.attrib["name"],
        name=_plain(result.sample),
        time=f"{result.seconds:.3f}",
    )
    flip = result.closest
    if result.status is Status.FAILED:
        _say(case, "error", result.message)
    elif result.status is Status.MISCLASSIFIED:
        _say(case, "skipped", "wrong before anything was changed")
    elif flip and flip.l2 < within:
        _say(case, "failure", flip_in_words(run, result, flip), str(run.path / flip.file))


def _say(case: Element, kind: str, message: str, more: str = "") -> None:
    SubElement(case, kind, message=_plain(message)).text = _plain(more) or None


def _count(suite: Element) -> None:
    """State how many cases a suite has, of each kind, and how long they took."""
    cases = suite.findall("testcase")
    suite.set("tests", str(len(cases)))
    for kind, name in zip(KINDS, ("failures", "errors", "skipped"), strict=True):
        suite.set(name, str(len(suite.findall(f"testcase/{kind}"))))
    suite.set("time", f"{sum(float(case.attrib['time']) for case in cases):.3f}")


def _plain(text: str) -> str:
    """Text without what XML cannot hold, which is escaped."""
    return NOT_XML.sub(lambda found: found[0].encode("unicode_escape").decode(), text)
