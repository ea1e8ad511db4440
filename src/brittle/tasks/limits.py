"""How limits of figures are said: NAME=LIMIT on the command line, a mapping elsewhere."""

from collections.abc import Collection
from typing import Annotated, Any, ClassVar

from pydantic import BeforeValidator, FiniteFloat, field_validator

from brittle.core.errors import did_you_mean
from brittle.report.gates.gate import Gate
from brittle.settings import Settings


def _by_name(value: Any) -> Any:
    """ "asr=.4" as {"asr": ".4"}, also of several."""
    texts = [value] if isinstance(value, str) else value
    if not isinstance(texts, list | tuple):
        return value
    pairs = [str(text).partition("=") for text in texts]
    if not all(equals for _, equals, _ in pairs):
        raise ValueError("expected FIGURE=LIMIT, such as asr=.4")
    found = {name: limit for name, _, limit in pairs}
    if len(found) < len(pairs):
        raise ValueError("expected each figure once")
    return found


Limits = Annotated[dict[str, FiniteFloat] | None, BeforeValidator(_by_name)]
"""Limits by the names of figures."""


class LimitedSettings(Settings):
    """Settings with limits of figures, as fields fail_over and fail_under of those that derive from it.

    figures: those that there are. shares: those of them that are shares, from 0 to 1.
    """

    figures: ClassVar[Collection[str]] = ()
    shares: ClassVar[Collection[str]] = ()

    @field_validator("fail_over", "fail_under", check_fields=False)
    @classmethod
    def _known(cls, limits: Limits) -> Limits:
        for name, limit in (limits or {}).items():
            if name not in cls.figures:
                raise ValueError(f"there is no figure '{name}'; {did_you_mean(name, cls.figures)}")
            if name in cls.shares and not 0 <= limit <= 1:
                raise ValueError(f"{name} is a share, so expected a limit from 0 to 1")
        return limits

    @property
    def gates(self) -> tuple[Gate, ...]:
        """A gate for each limit."""
        over, under = (getattr(self, side) or {} for side in ("fail_over", "fail_under"))
        return (
            *(Gate(name, "over", limit) for name, limit in over.items()),
            *(Gate(name, "under", limit) for name, limit in under.items()),
        )
