"""The settings that every verb has that plays samples of data on a model."""

import os
from collections.abc import Sequence
from hashlib import sha256
from pathlib import Path
from typing import Annotated, Any, ClassVar, Self

import yaml
from pydantic import BeforeValidator, field_validator, model_validator

from brittle.data.options import DataOptions
from brittle.models.options import ModelOptions
from brittle.settings import Settings, setting

# How a run is carried out, not what it asks: free to change when the run is continued.
FREE = {"batch", "on", "workers", "cpus", "gpus", "keep_answers", "keep_trail", "curves", "out"}
FREE_OF_MODEL = {
    *("device", "threads"),
    *("body", "concurrency", "header", "query", "rate", "retries", "timeout"),  # of an endpoint
}
HERE = "here"
"""The engine that plays in this process."""
MOST_DIGITS = 9  # of the numbers of a shard
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
    on: str | None = setting(
        None,
        "where samples are played: here, processes, ray (the cluster of this machine) or ray://HOST:PORT",
        group="running",
        metavar="ENGINE",
        unset="processes where there are workers, else here",
    )
    workers: int = setting(
        1, "processes or Ray actors that share the samples", group="running", metavar="N", ge=1, le=4096
    )
    cpus: float = setting(1, "CPUs that each Ray actor asks for", group="running", metavar="F", ge=0)
    gpus: float = setting(0, "GPUs that each Ray actor asks for", group="running", metavar="F", ge=0)
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

    @model_validator(mode="after")
    def _one_process_here(self) -> Self:
        if self.on == HERE and self.workers > 1:
            raise ValueError(f"expected --on processes or ray for {self.workers} workers, got here")
        return self

    @model_validator(mode="before")
    @classmethod
    def _own_data(cls, values: Any) -> Any:
        if isinstance(values, dict) and values.get("data") is None and values.get("model") in OWN_DATA:
            return {**values, "data": OWN_DATA[values["model"]]}
        return values

    @property
    def elsewhere(self) -> bool:
        """Whether samples are played in other processes than this one."""
        return self.engine != HERE

    @property
    def engine(self) -> str:
        """The engine that is stated; else this process, or several where there are to be workers."""
        if self.on is None:
            return "processes" if self.workers > 1 else HERE
        return "ray" if self.on.startswith("ray://") else self.on

    def to_text(self) -> str:
        """All settings as YAML."""
        return str(yaml.safe_dump(self.model_dump(mode="json"), sort_keys=False, allow_unicode=True))

    def question(self) -> dict[str, Any]:
        """The settings that results depend on, as plain data."""
        return self.model_dump(
            mode="json", exclude={"model_options": FREE_OF_MODEL, **dict.fromkeys(FREE, True)}
        )

    def played(self, ids: Sequence[str]) -> Sequence[str]:
        """Which samples of the data are played."""
        return ids

    def folder(self) -> Path:
        """Where the run goes: `out`, or a name that the same settings find again."""
        if self.out is not None:
            return Path(self.out)
        digest = sha256(repr(sorted(self.question().items())).encode()).hexdigest()[:8]
        return Path("runs") / f"{self.prefix}{_plain(self.model)}-{_plain(self.data)}-{digest}"


class ShardSettings(RunSettings):
    """A run of which each machine may play a part, see tasks/merge.py."""

    shard: str | None = setting(
        None,
        "play only the I-th of N parts of the samples: 3/16; brittle merge unites them",
        group="running",
        metavar="I/N",
        unset="all",
    )

    @field_validator("shard")
    @classmethod
    def _one_of_several(cls, shard: str | None) -> str | None:
        if shard is None:
            return None
        number, of = shard_of(shard)
        return f"{number}/{of}"

    def question(self) -> dict[str, Any]:
        """The settings that results depend on; those of a whole run say nothing of shards."""
        found = super().question()
        return found if self.shard else {name: value for name, value in found.items() if name != "shard"}

    def played(self, ids: Sequence[str]) -> Sequence[str]:
        """Every N-th sample, from the I-th on."""
        if self.shard is None:
            return ids
        number, of = shard_of(self.shard)
        return ids[number - 1 :: of]


def shard_of(text: str) -> tuple[int, int]:
    """I and N of I/N. Raises ValueError."""
    number, _, of = text.partition("/")
    whole = number.isdecimal() and of.isdecimal() and max(len(number), len(of)) <= MOST_DIGITS
    if not whole or not 1 <= int(number) <= int(of):
        raise ValueError("expected the I-th of N parts as I/N, from 1/N to N/N")
    return int(number), int(of)


def file_name(name: str) -> str:
    """A name as that of a folder."""
    return "".join(c if c.isalnum() or c in "-_" else "_" for c in name)


def _plain(name: str) -> str:
    last = name.rstrip("/").replace("\\", "/").rsplit("/", 1)[-1]
    return "".join(c if c.isalnum() else "_" for c in last.removesuffix(".onnx"))[:40] or "audit"
