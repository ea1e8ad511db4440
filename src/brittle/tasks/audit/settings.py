"""Everything an audit can be told, in one object that reads and writes YAML and TOML."""

import os
import tomllib
from collections.abc import Mapping
from hashlib import sha256
from pathlib import Path
from typing import Any, Literal

import tomli_w
import yaml
from pydantic import BaseModel, ConfigDict, Field, ValidationError, model_validator

from brittle.core.errors import UsageError, did_you_mean
from brittle.data.options import DataOptions
from brittle.models.options import ModelOptions

# How a run is carried out, not what it asks: free to change when the run is continued.
FREE = {"batch", "workers", "keep_answers", "out"}
OWN_DATA = {"ecg": "ecg5000"}
"""What a built-in model is audited on where no data are named."""
FREE_OF_MODEL = {"threads", "timeout", "retries", "rate", "header"}


class AuditSettings(BaseModel):
    """The settings of an audit; every field is a keyword of brittle.audit."""

    model_config = ConfigDict(frozen=True, extra="forbid", protected_namespaces=())

    model: str = Field("efficientnet-lite0", description="what is audited")
    data: str = Field("photos", description="the samples")
    domain: str | None = Field(None, description="kind of input that is expected; default what the data are")
    search: str | None = Field(
        None, description="how flips are looked for; default the shipped agent for images, else patchwork"
    )
    search_settings: dict[str, Any] = Field({}, description="settings of the search")
    distortions: tuple[str, ...] = Field((), description="the palette; empty means all that suit the input")
    warm_up: int = Field(
        0, ge=0, description="rows of the audited model on which the agent learns first, besides the budget"
    )
    draws: int = Field(1, ge=1, le=100, description="random draws of every distortion in the palette")
    cell: str | None = Field(
        None, description="size of a cell, e.g. 8x8, or 10ms of a signal; default 1/14 of each side, 33 ms"
    )
    budget: int = Field(1000, ge=3, description="most rows the model is shown for one sample, all included")
    max_l2: float | None = Field(None, gt=0, description="greatest L2 distance that a flip may have")
    target: str | None = Field(None, description="class (name or index) that must be reached")
    top_k: int = Field(1, ge=1, description="a flip must push the label out of the top k classes")
    goal: Literal["first", "closest"] = Field("closest", description="stop at the first flip, or go on")
    seed: int = Field(0, ge=0, description="makes the same run again")
    model_options: ModelOptions = Field(ModelOptions(), description="how the model is asked")
    data_options: DataOptions = Field(DataOptions(), description="how the data are read")
    batch: int | None = Field(None, ge=1, le=4096, description="rows at once; default measured")
    workers: int = Field(1, ge=1, le=256, description="processes that share the samples")
    keep_answers: bool = Field(False, description="keep every answer, never ask the same thing twice")
    out: str | None = Field(None, description="run folder; default runs/MODEL-DATA-DIGEST")

    @model_validator(mode="before")
    @classmethod
    def _own_data(cls, values: Any) -> Any:
        if isinstance(values, dict) and values.get("data") is None and values.get("model") in OWN_DATA:
            return {**values, "data": OWN_DATA[values["model"]]}
        return values

    @model_validator(mode="before")
    @classmethod
    def _agent(cls, values: Any) -> Any:
        """`agent: FILE` is short for the search agent with that file."""
        if not isinstance(values, dict) or values.get("agent") is None:
            return values
        rest = {key: value for key, value in values.items() if key != "agent"}
        if rest.get("search") not in (None, "agent"):
            raise ValueError(f"expected no other search beside an agent, got {rest['search']}")
        file = {"file": os.fspath(values["agent"])}
        return {**rest, "search": "agent", "search_settings": {**(rest.get("search_settings") or {}), **file}}

    @model_validator(mode="after")
    def _warm_up_needs_an_agent(self) -> "AuditSettings":
        if self.warm_up and self.search not in (None, "agent"):
            raise ValueError(f"expected the search agent for a warm-up, got {self.search}")
        return self

    @classmethod
    def build(cls, values: Mapping[str, Any]) -> "AuditSettings":
        """Settings from plain values. Raises UsageError with one line for the first value that is wrong."""
        for key in values:
            if key not in cls.model_fields and key != "agent":
                raise UsageError(f"there is no setting '{key}'; {did_you_mean(key, cls.model_fields)}")
        try:
            return cls.model_validate(dict(values))
        except ValidationError as error:
            first = error.errors()[0]
            name = ".".join(str(part) for part in first["loc"])
            secret = name.endswith("header")  # who confuses a variable's name with its value must not leak it
            if not name:
                raise UsageError(first["msg"].removeprefix("Value error, ")) from error
            got = "" if secret else f", got {first['input']!r}"
            raise UsageError(f"{name}: {first['msg']}{got}") from error

    @classmethod
    def read(cls, path: str | Path) -> dict[str, Any]:
        """The values of a .yaml, .yml or .toml file, for build. Raises UsageError."""
        path = Path(path)
        try:
            text = path.read_text(encoding="utf-8")
            values = tomllib.loads(text) if path.suffix == ".toml" else yaml.safe_load(text)
        except OSError as error:
            raise UsageError(f"cannot read the settings {path}: {error.strerror}") from error
        except (yaml.YAMLError, tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
            raise UsageError(f"{path} is neither YAML nor TOML: {' '.join(str(error).split())}") from error
        if values is not None and not isinstance(values, dict):
            raise UsageError(f"expected `name: value` lines in {path}, got a {type(values).__name__}")
        return values or {}

    def to_text(self, suffix: str = ".yaml") -> str:
        """All settings as YAML, or as TOML (which leaves unset values out)."""
        values = self.model_dump(mode="json")
        if suffix == ".toml":
            return tomli_w.dumps(_without_none(values))
        return str(yaml.safe_dump(values, sort_keys=False, allow_unicode=True))

    def question(self) -> dict[str, Any]:
        """The settings that results depend on, as plain data."""
        return self.model_dump(
            mode="json", exclude={"model_options": FREE_OF_MODEL, **dict.fromkeys(FREE, True)}
        )

    def folder(self) -> Path:
        """Where the run goes: `out`, or a name that the same settings find again."""
        if self.out is not None:
            return Path(self.out)
        digest = sha256(repr(sorted(self.question().items())).encode()).hexdigest()[:8]
        return Path("runs") / f"{_plain(self.model)}-{_plain(self.data)}-{digest}"


def _plain(name: str) -> str:
    last = name.rstrip("/").replace("\\", "/").rsplit("/", 1)[-1]
    return "".join(c if c.isalnum() else "_" for c in last.removesuffix(".onnx"))[:40] or "audit"


def _without_none(values: dict[str, Any]) -> dict[str, Any]:
    kept = {key: value for key, value in values.items() if value is not None}
    return {key: _without_none(value) if isinstance(value, dict) else value for key, value in kept.items()}
