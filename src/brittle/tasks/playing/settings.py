"""The settings that every verb has that plays samples of data on a model."""

import os
from hashlib import sha256
from pathlib import Path
from typing import Annotated, Any, ClassVar

import yaml
from pydantic import BeforeValidator, model_validator

from brittle.data.options import DataOptions
from brittle.models.options import ModelOptions
from brittle.settings import Settings, setting

# How a run is carried out, not what it asks: free to change when the run is continued.
FREE = {"batch", "workers", "keep_answers", "out"}
FREE_OF_MODEL = {"device", "threads", "timeout", "retries", "rate", "header", "query"}
OWN_DATA = {"ecg": "ecg5000", "video": "camera"}
"""What a built-in model is asked about where no data are named."""


def _text(value: Any) -> Any:
    return os.fspath(value) if isinstance(value, os.PathLike) else value


Place = Annotated[str | None, BeforeValidator(_text)]
"""A folder, as text or as a path."""


class RunSettings(Settings):
    """A model, data, and how a run on them is carried out. prefix: of the name of its folder."""

    prefix: ClassVar[str] = ""

    model: str = setting("efficientnet-lite0", "what is asked")
    data: str = setting("photos", "the samples")
    domain: str | None = setting(
        None, "kind of input that is expected, image or ecg", group="search", metavar="NAME", unset="any"
    )
    budget: int = setting(
        1000,
        "most rows the model is shown for one sample, all included",
        group="search",
        metavar="N",
        ge=3,
    )
    seed: int = setting(0, "the same seed gives the same run", group="search", metavar="N", ge=0)
    model_options: ModelOptions = setting(ModelOptions(), "how the model is asked")
    data_options: DataOptions = setting(DataOptions(), "how the data are read")
    batch: int | None = setting(
        None, "rows shown at once", group="running", metavar="N", unset="measured", ge=1, le=4096
    )
    workers: int = setting(1, "processes that share the samples", group="running", metavar="N", ge=1, le=256)
    keep_answers: bool = setting(
        False, "keep every answer in the run folder, and never ask the same thing twice", group="running"
    )
    out: Place = setting(
        None,
        "folder to write to; the same command continues it",
        group="running",
        metavar="DIR",
        unset="runs/MODEL-DATA-DIGEST",
    )

    @model_validator(mode="before")
    @classmethod
    def _own_data(cls, values: Any) -> Any:
        if isinstance(values, dict) and values.get("data") is None and values.get("model") in OWN_DATA:
            return {**values, "data": OWN_DATA[values["model"]]}
        return values

    def to_text(self) -> str:
        """All settings as YAML."""
        return str(yaml.safe_dump(self.model_dump(mode="json"), sort_keys=False, allow_unicode=True))

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
        return Path("runs") / f"{self.prefix}{_plain(self.model)}-{_plain(self.data)}-{digest}"


def file_name(name: str) -> str:
    """A name as that of a folder."""
    return "".join(c if c.isalnum() or c in "-_" else "_" for c in name)


def _plain(name: str) -> str:
    last = name.rstrip("/").replace("\\", "/").rsplit("/", 1)[-1]
    return "".join(c if c.isalnum() else "_" for c in last.removesuffix(".onnx"))[:40] or "audit"
