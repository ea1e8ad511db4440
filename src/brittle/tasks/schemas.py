"""JSON schemas of what brittle reads and writes: the files of a run, and settings (for forms and editors)."""

from typing import Any

from pydantic import BaseModel, TypeAdapter

from brittle.core.errors import UsageError, did_you_mean
from brittle.explainers import EXPLAINERS
from brittle.learning.settings import DuelingSettings, LearningSettings, TileSettings
from brittle.searches import SEARCHES
from brittle.settings import Settings
from brittle.store.curve_lines import CurveLine, CurveSummaryFile
from brittle.store.explanations import ExplanationLine
from brittle.store.hard_lines import HardLine
from brittle.store.hard_records import Benchmark, HeldOutAnswer, Item, LeftOut
from brittle.store.manifest import Manifest
from brittle.store.records import (
    ExplainSummaryFile,
    ResultLine,
    RowLine,
    SessionLine,
    SummaryFile,
    result_schema,
)
from brittle.store.scores import ScoreEntry
from brittle.store.trails import TrailLine
from brittle.tasks.audit.settings import AuditSettings, CompareSettings
from brittle.tasks.benchmark.settings import BenchmarkSettings
from brittle.tasks.explain.settings import CompareExplanationsSettings, ExplainSettings
from brittle.tasks.gates import GateSettings
from brittle.tasks.harden.settings import HardenSettings
from brittle.tasks.score.settings import ScoreSettings

FILES: dict[str, Any] = {
    "run": Manifest,
    "result": ResultLine,
    "explanation": ExplanationLine,
    "curve-result": CurveLine,
    "curve-summary": CurveSummaryFile,
    "session": SessionLine,
    "rows": RowLine,
    "summary": SummaryFile,
    "trail": TrailLine,
    "explanation-summary": ExplainSummaryFile,
    "hard-set": Benchmark,
    "hard-set-item": Item,
    "hard-set-left-out": LeftOut,
    "hard-set-held-out": HeldOutAnswer,
    "benchmark-result": HardLine,
    "score-entry": ScoreEntry,
}
SETTINGS: dict[str, type[Settings]] = {
    "audit": AuditSettings,
    "compare": CompareSettings,
    "explain": ExplainSettings,
    "compare-explanations": CompareExplanationsSettings,
    "gates": GateSettings,
    "harden": HardenSettings,
    "benchmark": BenchmarkSettings,
    "score": ScoreSettings,
    "train-agent": LearningSettings,
    "train-rlab": DuelingSettings,
    "train-tile": TileSettings,
}
MEMBERS = {"search": SEARCHES, "explainer": EXPLAINERS}


def schema_names() -> tuple[str, ...]:
    """What has a schema: files of a run, settings, and those of every search:NAME and explainer:NAME."""
    members = (f"{kind}:{name}" for kind, registry in MEMBERS.items() for name in registry.names())
    return (*FILES, *SETTINGS, *members)


def schema(name: str) -> dict[str, Any]:
    """The JSON schema of a file of a run or of settings, see schema_names. Raises UsageError."""
    if name == "result":
        return result_schema()
    kind = FILES.get(name) or SETTINGS.get(name)
    registry, _, member = name.partition(":")
    if kind is None and registry in MEMBERS:
        kind = MEMBERS[registry].load(member)
    if kind is None:
        raise UsageError(f"there is no schema of '{name}'; {did_you_mean(name, schema_names())}")
    if isinstance(kind, type) and issubclass(kind, BaseModel):
        return kind.model_json_schema()
    return TypeAdapter(kind).json_schema()
