"""What the page of an audit says of its severity curves."""

from collections.abc import Sequence
from dataclasses import dataclass

from markupsafe import Markup

from brittle.domains.tints import tints
from brittle.report import wording
from brittle.report.audit.panels import Chart
from brittle.report.intervals import wilson
from brittle.report.severity import Severity, SeverityCurve, severity_beside
from brittle.report.severity_charts import corruption_chart, own_chart
from brittle.store.run import Run


@dataclass(frozen=True)
class SeverityPanel:
    """The section of the page. most: levels of any curve."""

    note: str
    charts: Sequence[Chart]
    curves: Sequence[SeverityCurve]
    most: int


def severity_panel(run: Run) -> SeverityPanel | None:
    """The section; None where the audit has no curves. Raises RunError."""
    found = severity_beside(run)
    if found is None or not found.clean.samples:
        return None
    charts = [Chart("Distortions of the audit", Markup(own_chart(found, tints(run.manifest.palette))))]
    if found.corruptions:
        charts.append(Chart("Corruptions of ImageNet-C", Markup(corruption_chart(found))))
    most = max(len(curve.levels) for curve in found.curves)
    return SeverityPanel(_note(found), charts, found.curves, most)


def _note(found: Severity) -> str:
    """What an error is here, how sure it is, and what it cost."""
    samples = found.clean.samples
    what = "is wrong" if found.labelled else "is not the answer to the untouched input"
    words = f"How often the answer {what} when a distortion covers the whole input, over all "
    words += f"{wording.number(samples)} samples, one draw of each: "
    words += f"{wording.percent(found.clean.share)} untouched."
    if found.failed:
        words += f" {wording.number(found.failed)} more could not be asked."
    sure = wilson(samples // 2, samples)
    if sure:
        words += f" 95 % intervals are at most {wording.percent((sure.high - sure.low) / 2)} to either side;"
        words += " all are in curves/curves.csv."
    return f"{words} This took {wording.number(found.rows)} rows beside the budget."
