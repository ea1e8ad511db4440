"""One sample from its first query to its explanation: fill, map, curves, what suffices, what flips.

A sample run, as that of an audit: it yields requests for rows and is sent the answers.
"""

from collections.abc import Callable, Generator, Mapping
from dataclasses import dataclass, field
from functools import partial
from time import perf_counter
from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray

from brittle.core.account import top
from brittle.core.curves import MEASURES, curve_areas, curve_masks, top_masks
from brittle.core.errors import DataError, DiskError
from brittle.core.explainer import Attribution, ExplainerFactory, Scene
from brittle.core.explanation import Explanation, Outcome, Share
from brittle.core.request import Request, SampleRun, asked
from brittle.core.sample import Array, Sample
from brittle.core.sample_run import Archive, now, why
from brittle.core.search import InputBoard
from brittle.core.seeds import generator
from brittle.core.shares import SHARE_ROWS, Shares, digits
from brittle.core.veil import Masks, Veil

LOST_PROBABILITY = 0.5
"""Of the untouched sample's, that a fill may keep at most: what keeps more shows nothing where it is put."""
STILL = 1e-3
"""Change of a probability that is none, relative to the greater one."""
ENDING = 2 * len(MEASURES) + SHARE_ROWS
"""Rows kept back for the end: both curves of the map, both shares and their verification."""
LEAST_BUDGET = ENDING + 16


class Fill(Protocol):
    """What stands where an input is masked: a function of the whole input. name: as users type it."""

    @property
    def name(self) -> str: ...

    def __call__(self, sample: Sample) -> Array:
        """The filled input, of the sample's shape, within its bounds."""


class Maps(Protocol):
    """Where maps are kept."""

    def write(self, sample: str, arrays: Mapping[str, NDArray[Any]]) -> str:
        """Store the arrays of a sample's explanation; returns their file. Raises DiskError."""


@dataclass(frozen=True)
class ExplainRules:
    """What all sample runs share.

    fills: the first that loses the class is used. which: the class, from the clean answer (classes,) and the
    label; raises DataError. after: shows further rows, of an account of their own, and says more of a sample.
    onlooker: is told what is shown, and what was answered.
    """

    explainer: ExplainerFactory
    fills: tuple[Fill, ...]
    which: Callable[[Array, int | None], int]
    budget: int
    archive: Archive
    maps: Maps
    seed: int = 0
    after: "After | None" = None
    onlooker: "ExplainOnlooker | None" = None


@dataclass
class Book:
    """What an onlooker is told of a sample under way. known: its line so far, with its counter of rows.

    attribution: its map, once the explainer has returned it.
    """

    scene: Scene
    veil: Veil
    budget: int
    known: Mapping[str, Any]
    attribution: Attribution | None = None


ExplainOnlooker = Callable[[Book, Masks, Array], None]
"""Told the masks of a request and the answers to them, once they are counted: those of the explainer, then
those of its map's curves; and before its first request no masks. Changes nothing and raises nothing."""
Told = Callable[[Masks, Array], None]


@dataclass
class Found:
    """What a sample run has found. known: what its line will say; it holds the counters of rows."""

    scene: Scene
    fill: Fill
    attribution: Attribution
    known: dict[str, Any] = field(default_factory=dict)


After = Callable[[Found], Generator[Request, Array, dict[str, Any]]]


def explain_sample(
    name: str, open_sample: Callable[[], Sample], rules: ExplainRules
) -> SampleRun[Explanation]:
    """The run of one sample. Bad data or a failing explainer make it FAILED; nothing is raised."""
    start, began = perf_counter(), now()
    known: dict[str, Any] = {"label": None, "queries": 0, "evaluation_rows": 0}
    try:
        known.update((yield from _explain(open_sample, rules, known)))
    except DiskError:
        raise
    except Exception as error:
        unfinished = dict.fromkeys(("insertion", "deletion", "suffices", "flips"))
        known.update(unfinished, status=Outcome.FAILED, message=why(error), file="", original="")
    return Explanation(
        sample=name,
        explainer=rules.explainer.name,
        seed=rules.seed,
        seconds=round(perf_counter() - start, 3),
        started=began,
        finished=now(),
        **known,
    )


