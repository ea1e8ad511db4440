"""How each kind of input is cut into cells, stored and drawn."""

from functools import cache

from brittle.core.errors import DataError
from brittle.core.registry import Registry
from brittle.core.sample import InputSpec
from brittle.domains.domain import Domain

__all__ = ["DOMAINS", "Domain", "domain_of"]

DOMAINS = Registry(
    "domain",
    "brittle.domains",
    {
        "image": "brittle.domains.image:Image",
        "ecg": "brittle.domains.ecg:Ecg",
        "video": "brittle.domains.video:Video",
    },
)


@cache
def _domains() -> tuple[Domain, ...]:
    """All of them; what is installed is looked up once, as that reads a file for each package."""
    return tuple(DOMAINS.load(name)() for name in DOMAINS.names())


def domain_of(spec: InputSpec) -> Domain:
    """The domain of inputs with these axes. Raises DataError if there is none."""
    domains = _domains()
    for domain in domains:
        if domain.axes == spec.axes:
            return domain
    known = "; ".join(f"{domain.name} ({', '.join(domain.axes)})" for domain in domains)
    raise DataError(f"no domain has the axes ({', '.join(spec.axes)}); expected those of {known}")
