"""The 15 corruptions: deterministic, in bounds, stronger with severity; the least that flips is noted."""

import numpy as np
import pytest

from brittle.core.goal import Goal
from brittle.core.sample import Array, InputSpec, Sample
from brittle.core.search import Game, InputBoard, Terms
from brittle.searches.peers.corruptions import Corruptions
from brittle.searches.peers.imagenet_c import CORRUPTIONS, SEVERITIES, Photo, corrupt

SPEC = InputSpec((3, 48, 40), ("channel", "height", "width"), bits=8)


def photo(channels: int = 3) -> Photo:
    rows, columns = np.mgrid[0:48, 0:40]
    layers = [0.5 + 0.35 * np.sin(rows / (3 + k) + k) * np.cos(columns / 4) for k in range(channels)]
    return np.stack(layers, -1)


def test_there_are_fifteen_at_five_severities() -> None:
    assert len(CORRUPTIONS) == 15
    assert {len(strengths) for _, strengths in CORRUPTIONS.values()} == {SEVERITIES}


@pytest.mark.parametrize("channels", [1, 3])
@pytest.mark.parametrize("name", CORRUPTIONS)
def test_a_corruption_keeps_shape_and_bounds_and_depends_on_its_seed_alone(name: str, channels: int) -> None:
    x = photo(channels)
    before = x.copy()
    for severity in (1, SEVERITIES):
        one, same = (corrupt(x, name, severity, np.random.default_rng(3)) for _ in range(2))
        assert one.shape == x.shape
        assert np.array_equal(one, same)
        assert one.min() >= 0 and one.max() <= 1
        assert not np.array_equal(one, x)
    assert np.array_equal(x, before)


# Elastic's severities differ in kind; in a small image snow and frost depend more on the draw, and glass
# displaces by one pixel at every severity.
UNSTEADY = ("elastic_transform", "snow", "frost", "glass_blur")
STEADY = [name for name in CORRUPTIONS if name not in UNSTEADY]


@pytest.mark.parametrize("name", STEADY)
def test_the_greatest_severity_changes_more_than_the_least(name: str) -> None:
    x = photo()
    weak, strong = (
        np.mean([np.linalg.norm(corrupt(x, name, s, np.random.default_rng(k)) - x) for k in range(3)])
        for s in (1, SEVERITIES)
    )
    assert strong > weak


def game() -> Game[InputBoard]:
    x = SPEC.decode(SPEC.encode(np.moveaxis(photo(), 2, 0).astype(np.float32)))
    sample = Sample("a", x, 0, SPEC)
    clean = np.array([0.9, 0.1], np.float32)
    return Game(sample, InputBoard(sample), Goal(0), Terms(100), clean, np.random.default_rng(0))


def answers_of(flips_at: int) -> tuple[Game[InputBoard], int]:
    """A game in which the row of this number is the first flip, and how many rows were asked."""
    playing, asked = game(), 0
    search = Corruptions()(playing)
    rows: Array | None = next(search)
    while rows is not None:
        asked += len(rows)
        answer = np.array([[0.1, 0.9] if asked >= flips_at else [0.9, 0.1]], np.float32)
        try:
            rows = search.send(answer)
        except StopIteration:
            rows = None
    return playing, asked


def test_the_least_severity_that_flips_is_noted() -> None:
    playing, asked = answers_of(flips_at=17)
    assert playing.notes == {"severity": 2, "corruption": "shot_noise"}
    assert asked == 75


def test_nothing_is_noted_where_nothing_flips() -> None:
    playing, _ = answers_of(flips_at=999)
    assert playing.notes == {}


def test_the_note_is_there_when_the_game_ends_at_the_first_flip() -> None:
    playing = game()
    search = Corruptions()(playing)
    next(search)
    search.close()
    assert playing.notes == {"severity": 1, "corruption": "gaussian_noise"}
