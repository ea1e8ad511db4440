"""The one queue that all workers of a run draw samples from."""

from collections import Counter, deque
from collections.abc import Iterable, Iterator, Sequence

SUSPECT, GUILTY = 2, 3
"""Deaths of workers that had a sample open: from then on it is played alone; then it is given up."""


class SampleQueue:
    """Samples that wait for a worker.

    Those of a worker that dies wait again. One that was open at two deaths is a suspect, to be played alone,
    and is given up at the third.
    """

    def __init__(self, names: Sequence[str]) -> None:
        self._waiting = deque(names)
        self._suspects: deque[str] = deque()
        self._deaths: Counter[str] = Counter()

    def __len__(self) -> int:
        """How many wait that are no suspects."""
        return len(self._waiting)

    @property
    def empty(self) -> bool:
        """Whether nothing waits."""
        return not (self._waiting or self._suspects)

    def draw(self) -> str | None:
        """The next sample; None where none waits."""
        return self._waiting.popleft() if self._waiting else None

    def draw_suspect(self) -> str | None:
        """The next suspect, for a worker of its own."""
        return self._suspects.popleft() if self._suspects else None

    def put_back(self, names: Iterable[str]) -> Iterator[str]:
        """The samples of a worker that died; yields those that are given up."""
        for name in sorted(names):
            self._deaths[name] += 1
            if self._deaths[name] >= GUILTY:
                yield name
            elif self._deaths[name] >= SUSPECT:
                self._suspects.append(name)
            else:
                self._waiting.append(name)
