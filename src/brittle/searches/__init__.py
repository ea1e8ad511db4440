"""Ways to play: every search is a frozen dataclass of its settings that makes a generator for one sample."""

from typing import Any

from brittle.core.errors import UsageError, did_you_mean
from brittle.core.registry import Registry
from brittle.core.search import SearchFactory

SEARCHES = Registry(
    "search",
    "brittle.searches",
    {
        "random": "brittle.searches.random:Random",
        "greedy": "brittle.searches.greedy:Greedy",
    },
)


def open_search(name: str, **settings: Any) -> SearchFactory[Any]:
    """The search of this name with its settings. Raises UsageError for an unknown name or setting."""
    member = SEARCHES.load(name)
    known = list(getattr(member, "__dataclass_fields__", {}))
    for key in settings:
        if key not in known:
            raise UsageError(f"the search {name} has no setting '{key}'; {did_you_mean(key, known)}")
    try:
        search: SearchFactory[Any] = member(**settings)
    except (TypeError, ValueError) as error:
        raise UsageError(f"the search {name} cannot be set up: {error}") from error
    return search
