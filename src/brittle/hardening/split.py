"""Which samples are learned from, which choose among weights, and which are kept for the report."""

from collections.abc import Iterable, Mapping
from typing import Literal

from brittle.core.seeds import generator

Side = Literal["learn", "choose", "report"]


def split(
    ids: Iterable[str],
    seed: int,
    groups: Mapping[str, str] | None = None,
    choose: float = 0.1,
    report: float = 0.1,
) -> dict[str, Side]:
    """The side of every sample, by its id alone: other samples and their order do not matter.

    groups: id -> what its sample shares with others, as a patient or a video; a group is on one side.
    choose, report: shares of all ids, or of all groups, in expectation.
    """
    return {name: _side((groups or {}).get(name, name), seed, choose, report) for name in ids}


def _side(name: str, seed: int, choose: float, report: float) -> Side:
    place = generator(seed, "split", name).random()
    if place < report:
        return "report"
    return "choose" if place < report + choose else "learn"
