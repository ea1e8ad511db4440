"""What the maps of a run are worth: areas beside those of maps that cost nothing, and against the truth."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from brittle.core.explanation import Explanation
from brittle.report.explain.lines import Columns
from brittle.report.intervals import Interval, wilson
from brittle.report.summary import Spread

MAPS = ("map", "centre", "contrast", "random")
"""The maps of an evaluation: the explainer's; and three that ask nothing: of what is nearer to the centre, of
what the fill changes more, and of chance."""
OWN, OTHER = "own", "other"
"""The fill that the maps were made with, and one that they were not made with."""
AREAS = ("insertion", "deletion", "difference")


@dataclass(frozen=True)
class Portion:
    """How many of some samples."""

    hits: int
    trials: int

    @property
    def share(self) -> float | None:
        """Of all of them; None of none."""
        return self.hits / self.trials if self.trials else None

    @property
    def interval(self) -> Interval | None:
        """95 % Wilson interval of the share."""
        return wilson(self.hits, self.trials)

    def to_dict(self) -> dict[str, Any]:
        """Plain data, for JSON."""
        return {"share": self.share, "interval": self.interval and self.interval.to_list(), "of": self.trials}


@dataclass(frozen=True)
class MapAreas:
    """The areas of one kind of map behind one fill. ahead: by how much the explainer's is greater."""

    insertion: Spread
    deletion: Spread
    difference: Spread
    ahead: Spread

    def to_dict(self) -> dict[str, Any]:
        """Plain data, for JSON."""
        return {name: getattr(self, name).to_dict(intervals=True) for name in (*AREAS, "ahead")}


@dataclass(frozen=True)
class Evaluated:
    """Evaluations of a run. areas: by MAPS, then by OWN or OTHER fill, what is there.

    fills: names of either, the commonest first.
    drop, increase: Average Drop and Increase; stability: rank correlation with the map of another seed.
    """

    samples: int
    areas: Mapping[str, Mapping[str, MapAreas]]
    fills: Mapping[str, list[str]]
    drop: Spread
    increase: Portion
    stability: Spread

    def to_dict(self) -> dict[str, Any]:
        """Plain data, for JSON."""
        return {
            "samples": self.samples,
            "fills": dict(self.fills),
            "areas": {
                name: {fill: found.to_dict() for fill, found in by_fill.items()}
                for name, by_fill in self.areas.items()
            },
            "drop": self.drop.to_dict(intervals=True),
            "increase": self.increase.to_dict(),
            "stability": self.stability.to_dict(intervals=True),
        }


@dataclass(frozen=True)
class TruthFound:
    """Maps of a run against masks of what should matter."""

    samples: int
    iou: Spread
    pointing: Portion
    mass: Spread

    def to_dict(self) -> dict[str, Any]:
        """Plain data, for JSON."""
        return {
            "samples": self.samples,
            "iou": self.iou.to_dict(intervals=True),
            "pointing": self.pointing.to_dict(),
            "mass": self.mass.to_dict(intervals=True),
        }


def collect(line: Explanation, columns: Columns) -> None:
    """Note what a line has of both."""
    if found := line.evaluation:
        columns.add(found.drop, "drop")
        columns.add(found.increase, "increase")
        columns.add(found.stability, "stability")
        for name in MAPS:
            for fill, areas in found.areas.get(name, {}).items():
                which = OWN if fill == line.fill else OTHER
                columns.add(1, "fill", which, fill)
                for kind in AREAS:
                    columns.add(getattr(areas, kind), name, which, kind)
                ours = found.areas.get("map", {}).get(fill)
                if ours and name != "map":
                    columns.add(ours.difference - areas.difference, name, which, "ahead")
    if line.truth:
        columns.add(line.truth.iou, "iou")
        columns.add(line.truth.pointing, "pointing")
        columns.add(line.truth.mass, "mass")


def evaluated(columns: Columns) -> Evaluated | None:
    """The evaluations of all lines; None where there are none."""
    samples = columns.count("drop")
    if not samples:
        return None

    def areas(name: str, fill: str) -> MapAreas:
        return MapAreas(*(columns.spread(name, fill, kind) for kind in (*AREAS, "ahead")))

    return Evaluated(
        samples=samples,
        areas={
            name: {fill: areas(name, fill) for fill in (OWN, OTHER) if columns.count(name, fill, AREAS[0])}
            for name in MAPS
        },
        fills={which: columns.after("fill", which) for which in (OWN, OTHER)},
        drop=columns.spread("drop"),
        increase=_portion(columns, "increase"),
        stability=columns.spread("stability"),
    )


def truth_found(columns: Columns) -> TruthFound | None:
    """The maps of all lines against the truth; None where none is known."""
    samples = columns.count("iou")
    if not samples:
        return None
    return TruthFound(samples, columns.spread("iou"), _portion(columns, "pointing"), columns.spread("mass"))


def _portion(columns: Columns, name: str) -> Portion:
    return Portion(round(columns.total(name)), columns.count(name))
