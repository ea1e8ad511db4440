"""What a hardening says while it is under way."""

from collections.abc import Callable
from dataclasses import dataclass

from brittle.hardening.records import Step
from brittle.tasks.playing.progress import Progress


@dataclass(frozen=True)
class Standing:
    """Where it stands. what: "before, patchwork"; now: of an audit, or of the training, of so many steps."""

    what: str
    now: Progress | Step
    steps: int | None = None


Watch = Callable[[Standing], None]
