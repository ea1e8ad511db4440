"""How limits of figures are said: NAME=LIMIT on the command line, a mapping elsewhere."""

from collections.abc import Collection, Mapping
from typing import Annotated, Any

from pydantic import BeforeValidator, FiniteFloat

from brittle.core.errors import did_you_mean
from brittle.report.gates.gate import Gate


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


def refuse_limits(
    limits: Mapping[str, float] | None, names: Collection[str], shares: Collection[str]
) -> None:
    """Raise ValueError for a figure that is not among the names, and a limit that a share cannot reach."""
    for name, limit in (limits or {}).items():
        if name not in names:
            raise ValueError(f"there is no figure '{name}'; {did_you_mean(name, names)}")
        if name in shares and not 0 <= limit <= 1:
            raise ValueError(f"{name} is a share, so expected a limit from 0 to 1")


def gates_of(over: Mapping[str, float] | None, under: Mapping[str, float] | None) -> tuple[Gate, ...]:
    """A gate for each limit."""
    return (
        *(Gate(name, "over", limit) for name, limit in (over or {}).items()),
        *(Gate(name, "under", limit) for name, limit in (under or {}).items()),
    )
