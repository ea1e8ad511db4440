"""Inputs under their maps: true to the map's order, readable, and there for every form of input."""

import io
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray
from PIL import Image as Pillow

from brittle.core.curves import top_masks
from brittle.core.sample import Array, InputSpec
from brittle.domains import domain_of
from brittle.domains.glow import GLOW, SHADE, SHARES
from brittle.domains.heat import shares_of
from brittle.domains.stretches import clock, stretches

IMAGE = ("channel", "height", "width")
SIGNAL = ("channel", "time")
PHOTO = InputSpec((3, 160, 120), IMAGE, bits=8)
FORMS = [
    PHOTO,
    InputSpec((1, 9, 7), IMAGE, bits=8),
    InputSpec((5, 33, 200), IMAGE, (-1.0, 1.0)),
    InputSpec((3, 1, 1), IMAGE),
    InputSpec((3, 1, 400), IMAGE),
    InputSpec((1, 300), SIGNAL, (-5.0, 5.0), 16, 360.0, "mV", ("MLII",)),
    InputSpec((12, 2714), SIGNAL, (-5.0, 5.0), 16, 300.0, "mV"),
    InputSpec((2, 37), SIGNAL),
    InputSpec((1, 1), SIGNAL, rate=100.0),
    InputSpec((1, 2), SIGNAL),
]


def read(png: bytes) -> NDArray[np.uint8]:
    return np.asarray(Pillow.open(io.BytesIO(png)).convert("RGB"))


def grey(spec: InputSpec) -> Array:
    return np.full(spec.shape, sum(spec.bounds) / 2, np.float32)


def falling(*sides: int) -> Array:
    """A map that falls along its elements, in the order of their places."""
    return -np.arange(np.prod(sides), dtype=np.float32).reshape(sides)


def sides_of(spec: InputSpec) -> tuple[int, ...]:
    return tuple(spec.shape[i] for i in spec.spatial)


@pytest.mark.parametrize("spec", FORMS, ids=lambda spec: "x".join(map(str, spec.shape)))
@pytest.mark.parametrize("kept", ["none", "some", "all", None])
def test_every_form_of_input_is_drawn(spec: InputSpec, kept: str | None) -> None:
    domain, sides = domain_of(spec), sides_of(spec)
    shares = {"none": 0.0, "some": 0.3, "all": 1.0}
    mask = None if kept is None else top_masks(falling(*sides), [shares[kept]])[0] > 0
    png = domain.explained(grey(spec), falling(*sides), spec, mask)
    assert png == domain.explained(grey(spec), falling(*sides), spec, mask)
    plain, drawn = read(domain.picture(grey(spec), spec)), read(png)
    assert drawn.shape[1] == plain.shape[1]
    assert drawn.shape[0] >= plain.shape[0]
    if mask is not None:
        region = np.asarray(Pillow.open(io.BytesIO(domain.region(mask, spec))))
        assert region.shape == (sides if len(sides) == 2 else (24, *sides))
        assert np.array_equal(region == 255, np.broadcast_to(mask, region.shape))


def test_shares_follow_the_order_of_the_map() -> None:
    values = np.random.default_rng(0).normal(size=(20, 50)).astype(np.float32)
    numbers = shares_of(values)
    assert [int((numbers <= k).sum()) for k in range(4)] == [round(1000 * share) for share in SHARES]
    assert values[numbers == 0].min() > values[numbers == 1].max()
    assert values[numbers == 3].min() > values[numbers == 4].max()
    for flat in (np.zeros((4, 5), np.float32), np.zeros(1, np.float32)):
        assert shares_of(flat).shape == flat.shape


def test_the_most_important_share_of_a_photo_is_the_brightest() -> None:
    drawn = read(domain_of(PHOTO).explained(grey(PHOTO), falling(160, 120), PHOTO)).mean(axis=(1, 2))
    places = [int(160 * share) - 2 for share in (*SHARES, 1.0)]
    brightness = [float(drawn[place]) for place in places]
    assert brightness == sorted(brightness, reverse=True)
    assert np.ptp(drawn[70:]) == 0  # beyond 40 %: grey alone


