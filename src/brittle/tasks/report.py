"""Write what a run says again, from the run alone."""

import json
from pathlib import Path

from brittle.core.errors import RunError
from brittle.report.audit.page import write_report
from brittle.report.explain.page import write_explanations
from brittle.report.explain.summary import explanation_summary
from brittle.report.explain.tables import write_explanation_csv
from brittle.report.summary import summary_of
from brittle.report.tables import write_csv
from brittle.store.run import Run


def rewrite_report(folder: str | Path) -> Path:
    """Write summary.json, results.csv and report.html again. Raises RunError, DiskError."""
    run = Run.open(folder)
    if run.manifest.verb == "curves":
        raise RunError(f"{run.path} are the curves of an audit; write the report of that, {run.path.parent}")
    (write_explanation_tables if run.manifest.verb == "explain" else write_tables)(run)
    return run.path / "report.html"


def write_tables(run: Run) -> None:
    """Everything that is derived from an audit's results."""
    run.write("summary.json", json.dumps(summary_of(run).to_dict(), indent=1) + "\n")
    write_csv(run.results(), run.path / "results.csv", run.manifest.model["classes"])
    write_report(run)


def write_explanation_tables(run: Run) -> None:
    """Everything that is derived from explanations."""
    run.write("summary.json", json.dumps(explanation_summary(run).to_dict(), indent=1) + "\n")
    write_explanation_csv(run.explanations(), run.path / "results.csv", run.manifest.model["classes"])
    write_explanations(run)
