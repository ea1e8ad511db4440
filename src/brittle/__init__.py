"""brittle: how little natural distortion flips your classifier's decisions, where, and at what cost.

run = brittle.audit("model.onnx", "photos/", budget=500)
print(run.summary()["asr"])
"""

from importlib import import_module
from typing import TYPE_CHECKING, Any

__version__ = "0.1.0"

if TYPE_CHECKING:
    from brittle.core.errors import BrittleError as BrittleError
    from brittle.core.errors import DataError as DataError
    from brittle.core.errors import UsageError as UsageError
    from brittle.optimise.kinds import Angle as Angle
    from brittle.optimise.kinds import Choice as Choice
    from brittle.optimise.kinds import Colour as Colour
    from brittle.optimise.kinds import Direction as Direction
    from brittle.optimise.kinds import Line as Line
    from brittle.optimise.kinds import Log as Log
    from brittle.optimise.optimiser import Optimiser as Optimiser
    from brittle.optimise.run import optimise as optimise
    from brittle.optimise.space import Space as Space
    from brittle.report.board.tables import score_table as score_table
    from brittle.report.compare.page import Comparison as Comparison
    from brittle.report.compare.tables import comparison_table as comparison_table
    from brittle.report.explain.compare import ExplanationComparison as ExplanationComparison
    from brittle.report.explain.compare import explanation_comparison_table as explanation_comparison_table
    from brittle.report.explain.summary import explanation_summary as explanation_summary
    from brittle.report.explain.tables import explanation_table as explanation_table
    from brittle.report.hard_table import benchmark_rows_table as benchmark_rows_table
    from brittle.report.hard_table import benchmark_table as benchmark_table
    from brittle.report.harden.tables import hardening_table as hardening_table
    from brittle.report.severity import severity_beside as severity_beside
    from brittle.report.severity import severity_of as severity_of
    from brittle.report.summary import summary_of as summary_of
    from brittle.report.tables import summary_table as summary_table
    from brittle.store.run import Run as Run
    from brittle.tasks.audit.audit import audit as audit
    from brittle.tasks.audit.estimate import estimate as estimate
    from brittle.tasks.audit.presets import preset as preset
    from brittle.tasks.audit.settings import AuditSettings as AuditSettings
    from brittle.tasks.audit.settings import CompareSettings as CompareSettings
    from brittle.tasks.benchmark.benchmark import MadeSet as MadeSet
    from brittle.tasks.benchmark.benchmark import benchmark as benchmark
    from brittle.tasks.benchmark.render import render as render
    from brittle.tasks.benchmark.settings import BenchmarkSettings as BenchmarkSettings
    from brittle.tasks.catalogue import catalogue as catalogue
    from brittle.tasks.compare import compare as compare
    from brittle.tasks.compare import compare_runs as compare_runs
    from brittle.tasks.explain.compare import compare_explanation_runs as compare_explanation_runs
    from brittle.tasks.explain.compare import compare_explanations as compare_explanations
    from brittle.tasks.explain.explain import explain as explain
    from brittle.tasks.explain.settings import CompareExplanationsSettings as CompareExplanationsSettings
    from brittle.tasks.explain.settings import ExplainSettings as ExplainSettings
    from brittle.tasks.export import export as export
    from brittle.tasks.gates import Checked as Checked
    from brittle.tasks.gates import Gates as Gates
    from brittle.tasks.gates import GateSettings as GateSettings
    from brittle.tasks.gates import gates as gates
    from brittle.tasks.harden.harden import Hardening as Hardening
    from brittle.tasks.harden.harden import harden as harden
    from brittle.tasks.harden.settings import HardenSettings as HardenSettings
    from brittle.tasks.log import Logged as Logged
    from brittle.tasks.log import log as log
    from brittle.tasks.merge import merge as merge
    from brittle.tasks.regulator import write_document as write_document
    from brittle.tasks.report import rewrite_report as rewrite_report
    from brittle.tasks.schemas import schema as schema
    from brittle.tasks.schemas import schema_names as schema_names
    from brittle.tasks.score.score import Score as Score
    from brittle.tasks.score.score import score as score
    from brittle.tasks.score.score import write_board as write_board
    from brittle.tasks.score.settings import ScoreSettings as ScoreSettings
    from brittle.tasks.seal import Seal as Seal
    from brittle.tasks.seal import SealCheck as SealCheck
    from brittle.tasks.seal import check_seal as check_seal
    from brittle.tasks.seal import seal as seal
    from brittle.tasks.train.acquisition import train_acquisition as train_acquisition
    from brittle.tasks.train.agent import train_agent as train_agent
    from brittle.tasks.train.explainer import train_explainer as train_explainer
    from brittle.tasks.train.prior import train_prior as train_prior
    from brittle.tasks.train.rlab import train_rlab as train_rlab
    from brittle.tasks.train.tiles import train_tiles as train_tiles
    from brittle.tasks.verify.verify import verify as verify

