"""JSON schemas of what brittle reads and writes: the files of a run, and settings (for forms and editors)."""

from typing import Any

from pydantic import BaseModel, TypeAdapter

from brittle.core.errors import UsageError, did_you_mean
from brittle.learning.settings import DuelingSettings, LearningSettings, TileSettings
from brittle.searches import SEARCHES
from brittle.settings import Settings
from brittle.store.manifest import Manifest
from brittle.store.records import ResultLine, RowLine, SessionLine, SummaryFile
from brittle.tasks.audit.settings import AuditSettings, CompareSettings

FILES: dict[str, Any] = {
    "run": Manifest,
    "result": ResultLine,
    "session": SessionLine,
    "rows": RowLine,
    "summary": SummaryFile,
}
SETTINGS: dict[str, type[Settings]] = {
    "audit": AuditSettings,
    "compare": CompareSettings,
    "train-agent": LearningSettings,
    "train-rlab": DuelingSettings,
    "train-tile": TileSettings,
}


def schema_names() -> tuple[str, ...]:
    """What has a schema: files of a run, settings, and the settings of every search as search:NAME."""
    return (*FILES, *SETTINGS, *(f"search:{name}" for name in SEARCHES.names()))


def schema(name: str) -> dict[str, Any]:
    """The JSON schema of a file of a run or of settings, see schema_names. Raises UsageError."""
    kind = FILES.get(name) or SETTINGS.get(name)
    if kind is None and name.startswith("search:"):
        kind = SEARCHES.load(name.removeprefix("search:"))
    if kind is None:
        raise UsageError(f"there is no schema of '{name}'; {did_you_mean(name, schema_names())}")
    if isinstance(kind, type) and issubclass(kind, BaseModel):
        return kind.model_json_schema()
    return TypeAdapter(kind).json_schema()
