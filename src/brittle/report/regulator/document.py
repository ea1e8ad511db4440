"""One audit, and what else is known of the model, as a document in numbered parts."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from math import prod
from typing import Any

from brittle.core.result import Status
from brittle.domains.tints import tints
from brittle.report import wording
from brittle.report.audit import panels
from brittle.report.audit.gallery import ShownFlip, gallery
from brittle.report.audit.severity import severity_panel
from brittle.report.classes import class_name, own_class
from brittle.report.explain.gallery import gallery as maps_of
from brittle.report.explain.summary import explanation_summary
from brittle.report.explain.tables import map_rows
from brittle.report.harden.page import HardeningReport
from brittle.report.harden.tables import attack_rows, share_rows
from brittle.report.intervals import wilson
from brittle.report.regulator.mapping import REQUIREMENTS
from brittle.report.summary import Summary, summary_of
from brittle.report.tables import SummaryRow, summary_rows
from brittle.report.template import rendered
from brittle.store.run import Run

MOST_CLASSES, MOST_FLIPS, MOST_MAPS = 60, 6, 4
SECTIONS = {
    "system": "System and data",
    "limits": "Purpose and limits of this document",
    "method": "Method",
    "accuracy": "Accuracy on untouched inputs",
    "robustness": "Robustness to natural distortion",
    "severity": "Errors by severity",
    "classes": "By class",
    "worst": "Worst cases",
    "explanations": "What decisions rest on",
    "hardening": "Before and after hardening",
    "reproduction": "Reproduction",
    "verification": "Verification",
    "mapping": "What this is evidence for",
}
"""Parts by their ids, in order; those that nothing is known of are left out."""


@dataclass(frozen=True)
class Verified:
    """What a verification found. words: a sentence; faults, notes: a line each. No words: none was made."""

    words: str = ""
    faults: Sequence[str] = ()
    notes: Sequence[str] = ()


@dataclass(frozen=True)
class Beside:
    """What is known besides the audit. purpose: of the system, as its owner states it. sealed: the digest."""

    purpose: str = ""
    explanations: Run | None = None
    hardening: HardeningReport | None = None
    verified: Verified = field(default_factory=Verified)
    sealed: str = ""


@dataclass(frozen=True)
class ClassLine:
    """One class: samples, how many of them are right untouched, and how many of those flipped."""

    name: str
    samples: int
    right: int
    flipped: int


def regulator_document(run: Run, beside: Beside) -> str:
    """The document as text; the same for the same contents. Raises RunError."""
    summary, manifest = summary_of(run), run.manifest
    classes = tuple(manifest.model.get("classes", ()))
    labelled = any(result.label is not None for result in run.results())
    severity = severity_panel(run)
    lines = _class_lines(run, classes)
    worst = _worst(run, classes)
    absent = {
        "severity": severity is None,
        "classes": not lines,
        "worst": not worst,
        "explanations": beside.explanations is None,
        "hardening": beside.hardening is None,
        "accuracy": not labelled,
    }
    sections = {name: title for name, title in SECTIONS.items() if not absent.get(name)}
    contents = {
        "model": wording.short_name(str(manifest.model.get("name", "a model"))),
        "manifest": manifest,
        "summary": summary,
        "labelled": labelled,
        "beside": beside,
        "sections": {name: (number, title) for number, (name, title) in enumerate(sections.items(), 1)},
        "facts": panels.facts(run, summary),
        "verdict": wording.verdict(
            summary, panels.palette_in_words(manifest), manifest.settings.get("max_l2"), labelled=labelled
        ),
        "goal": panels.goal_in_words(manifest.settings),
        "palette": ", ".join(dict.fromkeys(layer.distortion for layer in manifest.palette)),
        "elements": prod(manifest.spec.shape),
        "accuracy": _accuracy(summary),
        "robustness": summary_rows(summary),
        "charts": panels.charts(run, summary),
        "severity": severity,
        "classes": lines[:MOST_CLASSES],
        "classes_left": len(lines) - MOST_CLASSES,
        "worst": worst,
        "tints": tints(manifest.palette),
        "explained": _explained(beside.explanations),
        "hardened": _hardened(beside.hardening),
        "sessions": run.sessions(),
        "pairs": panels.pairs,
        "requirements": REQUIREMENTS,
    }
    return rendered("regulator/document.html.j2", contents)


def _accuracy(summary: Summary) -> list[SummaryRow]:
    """Right answers untouched, and those of which no flip was found either."""
    answered = summary.samples - summary.failed
    right = summary.played
    rows = [("Right, untouched", right), ("Right, and no flip found within the budget", summary.survived)]
    return [
        SummaryRow(
            name,
            wording.percent(count / answered) if answered else "",
            wording.percent_interval(wilson(count, answered)),
        )
        for name, count in rows
    ]


def _class_lines(run: Run, classes: Sequence[str]) -> list[ClassLine]:
    """Every class that has samples; the one that flips most comes first."""
    found: dict[int, list[int]] = {}
    for result in run.results():
        label = own_class(result)
        if label is None or result.status is Status.FAILED:
            continue
        counts = found.setdefault(label, [0, 0, 0])
        counts[0] += 1
        counts[1] += result.status is not Status.MISCLASSIFIED
        counts[2] += result.status is Status.FLIPPED
    lines = [ClassLine(class_name(classes, label), *counts) for label, counts in sorted(found.items())]
    return sorted(lines, key=lambda line: (-line.flipped / max(1, line.right), line.right - line.samples))


def _worst(run: Run, classes: Sequence[str]) -> tuple[ShownFlip, ...]:
    """The flips that needed the least change."""
    groups = gallery(run, classes)
    return groups[0].shown[:MOST_FLIPS] if groups else ()


def _explained(run: Run | None) -> Mapping[str, Any] | None:
    if run is None:
        return None
    groups = maps_of(run)
    return {
        "manifest": run.manifest,
        "rows": map_rows(explanation_summary(run)),
        "shown": [shown for group in groups for shown in group.shown][:MOST_MAPS],
    }


def _hardened(report: HardeningReport | None) -> Mapping[str, Any] | None:
    if report is None:
        return None
    return {
        "verdict": report.verdict.words,
        "clean": share_rows(report.card["clean"]),
        "rows": attack_rows(report.attacks),
        "card": report.card,
    }