def _explain(
    open_sample: Callable[[], Sample], rules: ExplainRules, known: dict[str, Any]
) -> Generator[Request, Array, dict[str, Any]]:
    sample = open_sample()
    known["label"] = sample.label
    clean = (yield from asked(Request(InputBoard(sample), sample.x[None]), known))[0]
    known.update(predicted=int(clean.argmax()), top=top(clean))
    explained = rules.which(clean, sample.label)
    known.update(explained=explained, probability=digits(clean[explained]))
    chosen = yield from _choose_fill(sample, explained, clean, rules, known)
    if chosen is None:
        return {}
    fill, veil, filled = chosen
    scene = Scene(
        sample=sample,
        fill=veil.fill,
        explained=explained,
        clean=clean,
        filled=filled,
        rows=rules.budget - known["queries"] - ENDING,
        rng=generator(rules.seed, sample.id, rules.explainer.name),
        measures=MEASURES,
    )
    book = Book(scene, veil, rules.budget, known)
    told = partial(rules.onlooker, book) if rules.onlooker else None
    if told:
        told(np.empty((0, *scene.sides), np.uint8), clean[None][:0])
    attribution = yield from attribute(rules.explainer, scene, veil, known, told=told)
    book.attribution = attribution
    known["notes"] = scene.notes or None
    if not np.ptp(attribution.map) > 0:
        return {"status": Outcome.NOTHING_FOUND, "message": "the map is flat: no part matters more"}
    yield from _end(scene, veil, attribution, rules, known, told)
    if rules.after:
        known.update((yield from rules.after(Found(scene, fill, attribution, known))))
    return {"status": Outcome.EXPLAINED}


def _choose_fill(
    sample: Sample, explained: int, clean: Array, rules: ExplainRules, known: dict[str, Any]
) -> Generator[Request, Array, tuple[Fill, Veil, Array] | None]:
    """The first fill that loses the class, a row each; None, and the status in known, where none does."""
    kept: dict[str, float] = {}
    for fill in rules.fills:
        veil = Veil(sample, fill(sample))
        answer = (yield from asked(Request(InputBoard(sample), veil.fill[None]), known))[0]
        kept[fill.name] = float(answer[explained])
        known.update(fill=fill.name, filled=digits(answer[explained]))
        if answer[explained] <= LOST_PROBABILITY * clean[explained]:
            return fill, veil, answer
    before = float(clean[explained])
    if all(abs(p - before) <= STILL * max(p, before) for p in kept.values()):
        text = "the answer is the same whatever is filled"
        known.update(status=Outcome.NOTHING_FOUND, message=text)
    else:
        told = ", ".join(f"{name} {p:.3g}" for name, p in kept.items())
        known.update(
            status=Outcome.REFUSED,
            message=f"a fill must lose the class (probability {before:.3g}), but kept it: {told}; "
            "choose another fill, or explain another class",
        )
    return None


def attribute(
    factory: ExplainerFactory,
    scene: Scene,
    veil: Veil,
    known: dict[str, Any],
    count: str = "queries",
    told: Told | None = None,
) -> Generator[Request, Array, Attribution]:
    """Let an explainer play; its map, checked. Raises DataError if it wants more rows than it has."""
    explainer, shown = factory(scene), 0
    try:
        masks: Masks = next(explainer)
        while True:
            shown += len(masks)
            if shown > scene.rows:
                raise DataError(f"{factory.name} asked for {shown} rows, and had {scene.rows}")
            answers = yield from asked(Request(veil, masks), known, count)
            if told:
                told(masks, answers)
            masks = explainer.send(answers)
    except StopIteration as end:
        found: Attribution = end.value
    finally:
        explainer.close()
    if found.map.shape != scene.sides or not np.isfinite(found.map).all():
        raise DataError(f"{factory.name} returned a map of {found.map.shape}, expected finite {scene.sides}")
    return found


def _end(
    scene: Scene,
    veil: Veil,
    found: Attribution,
    rules: ExplainRules,
    known: dict[str, Any],
    told: Told | None = None,
) -> Generator[Request, Array, None]:
    """Both curves of the map, what suffices, what flips, and the files."""
    masks = curve_masks(found.map, MEASURES)
    answers = yield from asked(Request(veil, masks), known)
    if told:
        told(masks, answers)
    kept, taken = answers[: len(MEASURES)], answers[len(MEASURES) :]
    insertion, deletion = scene.scores(kept), scene.scores(taken)
    before, after = float(scene.clean[scene.explained]), float(scene.filled[scene.explained])
    areas = curve_areas(MEASURES, scene.scores(answers), after, before)
    known.update(
        insertion=digits(areas[0]),
        deletion=digits(areas[1]),
        original=rules.archive.write(scene.sample.id, "original", scene.sample.x),
    )
    rules.archive.write(scene.sample.id, "fill", scene.fill)
    shares = Shares(scene, veil, found.map, rules.archive, known)
    yield from shares.find(kept, taken)
    suffices: Share | None = known["suffices"]
    known["file"] = rules.maps.write(
        scene.sample.id,
        {
            "map": found.map.astype(np.float32),
            "sd": np.full(scene.sides, np.nan, np.float32) if found.sd is None else found.sd,
            "mask": top_masks(found.map, [suffices.share if suffices else 0.0])[0] > 0,
            "shares": np.array(MEASURES),
            "insertion": insertion,
            "deletion": deletion,
            "seed": np.array(rules.seed),
            "rows": np.array(known["queries"]),
        },
    )
