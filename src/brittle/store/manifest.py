"""What a run is: enough to refuse a different command and to replay every flip."""

import json
from pathlib import Path
from typing import Any, Literal

from pydantic import (
    BaseModel,
    ConfigDict,
    FiniteFloat,
    TypeAdapter,
    ValidationError,
    ValidationInfo,
    field_validator,
)

from brittle.core.canvas import Layer
from brittle.core.errors import RunError
from brittle.core.identity import Answers
from brittle.core.sample import InputSpec
from brittle.store.records import FORMAT, read_record

EARLIER = {
    "model": "a function by one file of its code and an ONNX model without the weights beside it",
    "data": "files by their sizes",
}
"""What a digest was of before there were kinds of it: equal ones are still equal, others tell nothing."""
FREED = {"body"}
"""Options of the model that earlier runs have as part of their question, and that are free now."""
ANSWERS = ("answers", "repeats")
"""Of a model to the identity rows: compared with a tolerance, once they are asked."""
STORED_ANSWERS = TypeAdapter(list[list[FiniteFloat | None] | None])


class _Asked(BaseModel):
    """What reports and comparisons read of the settings of a run; further ones are kept as they are."""

    budget: int | None = None
    seed: int | None = None
    top_k: int | None = None
    draws: int | None = None
    max_l2: FiniteFloat | None = None
    search: str | None = None
    goal: str | None = None
    target: str | None = None


class NamedModel(BaseModel):
    """The audited model, as run.json has it. digest: which kind sha256 is; None of an earlier brittle."""

    model_config = ConfigDict(extra="ignore", frozen=True)

    name: str
    sha256: str
    classes: tuple[str, ...]
    digest: int | None = None


class NamedData(BaseModel):
    """The audited data, as run.json has them. samples: how many; digest: as of the model."""

    model_config = ConfigDict(extra="ignore", frozen=True)

    name: str
    samples: int
    sha256: str = ""
    digest: int | None = None


class NamedSurrogate(BaseModel):
    """A local model that a search learned from. labels: how its classes are those of the audited model."""

    model_config = ConfigDict(extra="ignore", frozen=True)

    name: str
    sha256: str
    labels: Literal["shared", "none"] = "shared"


class Manifest(BaseModel):
    """Contents of run.json.

    settings: everything that changes results, as plain data (budget, goal, seed, search ...).
    model:    name, sha256, digest (which kind that is), classes (names); of code and endpoints also answers
              to the identity rows, and whether it repeats them.
    data:     name, samples (how many), sha256, digest.
    spec, cell, palette: what the layer index of a cell means.
    verb:     what was asked for. cell and palette are of an audit, a palette of its curves too.
    surrogates: what the search learned from without a query; None where there are none.
    agent:    name, player, models, data, queries: the trained agent that plays, and what training it cost.
    """

    model_config = ConfigDict(extra="ignore", frozen=True, protected_namespaces=())

    settings: dict[str, Any]
    model: dict[str, Any]
    data: dict[str, Any]
    spec: InputSpec
    cell: tuple[int, ...] = ()
    palette: tuple[Layer, ...] = ()
    agent: dict[str, Any] | None = None
    surrogates: tuple[NamedSurrogate, ...] | None = None
    verb: Literal["audit", "explain", "benchmark", "curves"] = "audit"
    format: Literal[1] = FORMAT

    @field_validator("settings", "model", "data")
    @classmethod
    def _has_what_is_read(cls, value: dict[str, Any], info: ValidationInfo) -> dict[str, Any]:
        kinds: dict[str, type[BaseModel]] = {"settings": _Asked, "model": NamedModel, "data": NamedData}
        kinds[str(info.field_name)].model_validate(value)
        options = value.get("model_options")
        if isinstance(options, dict) and FREED & options.keys():
            return {**value, "model_options": {k: v for k, v in options.items() if k not in FREED}}
        return value

    @property
    def player(self) -> str:
        """The search by name, and what it learned from without a query: nothing it found is told without."""
        search = self.settings.get("search")
        named = search.get("name") if isinstance(search, dict) else search
        player = "" if named is None else str(named)
        if not self.surrogates:
            return player
        told = [f"{Path(one.name).name} ({one.sha256[:12]})" for one in self.surrogates]
        return f"{player} with surrogates {', '.join(told)}"

    def to_json(self) -> str:
        """Text of run.json."""
        exclude = None if self.surrogates else {"surrogates"}
        return json.dumps(self.model_dump(mode="json", exclude=exclude), indent=1) + "\n"

    @classmethod
    def from_json(cls, text: str) -> "Manifest":
        """The inverse of to_json. Raises RunError if text is not a manifest of this format."""
        return read_record(cls, text, "run.json")


def stored_answers(manifest: Manifest) -> Answers | None:
    """What the model of a run answered to the identity rows, None if they were not asked. Raises RunError."""
    if manifest.model.get("answers") is None:
        return None
    try:
        return STORED_ANSWERS.validate_python(manifest.model["answers"])
    except ValidationError as error:
        raise RunError(
            "run.json is damaged (its answers to the identity rows are no probabilities)"
        ) from error


def stored_outputs(manifest: Manifest) -> int | None:
    """How many classes the model of a run answers, None where that is not said."""
    return len(manifest.model["classes"]) or None


def differences(old: Manifest, new: Manifest) -> list[str]:
    """What makes two runs different commands, one phrase each, at most four; answers are left out."""
    before, after = json.loads(old.to_json()), json.loads(new.to_json())
    found: list[str] = []
    for part, told in EARLIER.items():
        one, other = before[part], after[part]
        for name in ANSWERS:
            one.pop(name, None)
            other.pop(name, None)
        if "digest" not in one and other.pop("digest", None) and one.get("sha256") != other["sha256"]:
            found.append(f"it was begun by an earlier brittle, which identified {told}")
            one["sha256"] = other["sha256"]
    _compare("", before, after, found)
    return found[:4]


def same(before: Any, after: Any) -> bool:
    """Whether two records say the same; what one does not say is null in it."""
    found: list[str] = []
    _compare("", before, after, found)
    return not found


def _compare(name: str, before: Any, after: Any, found: list[str]) -> None:
    if isinstance(before, dict) and isinstance(after, dict):
        for key in [*before, *(k for k in after if k not in before)]:
            _compare(f"{name}.{key}" if name else key, before.get(key), after.get(key), found)
    elif before != after:
        found.append(f"{name} was {_short(before)}, now {_short(after)}")


def _short(value: Any) -> str:
    text = json.dumps(value)
    return text if len(text) <= 60 else text[:57] + "..."
