"""What an audit says while it runs."""

from collections.abc import Callable
from dataclasses import dataclass, replace

from brittle.core.result import SearchResult, Status


@dataclass(frozen=True)
class Progress:
    """Where an audit stands.

    rows: shown by this command for samples; warming: shown while its agent learns. share: of the whole work,
    0 to 1.
    """

    total: int
    budget: int
    done: int = 0
    flipped: int = 0
    survived: int = 0
    misclassified: int = 0
    failed: int = 0
    rows: int = 0
    finished_rows: int = 0
    warming: int = 0
    seconds: float = 0.0

    @property
    def share(self) -> float:
        """Samples that are done, and the part of their budgets that the others have used."""
        if not self.total:
            return 1.0
        under_way = max(0, self.rows - self.finished_rows) / self.budget
        return min(1.0, (self.done + under_way) / self.total)

    def after(self, result: SearchResult, fresh: bool = True) -> "Progress":
        """With one more result; fresh = found by this command, not by an earlier one."""
        key = Status(result.status).value
        return replace(
            self,
            done=self.done + 1,
            finished_rows=self.finished_rows + (result.queries if fresh else 0),
            **{key: getattr(self, key) + 1},
        )


Watch = Callable[[Progress], None]
