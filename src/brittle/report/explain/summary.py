"""What a run of explanations found, as numbers: a pure function of its lines."""

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

from brittle.core.explanation import Explanation, Outcome
from brittle.core.rows import Rows
from brittle.report.explain.evaluated import Evaluated, TruthFound, collect, evaluated, truth_found
from brittle.report.explain.lines import Columns, lines_of
from brittle.report.summary import NO_ROWS, Spread
from brittle.store.records import FORMAT
from brittle.store.run import Run


@dataclass(frozen=True)
class ExplainSummary:
    """The numbers of one run.

    wrong:      samples that the model was wrong about; labelled: those with a label that it answered.
    suffices, flips: shares of the input, over the samples that have one; suffices_found, flips_found: how
                many. insertion, deletion: areas under the curves of the maps; difference: of the two.
    evaluation, truth: None where no line has any. fills: how often each was used, over explained samples.
    rows:       queries of all samples; evaluation_rows: shown besides. shown: by all commands, by what for.
    """

    samples: int
    explained: int
    nothing_found: int
    refused: int
    failed: int
    wrong: int
    labelled: int
    suffices: Spread
    suffices_found: int
    flips: Spread
    flips_found: int
    insertion: Spread
    deletion: Spread
    difference: Spread
    rows: int
    evaluation_rows: int
    explainer: str
    budget: int
    seed: int
    seconds: float
    fills: Mapping[str, int] = field(default_factory=dict)
    evaluation: Evaluated | None = None
    truth: TruthFound | None = None
    shown: Rows = NO_ROWS

    @property
    def interrupted(self) -> int:
        """Rows asked for samples that a stopped command left, and that were, or will be, explained anew."""
        return max(0, self.shown.asked - self.rows - self.evaluation_rows)

    @property
    def rows_per_second(self) -> float | None:
        """Rows that the model was shown, a second of all commands."""
        return self.shown.shown / self.seconds if self.seconds > 0 else None

    def to_dict(self) -> dict[str, Any]:
        """Contents of summary.json; null where there is nothing to average."""
        counts = ("samples", "explained", "nothing_found", "refused", "failed", "wrong", "labelled")
        spreads = ("suffices", "flips", "insertion", "deletion", "difference")
        out: dict[str, Any] = {"format": FORMAT}
        out |= {name: getattr(self, name) for name in counts}
        out |= {name: getattr(self, name).to_dict(intervals=True) for name in spreads}
        out["suffices"]["found"], out["flips"]["found"] = self.suffices_found, self.flips_found
        out["evaluation"] = self.evaluation and self.evaluation.to_dict()
        out["truth"] = self.truth and self.truth.to_dict()
        out |= {
            "queries": {"total": self.rows},
            "evaluation_rows": self.evaluation_rows,
            "rows_shown": self.shown.shown,
            "setup_rows": self.shown.setup,
            "retried_rows": self.shown.retried,
            "interrupted_rows": self.interrupted,
            "looked_up_rows": self.shown.looked_up,
            "seconds": self.seconds,
            "rows_per_second": self.rows_per_second,
            "fills": dict(self.fills),
        }
        return out | {"explainer": self.explainer, "budget": self.budget, "seed": self.seed}


def explanation_summary(run: Run) -> ExplainSummary:
    """The summary of a run, finished or not; seconds are those of all its sessions. Raises RunError."""
    settings = run.manifest.settings
    return summarise(
        lines_of(run),
        explainer=str(settings.get("explainer") or ""),
        budget=int(settings.get("budget") or 0),
        seed=int(settings.get("seed") or 0),
        seconds=float(sum(session.get("seconds") or 0 for session in run.sessions())),
        shown=run.rows(),
    )


def summarise(
    lines: Iterable[Explanation],
    *,
    explainer: str,
    budget: int,
    seed: int,
    seconds: float,
    shown: Rows = NO_ROWS,
) -> ExplainSummary:
    """The summary of explanations, in one pass that keeps only numbers. seconds, shown: of all commands."""
    counts: Counter[str] = Counter()
    fills: Counter[str] = Counter()
    columns = Columns(seed)
    for line in lines:
        counts[line.status] += 1
        counts["wrong"] += line.wrong
        counts["labelled"] += line.label is not None and line.predicted is not None
        counts["rows"] += line.queries
        counts["evaluation_rows"] += line.evaluation_rows
        if line.status is Outcome.EXPLAINED:
            fills[line.fill] += 1
            _collect(line, columns)
    return ExplainSummary(
        samples=sum(counts[outcome] for outcome in Outcome),
        explained=counts[Outcome.EXPLAINED],
        nothing_found=counts[Outcome.NOTHING_FOUND],
        refused=counts[Outcome.REFUSED],
        failed=counts[Outcome.FAILED],
        wrong=counts["wrong"],
        labelled=counts["labelled"],
        suffices=columns.spread("suffices"),
        suffices_found=columns.count("suffices"),
        flips=columns.spread("flips"),
        flips_found=columns.count("flips"),
        insertion=columns.spread("insertion"),
        deletion=columns.spread("deletion"),
        difference=columns.spread("difference"),
        rows=counts["rows"],
        evaluation_rows=counts["evaluation_rows"],
        explainer=explainer,
        budget=budget,
        seed=seed,
        seconds=seconds,
        fills=dict(fills.most_common()),
        evaluation=evaluated(columns),
        truth=truth_found(columns),
        shown=shown,
    )


def _collect(line: Explanation, columns: Columns) -> None:
    """Note the numbers of one explained sample."""
    for name, found in (("suffices", line.suffices), ("flips", line.flips)):
        columns.add(found.share if found else None, name)
    columns.add(line.insertion, "insertion")
    columns.add(line.deletion, "deletion")
    if line.insertion is not None and line.deletion is not None:
        columns.add(line.insertion - line.deletion, "difference")
    collect(line, columns)
