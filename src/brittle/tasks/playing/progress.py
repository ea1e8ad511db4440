"""What a run says while its samples are played."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from typing import Any


@dataclass(frozen=True)
class Progress:
    """Where a run stands.

    counts: finished samples by how they ended. rows: shown by this command for samples; warming: shown while
    its agent learns. share: of the whole work, 0 to 1.
    """

    total: int
    budget: int
    counts: Mapping[str, int] = field(default_factory=dict)
    rows: int = 0
    finished_rows: int = 0
    warming: int = 0
    seconds: float = 0.0

    @property
    def done(self) -> int:
        """Samples that are finished."""
        return sum(self.counts.values())

    @property
    def share(self) -> float:
        """Samples that are done, and the part of their budgets that the others have used."""
        if not self.total:
            return 1.0
        under_way = max(0, self.rows - self.finished_rows) / self.budget
        return min(1.0, (self.done + under_way) / self.total)

    def after(self, result: Any, fresh: bool = True) -> "Progress":
        """With one more result; fresh = found by this command, not by an earlier one."""
        key, rows = str(result.status), result.queries + getattr(result, "evaluation_rows", 0)
        return replace(
            self,
            finished_rows=self.finished_rows + (rows if fresh else 0),
            counts={**self.counts, key: self.counts.get(key, 0) + 1},
        )


Watch = Callable[[Progress], None]