def test_the_contour_is_white_and_the_region_brighter() -> None:
    values, mask = np.zeros((160, 120), np.float32), np.zeros((160, 120), bool)
    values[:10] = 1
    mask[100:140, 30:90] = True
    drawn = read(domain_of(PHOTO).explained(grey(PHOTO), values, PHOTO, mask))
    assert drawn[100, 60].tolist() == drawn[120, 30].tolist() == [255, 255, 255]
    assert drawn[99, 60].max() < 20
    assert drawn[120, 60].mean() > drawn[90, 60].mean() + 10


def test_small_images_are_enlarged_by_a_whole_factor() -> None:
    spec = InputSpec((1, 10, 8), IMAGE, bits=8)
    drawn = read(domain_of(spec).explained(grey(spec), falling(10, 8), spec))
    assert drawn.shape == (160, 128, 3)
    blocks = drawn.reshape(10, 16, 8, 16, 3)
    assert np.array_equal(blocks, np.broadcast_to(blocks[:, :1, :, :1], blocks.shape))


def test_a_signal_is_shaded_where_its_map_is_great() -> None:
    spec = InputSpec((1, 400), SIGNAL, (-5.0, 5.0), rate=400.0, unit="mV")
    values = np.zeros(400, np.float32)
    values[200:220] = 2
    values[300:320] = 1
    drawn = read(domain_of(spec).explained(grey(spec), values, spec)).astype(int)

    def nearest(sample: int) -> int:
        column = drawn[:20, round((sample + 0.5) * drawn.shape[1] / 400)]
        away = [np.abs(column - np.array(shade)).sum(axis=-1).min() for shade in (*SHADE, (255, 250, 248))]
        return int(np.argmin(away))

    assert (nearest(210), nearest(310), nearest(390)) == (0, 1, 4)


def test_the_foot_of_a_signal_marks_what_is_kept() -> None:
    spec = InputSpec((1, 400), SIGNAL, (-5.0, 5.0), rate=400.0)
    mask = np.zeros(400, bool)
    mask[100:200] = True
    domain, values = domain_of(spec), falling(400)
    plain = read(domain.picture(grey(spec), spec))
    marked, bare = (read(domain.explained(grey(spec), values, spec, m)) for m in (mask, None))
    assert marked.shape[0] > bare.shape[0] > plain.shape[0]
    bar = marked[plain.shape[0] + 1].mean(axis=-1) < 150
    assert np.flatnonzero(bar).min() == pytest.approx(0.25 * len(bar), abs=2)
    assert np.flatnonzero(bar).max() == pytest.approx(0.5 * len(bar), abs=2)


@pytest.mark.parametrize(
    ("mask", "expected"),
    [([], []), ([0], []), ([1], [(0, 1)]), ([0, 1, 1, 0, 1], [(1, 3), (4, 5)]), ([1, 1], [(0, 2)])],
)
def test_stretches(mask: list[int], expected: list[tuple[int, int]]) -> None:
    assert stretches(np.array(mask, bool)) == expected


@pytest.mark.parametrize(
    ("spec", "unit", "told"),
    [
        (InputSpec((1, 300), SIGNAL, rate=250.0), "ms", "40–240"),
        (InputSpec((1, 3000), SIGNAL, rate=250.0), "s", "0.04–0.24"),
        (InputSpec((1, 300), SIGNAL), "samples", "10–60"),
    ],
)
def test_times_are_told_as_people_tell_them(spec: InputSpec, unit: str, told: Any) -> None:
    assert (clock(spec).unit, clock(spec).told((10, 60))) == (unit, told)


def test_lightness_falls_evenly_along_the_colours() -> None:
    def lightness(colour: tuple[int, int, int]) -> float:
        linear = [((c / 255 + 0.055) / 1.055) ** 2.4 for c in colour]
        return float(116 * np.cbrt(np.dot(linear, (0.2126, 0.7152, 0.0722))) - 16)

    for colours, sign in ((GLOW, -1), (SHADE, 1)):
        steps = sign * np.diff([lightness(colour) for colour in colours])
        assert steps.min() > 5
        assert steps.max() < 2.5 * steps.min()
