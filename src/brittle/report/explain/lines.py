"""The lines of a run of explanations, and the columns of numbers that they are summed up from."""

from array import array
from collections import defaultdict
from collections.abc import Iterator
from math import isfinite

from brittle.core.errors import RunError
from brittle.core.explanation import Explanation
from brittle.core.seeds import generator
from brittle.report.summary import Spread
from brittle.store.run import Run

GREATEST = 2**53
"""Of the numbers of a line; beyond it floats skip whole numbers."""


def lines_of(run: Run) -> Iterator[Explanation]:
    """Every line of a run whose numbers can be counted with. Raises RunError at one that cannot be."""
    for line in run.explanations():
        yield counted(run, line)


def counted(run: Run, line: Explanation) -> Explanation:
    """A line of a run whose numbers can be counted with. Raises RunError where they cannot be."""
    if not all(abs(value) <= GREATEST for value in _numbers(line)):  # NaN is no less than anything
        raise RunError(
            f"the line of {line.sample!r} in {run.path / 'results.jsonl'} has numbers that mean nothing; "
            "remove that line and run the same command again"
        )
    return line


def _numbers(line: Explanation) -> Iterator[int | float]:
    """Every number of a line but its notes."""
    parts: list[object] = [line, line.suffices, line.flips, line.evaluation, line.truth]
    if line.evaluation:
        parts += [areas for by_fill in line.evaluation.areas.values() for areas in by_fill.values()]
    for part in parts:
        if part is not None:
            yield from (value for value in vars(part).values() if isinstance(value, int | float))
    for pair in line.top:
        yield from pair


class Columns:
    """Numbers of many samples by what they are, each with a bootstrap of its own."""

    def __init__(self, seed: int) -> None:
        self.seed = seed
        self._values: dict[tuple[str, ...], array[float]] = defaultdict(lambda: array("d"))

    def add(self, value: float | None, *name: str) -> None:
        """One more value, if there is one."""
        if value is not None and isfinite(value):
            self._values[name].append(value)

    def count(self, *name: str) -> int:
        """How many values there are."""
        return len(self._values[name])

    def after(self, *start: str) -> list[str]:
        """How names that start so go on, those of most values first."""
        found = [name for name in self._values if name[:-1] == start]
        return [name[-1] for name in sorted(found, key=lambda name: (-self.count(*name), name))]

    def total(self, *name: str) -> float:
        """Their sum."""
        return float(sum(self._values[name]))

    def spread(self, *name: str) -> Spread:
        """Their mean and median, with intervals where there are values enough."""
        return Spread.of(self._values[name], generator(abs(self.seed), "bootstrap", *name))
