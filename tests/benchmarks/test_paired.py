"""Ratios of pairs: the geometric mean goes over those that both flipped."""

import numpy as np
import pytest

from paired import geometric_ratio


def test_a_geometric_ratio_goes_over_pairs_that_both_flipped() -> None:
    rng = np.random.default_rng(0)
    theirs = rng.uniform(1, 9, 40)
    found = geometric_ratio(theirs * np.tile([0.25, 1.0], 20), theirs, rng)
    assert found.value == pytest.approx(0.5) and found.samples == 40
    assert found.interval is not None and 0.3 < found.interval.low < 0.5 < found.interval.high < 0.8
    ours = np.array([1.0, np.inf, 4.0])
    few = geometric_ratio(ours, np.array([2.0, 1.0, np.inf]), rng)
    assert few.value == pytest.approx(0.5) and few.samples == 1 and few.interval is None
