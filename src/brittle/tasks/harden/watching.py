"""What a hardening says while it is under way."""

from collections.abc import Callable
from dataclasses import dataclass

from brittle.hardening.records import Step
from brittle.tasks.playing.progress import Progress


@dataclass(frozen=True)
class Measuring:
    """How many answers of so many are known: of samples under PGD by radius, of images under corruptions."""

    done: int
    total: int


@dataclass(frozen=True)
class Standing:
    """Where it stands. what: "before, patchwork"; now: of an audit, of the training, of so many steps, or of
    what is measured beside the audits."""

    what: str
    now: Progress | Step | Measuring
    steps: int | None = None


Watch = Callable[[Standing], None]
