"""Open a model and data to be explained, and agree on the rules."""

from collections.abc import Generator, Iterable, Iterator
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path
from typing import Any, Self

import numpy as np

from brittle.core.errors import DataError
from brittle.core.evaluation import Evaluator, against_truth
from brittle.core.explain_run import After, ExplainOnlooker, ExplainRules, Fill, Found, explain_sample
from brittle.core.explainer import ExplainerFactory
from brittle.core.explanation import Explanation, Outcome
from brittle.core.request import Request, SampleRun
from brittle.core.sample import Array
from brittle.explainers import USUAL_FILLS, open_explainer
from brittle.explainers.fills import open_fill
from brittle.store.archive import InputArchive
from brittle.store.explanations import MapArchive
from brittle.store.kept import Kept
from brittle.store.manifest import Manifest
from brittle.tasks.explain.flips import Flips
from brittle.tasks.explain.settings import ExplainSettings
from brittle.tasks.explain.truth import TruthMasks
from brittle.tasks.playing.opened import Opened, class_index, fit
from brittle.tasks.watching.explained import MapSpotlight
from brittle.tasks.watching.telling import Follower

SHOWN = "shown"
"""The folder of untouched samples, of fills, and of what suffices and flips."""
BY_ANSWER = ("predicted", "true", "second")


@dataclass(frozen=True, kw_only=True)
class OpenedExplanation(Opened):
    """A model and data that fit each other, and how they are explained.

    which: the class, see chosen_class. evaluator: measures maps, where that is asked for.
    """

    settings: ExplainSettings
    explainer: ExplainerFactory
    fills: tuple[Fill, ...]
    which: str | int = "predicted"
    truth: TruthMasks | None = None
    evaluator: Evaluator | None = None
    onlooker: ExplainOnlooker | None = None

    def follower(self, folder: Path) -> Follower:
        """Tells what an explainer shows."""
        return MapSpotlight(folder, self.model.classes)

    def shown_to(self, onlooker: ExplainOnlooker) -> Self:
        """The same, which tells what its explainer shows."""
        return replace(self, onlooker=onlooker)

    def sample_runs(self, names: Iterable[str], files: Kept) -> Iterator[SampleRun[Explanation]]:
        """The run of each of these samples; maps and what was shown go into the run folder."""
        settings, spec = self.settings, self.dataset.spec
        rules = ExplainRules(
            explainer=self.explainer,
            fills=self.fills,
            which=partial(chosen_class, self.which),
            budget=settings.budget,
            archive=InputArchive(files, self.domain, spec, SHOWN),
            maps=MapArchive(files),
            seed=settings.seed,
            after=self._after(),
            onlooker=self.onlooker,
        )
        for name in names:
            yield explain_sample(name, partial(self.dataset.open, name), rules)

    def _after(self) -> After:
        """Whatever is measured once a map is there."""

        def after(found: Found) -> Generator[Request, Array, dict[str, Any]]:
            more: dict[str, Any] = {}
            mask = self.truth(found.scene.sample.id) if self.truth else None
            if mask is not None:
                more["truth"] = against_truth(found.attribution.map, mask.astype(np.float32))
            if self.evaluator:
                more |= yield from self.evaluator(found)
            return more

        return after

    def failed(self, **known: Any) -> Explanation:
        """A FAILED explanation without queries."""
        return Explanation(status=Outcome.FAILED, explainer=self.explainer.name, queries=0, **known)

    def manifest(self) -> Manifest:
        """What is asked, for the run folder."""
        return Manifest(
            verb="explain",
            settings=self.settings.question(),
            model=self.named_model,
            data=self.named_data,
            spec=self.dataset.spec,
            agent=getattr(self.explainer, "about", None),
        )


def open_explanation(
    settings: ExplainSettings, model: Any = None, data: Any = None, *, outputs: int | None = None
) -> OpenedExplanation:
    """Open what the settings name; model and data may be given as Python objects instead.

    outputs: how many classes the model answers, where that is known already. Raises BrittleError with one
    line.
    """
    flips = Flips(settings.flips, settings.data_options.limit) if settings.flips else None
    found = fit(settings, model, data, outputs, flips)
    spec = found.dataset.spec
    explainer = settings.explainer or ("tide" if "time" in spec.axes else "survey")
    fills = USUAL_FILLS if settings.fill is None else (settings.fill,)
    way = open_explainer(explainer, **settings.explainer_settings)

    def other_fill(used: str) -> Fill:
        return open_fill(next(name for name in USUAL_FILLS if name != used), spec, settings.seed)

    return OpenedExplanation(
        **vars(found),
        settings=settings.model_copy(update={"explainer": explainer}),
        explainer=way,
        fills=tuple(open_fill(name, spec, settings.seed) for name in fills),
        which=named_class(settings.which, found.model.classes),
        truth=TruthMasks(settings.truth, found.dataset) if settings.truth else None,
        evaluator=Evaluator(way, other_fill, settings.seed) if settings.evaluate else None,
    )


def named_class(which: str, classes: tuple[str, ...]) -> str | int:
    """A class that is named, by its index; what is chosen by the answer as it is. Raises UsageError."""
    return which if which in BY_ANSWER and which not in classes else class_index(which, classes)


def chosen_class(which: str | int, clean: Array, label: int | None) -> int:
    """The class that is explained of an answer (classes,). Raises DataError where it has none."""
    if isinstance(which, int):
        return which
    if which == "true":
        if label is None:
            raise DataError(
                "it has no label, so that its true class cannot be explained; use another --class"
            )
        if not 0 <= label < len(clean):
            raise DataError(f"expected a label of 0 to {len(clean) - 1}, got {label}")
        return label
    order = np.argsort(-clean, kind="stable")
    return int(order[min(len(clean) - 1, int(which == "second"))])
