"""Everything an audit, or a comparison of searches, can be told."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any, Literal, Self

from pydantic import field_validator, model_validator

from brittle.settings import setting
from brittle.tasks.playing.agents import with_agent
from brittle.tasks.playing.settings import Place, RunSettings, ShardSettings, file_name

COMPARISON = "runs/compare"


class GameSettings(RunSettings):
    """What is asked of a model on data, whichever search plays; fields are keywords of brittle.audit."""

    distortions: tuple[str, ...] = setting(
        (),
        "a distortion of the palette; repeatable",
        group="search",
        option="--distortion",
        metavar="NAME",
        unset="all that suit the input",
        repeat=True,
    )
    draws: int = setting(
        1, "random draws of every distortion in the palette", group="search", metavar="N", ge=1, le=100
    )
    cell: str | None = setting(
        None,
        "size of a cell: HxW pixels, 10ms of a signal, or 'all x 8x8' of a clip",
        group="search",
        metavar="SIZE",
        unset="1/14 of each side; 33 ms; all frames of 1/8",
    )
    max_l2: float | None = setting(
        None,
        "greatest L2 distance that a flip may have",
        group="search",
        metavar="F",
        unset="no limit",
        gt=0,
    )
    distance: Literal["l2", "map"] | None = setting(
        None,
        "what a closer flip is nearer in: l2, or map, the mean absolute change",
        group="search",
        metavar="KIND",
        unset="l2",
    )
    target: str | None = setting(
        None,
        "class that must be reached, by name or index",
        group="search",
        metavar="CLASS",
        unset="any other than the label",
    )
    top_k: int = setting(
        1, "a flip must push the label out of the top K classes", group="search", metavar="K", ge=1
    )
    goal: Literal["first", "closest"] = setting(
        "closest",
        "first ends at the first flip, closest goes on for a nearer one",
        group="search",
        metavar="GOAL",
    )

    @property
    def power(self) -> int:
        """That of core.search.Terms."""
        return 1 if self.distance == "map" else 2

    @field_validator("distance")
    @classmethod
    def _usual_is_unset(cls, distance: str | None) -> str | None:
        """One way to say the usual, so that runs of before it could be said go on."""
        return None if distance == "l2" else distance

    @model_validator(mode="after")
    def _one_distance(self) -> Self:
        if self.distance and self.max_l2:
            raise ValueError("expected either max_l2 or the distance map, got both; leave one out")
        return self


class AuditSettings(GameSettings, ShardSettings):
    """The settings of an audit; every field is a keyword of brittle.audit."""

    search: str | None = setting(
        None,
        "how flips are looked for; see brittle list",
        group="search",
        metavar="NAME",
        unset="agent for images, else patchwork",
    )
    search_settings: dict[str, Any] = setting({}, "settings of the search, by name")
    surrogates: tuple[str, ...] = setting(
        (),
        "a local model that the search may learn from without a query: an .onnx file, module:function, a "
        "built-in name, or 'shipped' for two of those; repeatable",
        group="search",
        option="--surrogate",
        metavar="NAME",
        unset="none",
        repeat=True,
    )
    warm_up: int = setting(
        0,
        "rows of the audited model on which the agent learns first, besides the budget",
        group="search",
        metavar="N",
        ge=0,
    )
    keep_trail: bool = setting(
        False, "keep how each sample was played in the run folder, for its page to replay", group="running"
    )

    curves: bool = setting(
        False,
        "also ask under each distortion over the whole input, level by level, and of images under the 15 "
        "corruptions of ImageNet-C; rows beside the budget",
        group="search",
    )

    @model_validator(mode="after")
    def _curves_of_a_whole_run(self) -> Self:
        if self.curves and self.shard:
            raise ValueError("expected a whole run for curves; draw them when the shards are merged")
        return self

    @model_validator(mode="after")
    def _warm_up_needs_an_agent(self) -> Self:
        if self.warm_up and self.search not in (None, "agent"):
            raise ValueError(f"expected the search agent for a warm-up, got {self.search}")
        if self.warm_up and self.shard:
            raise ValueError("expected a whole run for a warm-up: the agents of shards would learn apart")
        return self

    def question(self) -> dict[str, Any]:
        """The settings that results depend on; those of a run without surrogates say nothing of any."""
        found = super().question()
        return found if self.surrogates else {k: v for k, v in found.items() if k != "surrogates"}

    @classmethod
    def build(cls, values: Mapping[str, Any], of: str = "") -> Self:
        """As of Settings; `agent: FILE` is short for the search agent with that file. Raises UsageError."""
        return super().build(with_agent(values, "search"), of)


class CompareSettings(GameSettings):
    """The settings of a comparison; every field is a keyword of brittle.compare."""

    searches: tuple[str, ...] = setting(
        (),
        "a search to compare, see brittle list; repeatable",
        group="search",
        option="--search",
        metavar="NAME",
        repeat=True,
    )
    out: Place = setting(
        None,
        "folder of the runs and of compare.html; the same command continues it",
        group="running",
        metavar="DIR",
        unset=COMPARISON,
    )

    @model_validator(mode="after")
    def _different_searches(self) -> Self:
        if not self.searches or len(set(self.searches)) < len(self.searches):
            names = ", ".join(self.searches) or "none"
            raise ValueError(f"expected different searches to compare, got {names}")
        return self

    def audits(self) -> dict[str, AuditSettings]:
        """The audit of each search, by its name."""
        shared = {name: getattr(self, name) for name in GameSettings.model_fields}
        folder = Path(self.out or COMPARISON)
        return {
            name: AuditSettings(**{**shared, "search": name, "out": str(folder / file_name(name))})
            for name in self.searches
        }