_PUBLIC = {
    "AuditSettings": "brittle.tasks.audit.settings",
    "BenchmarkSettings": "brittle.tasks.benchmark.settings",
    "CompareSettings": "brittle.tasks.audit.settings",
    "CompareExplanationsSettings": "brittle.tasks.explain.settings",
    "ExplanationComparison": "brittle.report.explain.compare",
    "ExplainSettings": "brittle.tasks.explain.settings",
    "Checked": "brittle.tasks.gates",
    "Gates": "brittle.tasks.gates",
    "GateSettings": "brittle.tasks.gates",
    "Hardening": "brittle.tasks.harden.harden",
    "HardenSettings": "brittle.tasks.harden.settings",
    "BrittleError": "brittle.core.errors",
    "Comparison": "brittle.report.compare.page",
    "DataError": "brittle.core.errors",
    "Logged": "brittle.tasks.log",
    "MadeSet": "brittle.tasks.benchmark.benchmark",
    "Angle": "brittle.optimise.kinds",
    "Choice": "brittle.optimise.kinds",
    "Colour": "brittle.optimise.kinds",
    "Direction": "brittle.optimise.kinds",
    "Line": "brittle.optimise.kinds",
    "Log": "brittle.optimise.kinds",
    "Optimiser": "brittle.optimise.optimiser",
    "Space": "brittle.optimise.space",
    "optimise": "brittle.optimise.run",
    "UsageError": "brittle.core.errors",
    "Run": "brittle.store.run",
    "Score": "brittle.tasks.score.score",
    "ScoreSettings": "brittle.tasks.score.settings",
    "Seal": "brittle.tasks.seal",
    "SealCheck": "brittle.tasks.seal",
    "audit": "brittle.tasks.audit.audit",
    "benchmark": "brittle.tasks.benchmark.benchmark",
    "benchmark_rows_table": "brittle.report.hard_table",
    "benchmark_table": "brittle.report.hard_table",
    "check_seal": "brittle.tasks.seal",
    "compare": "brittle.tasks.compare",
    "compare_runs": "brittle.tasks.compare",
    "compare_explanation_runs": "brittle.tasks.explain.compare",
    "compare_explanations": "brittle.tasks.explain.compare",
    "estimate": "brittle.tasks.audit.estimate",
    "comparison_table": "brittle.report.compare.tables",
    "catalogue": "brittle.tasks.catalogue",
    "explain": "brittle.tasks.explain.explain",
    "export": "brittle.tasks.export",
    "gates": "brittle.tasks.gates",
    "harden": "brittle.tasks.harden.harden",
    "hardening_table": "brittle.report.harden.tables",
    "explanation_comparison_table": "brittle.report.explain.compare",
    "explanation_summary": "brittle.report.explain.summary",
    "explanation_table": "brittle.report.explain.tables",
    "log": "brittle.tasks.log",
    "merge": "brittle.tasks.merge",
    "preset": "brittle.tasks.audit.presets",
    "render": "brittle.tasks.benchmark.render",
    "rewrite_report": "brittle.tasks.report",
    "schema": "brittle.tasks.schemas",
    "schema_names": "brittle.tasks.schemas",
    "score": "brittle.tasks.score.score",
    "seal": "brittle.tasks.seal",
    "score_table": "brittle.report.board.tables",
    "severity_beside": "brittle.report.severity",
    "severity_of": "brittle.report.severity",
    "summary_of": "brittle.report.summary",
    "summary_table": "brittle.report.tables",
    "train_acquisition": "brittle.tasks.train.acquisition",
    "train_agent": "brittle.tasks.train.agent",
    "train_explainer": "brittle.tasks.train.explainer",
    "train_prior": "brittle.tasks.train.prior",
    "train_rlab": "brittle.tasks.train.rlab",
    "train_tiles": "brittle.tasks.train.tiles",
    "verify": "brittle.tasks.verify.verify",
    "write_board": "brittle.tasks.score.score",
    "write_document": "brittle.tasks.regulator",
}
__all__ = [*_PUBLIC, "__version__"]


def __getattr__(name: str) -> Any:
    """Load public names when first used, so that `import brittle` and `brittle --help` stay quick."""
    if name not in _PUBLIC:
        raise AttributeError(f"module 'brittle' has no attribute '{name}'")
    return getattr(import_module(_PUBLIC[name]), name)


def __dir__() -> list[str]:
    return sorted(__all__)
