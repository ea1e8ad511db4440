"""Everything an explanation, or a comparison of explanations, can be told."""

import os
from collections.abc import Mapping
from pathlib import Path
from typing import Any, ClassVar, Self

from pydantic import model_validator

from brittle.core.explain_run import LEAST_BUDGET
from brittle.settings import setting
from brittle.tasks.playing.agents import with_agent
from brittle.tasks.playing.settings import Place, RunSettings, ShardSettings, file_name

COMPARISON = "runs/compare-explanations"


class ExplanationTerms(RunSettings):
    """What is asked of every explainer."""

    budget: int = setting(
        300,
        "most rows the model is shown for one sample, all included but those of --evaluate",
        group="search",
        metavar="N",
        ge=LEAST_BUDGET,
    )
    which: str = setting(
        "predicted",
        "class that is explained: predicted, true, second, or one by name or index",
        group="search",
        option="--class",
        metavar="CLASS",
    )
    fill: str | None = setting(
        None,
        "what stands where the input is masked: blur, flat, or a distortion",
        group="search",
        metavar="NAME",
        unset="blur, or flat where that keeps the class",
    )
    truth: Place = setting(
        None,
        "masks of what should matter: a folder of images named as the samples, or an .npz with masks",
        group="data",
        metavar="MASKS",
        unset="none",
    )


class ExplainSettings(ExplanationTerms, ShardSettings):
    """The settings of an explanation; every field is a keyword of brittle.explain."""

    prefix: ClassVar[str] = "explain-"

    explainer: str | None = setting(
        None,
        "how it is found out what matters; see brittle list",
        group="search",
        metavar="NAME",
        unset="survey for images, tide for signals",
    )
    explainer_settings: dict[str, Any] = setting({}, "settings of the explainer, by name")
    evaluate: bool = setting(
        False,
        "measure every map with rows of its own: longer curves, another fill, another seed",
        group="search",
    )
    flips: Place = setting(
        None,
        "explain the flips of this audit, before against after",
        group="data",
        option="--from",
        metavar="RUN",
        unset="DATA as they are",
    )

    @classmethod
    def build(cls, values: Mapping[str, Any], of: str = "") -> Self:
        """As of Settings; `agent: FILE` is short for the explainer agent with it. Raises UsageError."""
        return super().build(with_agent(values, "explainer"), of)

    @model_validator(mode="before")
    @classmethod
    def _of_flips(cls, values: Any) -> Any:
        """The flips of a run are the data."""
        if not isinstance(values, dict) or values.get("flips") is None:
            return values
        flips, data = os.fspath(values["flips"]), values.get("data")
        if data not in (None, flips):
            raise ValueError(f"expected data or the flips of a run, got both: {data} and {flips}")
        return {**values, "data": flips}


class CompareExplanationsSettings(ExplanationTerms):
    """The settings of a comparison of explainers, or of models; keywords of brittle.compare_explanations."""

    models: tuple[str, ...] = setting((), "the models; the first is what the others are held against")
    explainers: tuple[str, ...] = setting(
        (),
        "an explainer to compare, see brittle list; repeatable",
        group="search",
        option="--explainer",
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
    def _something_to_compare(self) -> Self:
        for names in (self.models, self.explainers):
            if len(set(names)) < len(names):
                raise ValueError(f"expected different ones to compare, got {', '.join(names)}")
        if len(self.models or (self.model,)) * len(self.explainers or ("",)) < 2:
            raise ValueError("expected two explainers or two models to compare")
        return self

    def explanations(self) -> dict[str, ExplainSettings]:
        """The explanation by each explainer of each model, evaluated, by its name."""
        shared = {name: getattr(self, name) for name in ExplanationTerms.model_fields}
        folder, found = Path(self.out or COMPARISON), dict[str, ExplainSettings]()
        for model in self.models or (self.model,):
            for explainer in self.explainers or (None,):
                parts = [model] * (len(self.models) > 1) + [explainer or ""] * bool(self.explainers)
                own = {"model": model, "explainer": explainer, "evaluate": True}
                name = ", ".join(part.replace("\\", "/").rsplit("/", 1)[-1] for part in parts)
                place = str(folder / file_name(name))
                found[name] = ExplainSettings(**{**shared, **own, "out": place})
        return found
