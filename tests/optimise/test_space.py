"""Spaces: what goes in comes out, and features are the same for what means the same."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from brittle.core.errors import UsageError
from brittle.optimise.kinds import Angle, Choice, Colour, Direction, Line, Log
from brittle.optimise.space import Space

SPACE = Space(
    line=Line(-2, 3),
    log=Log(1e-3, 10),
    angle=Angle(),
    way=Direction(2),
    colour=Colour(3),
    choice=Choice("abc"),
)


def points(n: int = 40, seed: int = 0) -> np.ndarray:
    return SPACE.random(n, np.random.default_rng(seed))


def test_a_point_survives_its_dict() -> None:
    for point in points():
        assert np.array_equal(SPACE.point_of(SPACE.dict_of(point)), point)


def test_a_point_survives_its_features() -> None:
    features = SPACE.features(points())
    assert features.shape == (40, SPACE.size) and len(SPACE.groups) == SPACE.size
    assert np.allclose(SPACE.features(SPACE.points(features)), features, atol=1e-7)


def test_features_of_what_means_the_same_are_the_same() -> None:
    row = SPACE.dict_of(points(1)[0])
    same = {
        **row,
        "angle": row["angle"] + 4 * np.pi,
        "way": tuple(-np.array(row["way"])),
        "colour": tuple(-3 * np.array(row["colour"])),
    }
    pair = np.stack([SPACE.point_of(row), SPACE.point_of(same)])
    first, second = SPACE.features(pair)
    assert np.allclose(first, second, atol=1e-12)
    assert not np.allclose(pair[0], pair[1])


def test_no_two_values_of_a_kind_are_farther_apart_than_one() -> None:
    for kind in SPACE.kinds.values():
        features = kind.features(kind.random(200, np.random.default_rng(0)))
        apart = np.linalg.norm(features[:, None] - features, axis=2).max()
        assert 0.95 < apart <= 1 + 1e-12, kind


@settings(deadline=None, max_examples=30)
@given(st.integers(0, 10**6), st.floats(1e-4, 2), st.floats(0, 1))
def test_neighbours_are_points_of_the_space(seed: int, spread: float, moved: float) -> None:
    rng = np.random.default_rng(seed)
    near = SPACE.near(points(20, seed), rng, spread, moved)
    for point in near:
        SPACE.point_of(SPACE.dict_of(point))  # raises for what is out of range
    assert np.allclose(np.linalg.norm(near[:, 5:8], axis=1), 1)
    assert (near[:, 2] >= 0).all() and (near[:, 2] < 2 * np.pi).all()


def test_a_neighbour_moves_in_one_parameter_at_least_and_its_origin_stays() -> None:
    space = Space(a=Line(0, 1), b=Line(0, 1), c=Line(0, 1))
    origin = np.full((50, 3), 0.5)
    near = space.near(origin, np.random.default_rng(0), 0.1, moved=0.0)
    assert ((near != 0.5).sum(axis=1) == 1).all() and (origin == 0.5).all()
    small, large = (np.abs(space.near(origin, np.random.default_rng(0), s) - 0.5).mean() for s in (0.01, 0.1))
    assert large == pytest.approx(10 * small, rel=0.05)


def test_log_values_are_uniform_in_the_logarithm() -> None:
    values = Log(1e-4, 1).random(4000, np.random.default_rng(0))
    assert np.median(values) == pytest.approx(1e-2, rel=0.3)


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"line": 4}, "'line': expected a number from -2 to 3, got 4"),
        ({"log": "many"}, "'log': expected a number"),
        ({"colour": (0, 0, 0)}, "'colour': expected 3 finite numbers"),
        ({"choice": "d"}, "'choice': expected one of"),
        ({"liine": 1}, "did you mean 'line'"),
        ({"angle": float("nan")}, "'angle': expected a number"),
    ],
)
def test_a_wrong_value_is_named(change: dict[str, object], said: str) -> None:
    with pytest.raises(UsageError, match=said):
        SPACE.point_of({**SPACE.dict_of(points(1)[0]), **change})


def test_a_missing_value_and_a_wrong_space_are_named() -> None:
    with pytest.raises(UsageError, match="none of 'line'"):
        SPACE.point_of({})
    for make in (Space, lambda: Line(1, 1), lambda: Log(0, 1), lambda: Choice([]), lambda: Direction(0)):
        with pytest.raises(UsageError, match="expected"):
            make()
    with pytest.raises(UsageError, match="for 'x'"):
        Space(x=(0, 1))  # type: ignore[arg-type]
