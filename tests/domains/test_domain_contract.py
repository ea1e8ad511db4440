import pytest

from brittle.core.errors import DataError
from brittle.core.sample import InputSpec
from brittle.domains import DOMAINS, domain_of


@pytest.mark.parametrize("name", DOMAINS.names())
def test_every_domain_is_found_by_its_axes(name: str) -> None:
    domain = DOMAINS.load(name)()
    spec = InputSpec((16,) * len(domain.axes), domain.axes)
    assert domain_of(spec) == domain
    assert domain.name == name
    assert DOMAINS.load(name).__doc__


def test_unknown_axes_name_the_known_ones() -> None:
    with pytest.raises(DataError, match=r"axes \(channel, depth\); .*image \(channel, height, width\)"):
        domain_of(InputSpec((1, 300), ("channel", "depth")))
