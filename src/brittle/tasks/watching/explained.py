"""Tell who watches an explanation what is shown of one sample, and its map so far; nothing is changed."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np

from brittle.core.explain_run import Book
from brittle.core.explanation import Explanation
from brittle.core.sample import Array
from brittle.core.veil import Masks
from brittle.domains.glow import GLOW, SHADE
from brittle.report.classes import class_name
from brittle.tasks.watching.bars import bars
from brittle.tasks.watching.previews import kind_of, preview
from brittle.tasks.watching.running_map import Places, RunningMap, levels_of, levels_so_far, places_of
from brittle.tasks.watching.telling import Pace, Telling

MOST_POINTS = 1000  # of a sample; of more, every second is forgotten
MOST_AT_ONCE = 64  # of one request
PICTURES = 2 / 3  # of what may be spent; the rest is for what is added up of every sample


@dataclass
class _Seen:
    """What was seen of a sample since somebody watches. points: query and probability of rows."""

    book: Book
    places: Places
    running: RunningMap
    points: list[tuple[int, float]] = field(default_factory=list)
    told: int = 0

    @classmethod
    def of(cls, book: Book) -> "_Seen":
        places = places_of(book.scene.sample.spec)
        return cls(book, places, RunningMap(places))

    def take(self, masks: Masks, answers: Array) -> None:
        """A request of the explainer, or of the curves of its map, which are not asked to find it."""
        scores = self.book.scene.scores(answers)
        if self.book.attribution is None:
            self.running.add(masks, scores)
        first = self.book.known["queries"] - len(masks) + 1
        for k in range(0, len(masks), -(-len(masks) // MOST_AT_ONCE) or 1):
            self.points.append((first + k, round(float(scores[k]), 4)))
        if len(self.points) > MOST_POINTS:
            self.points = self.points[::2]

    def news(self) -> list[tuple[int, float]]:
        """Points since the last time."""
        found = [point for point in self.points if point[0] > self.told]
        self.told = found[-1][0] if found else self.told
        return found

    @property
    def map(self) -> dict[str, Any]:
        """The map: the one that was found, or as it is so far, with the rows that it is from."""
        found = self.book.attribution
        if found is not None:
            return {"map": levels_of(found.map, self.places), "seen": None}
        return {"map": levels_so_far(self.running), "seen": self.running.rows}


class MapSpotlight:
    """Follows one sample of an explanation while it is watched; `onlook` is an ExplainOnlooker."""

    def __init__(self, folder: Path, classes: Sequence[str]) -> None:
        self.classes = classes
        self._telling = Telling(folder, Pace(PICTURES))
        self._adding = Pace(1 - PICTURES, apart=False)
        self._seen: dict[str, _Seen] = {}

    def onlook(self, book: Book, masks: Masks, answers: Array) -> None:
        """What was shown, and what was answered; before the first request no masks."""
        with self._telling.guarded():
            self._look(book, masks, answers)

    def ended(self, result: Any) -> None:
        """A sample has its result."""
        seen = self._seen.pop(result.sample, None)
        if self._telling.sample != result.sample:
            return
        with self._telling.guarded():
            if seen is not None:
                self._telling.tell("end", **_ending(result), **seen.map, points=seen.news())
        self._telling.leave()

    def _look(self, book: Book, masks: Masks, answers: Array) -> None:
        telling, name = self._telling, book.scene.sample.id
        if telling.watched and self._adding.due:  # of every sample under way, as it may be followed next
            with self._adding.kept():
                self._seen_of(book).take(masks, answers)
        if telling.follows(name, partial(self._begin, book)) and len(masks) and telling.pace.due:
            with telling.pace.kept():
                telling.tell("step", **self._step(self._seen_of(book), masks, answers))

    def _seen_of(self, book: Book) -> _Seen:
        name = book.scene.sample.id
        if name not in self._seen:
            self._seen[name] = _Seen.of(book)
        return self._seen[name]

    def _begin(self, book: Book) -> None:
        """All that is known of the sample, for who comes now."""
        seen = self._seen_of(book)
        seen.told = 0
        scene, spec = book.scene, book.scene.sample.spec
        colours = SHADE if "time" in spec.axes else GLOW
        self._telling.tell(
            "sample",
            explained=class_name(self.classes, scene.explained),
            probability=round(float(scene.clean[scene.explained]), 6),
            filled=round(float(scene.filled[scene.explained]), 6),
            fill=str(book.known.get("fill", "")),
            budget=book.budget,
            rows=scene.rows,
            query=book.known["queries"],
            bars=bars(self.classes, scene.clean, scene.clean, scene.explained),
            original=preview(scene.sample.x, spec),
            counts=[len(place) for place in seen.places],
            colours=["#{:02x}{:02x}{:02x}".format(*colour) for colour in colours],
            points=seen.news(),
            **kind_of(spec),
            **seen.map,
        )

    def _step(self, seen: _Seen, masks: Masks, answers: Array) -> dict[str, Any]:
        """The last row of a request."""
        book, scene = seen.book, seen.book.scene
        x = np.empty(scene.sample.spec.shape, np.float32)
        book.veil.render(masks[-1], x)
        return {
            "query": book.known["queries"],
            "shown": len(masks),
            "found": book.attribution is not None,
            "probability": round(float(answers[-1, scene.explained]), 6),
            "kept": round(float(masks[-1].mean()) / 255, 4),
            "bars": bars(self.classes, answers[-1], scene.clean, scene.explained),
            "masked": preview(x, scene.sample.spec),
            "points": seen.news(),
            **seen.map,
        }


def _ending(result: Any) -> dict[str, Any]:
    """How a sample ended, as its line has it."""
    if not isinstance(result, Explanation):
        return {}
    return {
        "status": result.status.value,
        "query": result.queries,
        "suffices": result.suffices.share if result.suffices else None,
        "flips": result.flips.share if result.flips else None,
        "insertion": result.insertion,
        "deletion": result.deletion,
    }
