"""No input gives a traceback: the same generator as benchmarks/fuzz.py, fewer inputs."""

from collections.abc import Iterator

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from fuzz import Fuzz, fuzzing, trouble


@pytest.fixture(scope="module")
def fuzz() -> Iterator[Fuzz]:
    with fuzzing() as made:
        yield made


@settings(max_examples=500, deadline=None, derandomize=True, suppress_health_check=[HealthCheck.too_slow])
@given(seed=st.integers(0, 2**32))
def test_no_input_gives_a_traceback(fuzz: Fuzz, seed: int) -> None:
    assert trouble(fuzz, str(seed)) == ""
