"""Ways to play: every search is its settings, and makes a generator for one sample."""

from typing import Any

from brittle.core.errors import UsageError, did_you_mean
from brittle.core.registry import Registry
from brittle.core.search import SearchFactory
from brittle.settings import Settings

SEARCHES = Registry(
    "search",
    "brittle.searches",
    {
        "random": "brittle.searches.random:Random",
        "greedy": "brittle.searches.greedy:Greedy",
        "two-stage": "brittle.searches.two_stage:TwoStage",
        "rlab": "brittle.searches.rlab.search:Rlab",
        "patchwork": "brittle.searches.patchwork.search:Patchwork",
        "ripple": "brittle.searches.ripple.search:Ripple",
        "waves": "brittle.searches.waves:WavesAlone",
        "tune": "brittle.searches.tune.search:Tune",
        "agent": "brittle.agent.player:Agent",
        "temporal-spatial": "brittle.agent.temporal_spatial:TemporalSpatial",
        "square-l2": "brittle.searches.square.search:SquareL2",
        "square-linf": "brittle.searches.square.search:SquareLinf",
        "simba-pixel": "brittle.searches.simba:SimbaPixel",
        "simba-dct": "brittle.searches.simba:SimbaDct",
        "gfcs": "brittle.searches.gfcs:Gfcs",
        "bases": "brittle.searches.bases:Bases",
        "nes": "brittle.searches.nes:Nes",
        "pixle": "brittle.searches.pixle:Pixle",
        "art-square-l2": "brittle.searches.peers.art:SquareL2",
        "art-square-linf": "brittle.searches.peers.art:SquareLinf",
        "art-simba-pixel": "brittle.searches.peers.art:SimBAPixel",
        "art-simba-dct": "brittle.searches.peers.art:SimBADCT",
        "hopskipjump": "brittle.searches.peers.art:HopSkipJump",
        "boundary": "brittle.searches.peers.art:Boundary",
        "foolbox-noise": "brittle.searches.peers.foolbox:GaussianNoise",
        "foolbox-blur": "brittle.searches.peers.foolbox:GaussianBlur",
        "foolbox-salt-and-pepper": "brittle.searches.peers.foolbox:SaltAndPepper",
        "foolbox-contrast": "brittle.searches.peers.foolbox:Contrast",
        "corruptions": "brittle.searches.peers.corruptions:Corruptions",
    },
)


def open_search(name: str, **settings: Any) -> SearchFactory[Any]:
    """The search of this name with its settings. Raises UsageError for an unknown name or setting."""
    member = SEARCHES.load(name)
    if isinstance(member, type) and issubclass(member, Settings):
        built: Any = member.build(settings, f"the search {name}")
    else:
        built = _of_others(member, name, settings)
    search: SearchFactory[Any] = built
    return search


def _of_others(member: Any, name: str, settings: dict[str, Any]) -> Any:
    """A search of someone else, in whatever way it takes its settings."""
    known = list(getattr(member, "__dataclass_fields__", {}))
    for key in settings:
        if key not in known:
            raise UsageError(f"there is no setting '{key}' of the search {name}; {did_you_mean(key, known)}")
    try:
        return member(**settings)
    except (TypeError, ValueError) as error:
        raise UsageError(f"the search {name} cannot be set up: {error}") from error
