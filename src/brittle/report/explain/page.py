"""The page of an explanation: one HTML file that needs nothing but itself."""

from pathlib import Path
from typing import Any

from brittle.domains.glow import legend
from brittle.report import wording
from brittle.report.audit.panels import pairs
from brittle.report.classes import class_name
from brittle.report.explain import panels
from brittle.report.explain.gallery import gallery
from brittle.report.explain.pictures import write_pictures
from brittle.report.explain.summary import explanation_summary
from brittle.report.explain.tables import (
    account_rows,
    evaluation_rows,
    map_rows,
    outcome_rows,
    truth_rows,
)
from brittle.report.explain.words import explains_decision, thing_of, verdict
from brittle.report.template import rendered
from brittle.store.run import Run

MOST_ROWS = 2000


def write_explanations(run: Run) -> Path:
    """Write pictures/ and report.html into the run folder, from the run alone; what is there is replaced.

    Raises RunError if the run is damaged, DiskError if something cannot be written.
    """
    write_pictures(run)
    return run.write("report.html", render(run))


def render(run: Run) -> str:
    """The page as text; the same for the same run."""
    return rendered("explain/explain.html.j2", _contents(run))


def _contents(run: Run) -> dict[str, Any]:
    manifest, summary = run.manifest, explanation_summary(run)
    classes, thing = manifest.model["classes"], thing_of(manifest.spec)
    decision = explains_decision(manifest.settings, classes)
    evaluation, truth = summary.evaluation, summary.truth
    return {
        "title": wording.short_name(str(manifest.model.get("name", "a model"))),
        "manifest": manifest,
        "summary": summary,
        "thing": thing,
        "decision": decision,
        "verdict": verdict(summary, thing, decision=decision),
        "facts": panels.facts(run, summary),
        "tiles": panels.tiles(summary),
        "outcome_rows": outcome_rows(summary),
        "map_rows": map_rows(summary),
        "groups": gallery(run),
        "legend": legend(manifest.spec.axes),
        "unexplained": panels.unexplained(run),
        "floors": panels.floors(evaluation) if evaluation else [],
        "evaluation_rows": evaluation_rows(evaluation) if evaluation else [],
        "truth_rows": truth_rows(truth) if truth else [],
        "rows": list(panels.table_rows(run, MOST_ROWS)),
        "class_of": lambda index: class_name(classes, index),
        "table_file": "results.csv" if (run.path / "results.csv").exists() else "results.jsonl",
        "account_rows": account_rows(summary),
        "no_interval": wording.NO_INTERVAL,
        "sessions": run.sessions(),
        "pairs": pairs,
    }
