"""The report: one HTML page that needs nothing but itself."""

from itertools import islice
from math import prod
from pathlib import Path
from typing import Any

from brittle.core.result import SearchResult, Status
from brittle.core.sample import InputSpec
from brittle.domains.tints import tints
from brittle.report import wording
from brittle.report.audit import panels
from brittle.report.audit.breakdown import confusions, distortions_used, weakest
from brittle.report.audit.gallery import gallery
from brittle.report.audit.severity import severity_panel
from brittle.report.classes import class_name, own_class
from brittle.report.summary import DISTANCES, distance_of, summary_of
from brittle.report.tables import shown_rows, summary_rows
from brittle.report.template import rendered
from brittle.store.run import Run

MOST_ROWS = 2000
MOST_FAILURES = 50
COLUMNS = {"Queries": "queries", "First flip": "first_query", "L2": "l2", "L∞": "linf", "L0": "l0"}
OF_CLIPS = {"MAP": "map", "Frames": "frames"}
"""Numbers of the table of all samples, and those of clips besides: heading -> key of a row."""


def write_report(run: Run) -> Path:
    """Write report.html into the run folder, from the run alone; a page that is there is replaced whole.

    Raises RunError if the run is damaged, DiskError if the page cannot be written.
    """
    return run.write("report.html", render(run))


def render(run: Run) -> str:
    """The page as text; the same for the same run."""
    return rendered("audit/report.html.j2", _contents(run))


def _contents(run: Run) -> dict[str, Any]:
    manifest, sessions, summary = run.manifest, run.sessions(), summary_of(run)
    classes = manifest.model.get("classes", ())
    labelled = any(result.label is not None for result in run.results())
    palette = panels.palette_in_words(manifest)
    failed = (result for result in run.results() if result.status is Status.FAILED)
    return {
        "title": wording.short_name(str(manifest.model.get("name", "a model"))),
        "manifest": manifest,
        "summary": summary,
        "labelled": labelled,
        "verdict": wording.verdict(summary, palette, manifest.settings.get("max_l2"), labelled=labelled),
        "doubt": wording.doubt(summary),
        "facts": panels.facts(run, summary),
        "tiles": panels.tiles(summary),
        "summary_rows": summary_rows(summary),
        "charts": panels.charts(run, summary),
        "when_and_where": panels.when_and_where(run),
        "severity": severity_panel(run),
        "weakest": weakest(run.results(), classes),
        "confusions": confusions(run.results(), classes),
        "distortions": distortions_used(run.results(), manifest.palette),
        "groups": gallery(run, classes),
        "survivors": panels.survivors(run),
        "failures": list(islice(failed, MOST_FAILURES)),
        "rows": [_row(result, manifest.spec) for result in islice(run.results(), MOST_ROWS)],
        "columns": COLUMNS if summary.map1 is None else COLUMNS | OF_CLIPS,
        "class_of": lambda index: class_name(classes, index),
        "table_file": "results.csv" if (run.path / "results.csv").exists() else "results.jsonl",
        "goal": panels.goal_in_words(manifest.settings),
        "elements": prod(manifest.spec.shape),
        "shown_rows": shown_rows(summary)[1:],
        "sessions": sessions,
        "pairs": panels.pairs,
        "tints": tints(manifest.palette),
    }


def _row(result: SearchResult, spec: InputSpec) -> dict[str, Any]:
    """One row of the table of all samples; curves and assignments are let go."""
    flip = result.closest
    return {
        "sample": result.sample,
        "label": own_class(result),
        "status": result.status.value,
        "queries": result.queries,
        "first_query": result.first.query if result.first else None,
        "predicted": flip.predicted if flip else result.predicted,
        **{name: distance_of(name, flip, spec) if flip else None for name in DISTANCES},
        "file": flip.file if flip else "",
    }
