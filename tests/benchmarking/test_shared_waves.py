"""Shared waves: plane waves whose crests wind."""

import numpy as np
import pytest

from brittle.benchmarking.waves import WavePatterns, columns, wave
from brittle.core.errors import RunError
from brittle.core.field import Field, Waves
from brittle.core.sample import InputSpec

SPEC = InputSpec((3, 20, 24), ("channel", "height", "width"), (0.0, 1.0), 8)


def drawn(count: int = 5) -> WavePatterns:
    return WavePatterns.drawn(count, SPEC, np.random.default_rng(0))


def test_a_wave_without_bend_is_a_plane_wave() -> None:
    row = drawn(1).rows[0]
    row[-1] = 0
    plane = Waves(row[None, 0], row[None, 1:3], row[None, 3], row[None, 4:7])
    assert wave(row, SPEC) == pytest.approx(Field(SPEC).wave(plane), abs=1e-5)


def test_waves_are_of_norm_1_and_the_bend_changes_them() -> None:
    for row in drawn().rows:
        bent, straight = wave(row, SPEC), wave(np.append(row[:-1], 0), SPEC)
        assert np.linalg.norm(bent) == pytest.approx(1)
        assert not np.allclose(bent, straight, atol=1e-3)


def test_plain_data_makes_the_same_waves_again() -> None:
    waves = drawn()
    data = waves.to_dict()
    assert data["columns"] == columns(SPEC) and len(data["waves"][0]) == len(columns(SPEC))
    assert (WavePatterns.from_dict(data, SPEC).rows == waves.rows).all()


@pytest.mark.parametrize("value", [0.0, -1.0, np.nan])
def test_a_bend_that_is_none_is_refused(value: float) -> None:
    rows = drawn().rows
    rows[2, columns(SPEC).index("bend cycles")] = value
    with pytest.raises(RunError, match="damaged"):
        WavePatterns.from_dict({"waves": rows.tolist()}, SPEC)
