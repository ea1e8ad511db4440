"""The veil, and the masks of a map's shares."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from brittle.core.curves import MEASURES, area, ranks, rest_masks, top_masks
from brittle.core.sample import InputSpec, Sample
from brittle.core.veil import KEPT, Veil

SPECS = (
    InputSpec((3, 5, 4), ("channel", "height", "width"), bits=8),
    InputSpec((1, 1, 1), ("channel", "height", "width"), bits=8),
    InputSpec((2, 9), ("channel", "time"), bounds=(-5, 5), bits=16, unit="mV"),
    InputSpec((2, 9), ("channel", "time"), bounds=(-5, 5)),
)


def a_sample(spec: InputSpec, seed: int) -> Sample:
    x = np.random.default_rng(seed).uniform(*spec.bounds, spec.shape).astype(np.float32)
    return Sample("a", spec.decode(spec.encode(x)), 0, spec)


@given(st.sampled_from(SPECS), st.integers(0, 99))
def test_a_mask_mixes_input_and_fill_and_leaves_both_as_they_were(spec: InputSpec, seed: int) -> None:
    sample, fill = a_sample(spec, seed), a_sample(spec, seed + 100).x
    before, rng = (sample.x.copy(), fill.copy()), np.random.default_rng(seed)
    veil, out = Veil(sample, fill), np.empty(spec.shape, np.float32)
    mask = rng.integers(0, KEPT + 1, veil.sides, np.uint8)
    veil.render(mask, out)
    assert spec.bounds[0] <= out.min() and out.max() <= spec.bounds[1]
    np.testing.assert_allclose(out, fill + mask / KEPT * (sample.x - fill), atol=spec.code / 2 + 2e-6)
    np.testing.assert_array_equal(out, spec.decode(spec.encode(out)))
    for value, whole in ((KEPT, sample.x), (0, fill)):
        veil.render(np.full(veil.sides, value, np.uint8), out)
        np.testing.assert_allclose(out, whole, atol=0 if spec.bits else 2e-6)
    np.testing.assert_array_equal(sample.x, before[0])
    np.testing.assert_array_equal(fill, before[1])


def test_codes_are_mixed_exactly() -> None:
    """Every mask over every pair of codes, against whole numbers."""
    codes = np.arange(256)
    fill, x, masks = np.meshgrid(codes, codes, codes, indexing="ij")
    spec = InputSpec((1, 256, 256), ("channel", "height", "width"), bits=8)
    veil = Veil(
        Sample("a", spec.decode(x[None, ..., 0].astype(np.uint8)), 0, spec),
        spec.decode(fill[None, ..., 0].astype(np.uint8)),
    )
    out, nearest = np.empty(spec.shape, np.float32), (2 * (KEPT * fill + masks * (x - fill)) + KEPT) // 510
    for mask in codes:
        veil.render(masks[..., mask].astype(np.uint8), out)
        assert np.array_equal(out[0], spec.decode(nearest[..., mask].astype(np.uint8)))


@given(st.lists(st.floats(-2, 2, width=32) | st.sampled_from([0.0, -0.0, 1.0]), min_size=1))
def test_ranks_are_those_of_a_stable_sort(values: list[float]) -> None:
    given_values = np.array(values, np.float32)
    order = np.argsort(-given_values, kind="stable")
    assert np.array_equal(np.argsort(-ranks(given_values), kind="stable"), order)
    share = 0.5
    wanted = np.zeros(len(values))
    wanted[order[: max(1, round(share * len(values)))]] = KEPT
    assert np.array_equal(top_masks(given_values, [share])[0], wanted)


@given(st.integers(1, 40), st.integers(0, 99), st.floats(0, 1))
def test_a_share_is_of_the_greatest_elements_and_its_rest_is_all_others(
    size: int, seed: int, share: float
) -> None:
    values = np.random.default_rng(seed).integers(0, 5, (size,)).astype(np.float32)
    top, rest = top_masks(values, [share])[0], rest_masks(values, [share])[0]
    assert ((top == KEPT) != (rest == KEPT)).all() and set(np.unique(top)) <= {0, KEPT}
    kept = np.count_nonzero(top)
    assert kept == max(int(share > 0), round(share * size))
    assert kept in (0, size) or values[top > 0].min() >= values[top == 0].max()
    order = ranks(values)
    assert len(np.unique(order)) == size and (size == 1 or (order.min(), order.max()) == (0, 1))


def test_areas_of_curves_that_are_known() -> None:
    assert area(MEASURES, np.ones(7), 1, 1) == pytest.approx(1)
    assert area(MEASURES, list(MEASURES), 0, 1) == pytest.approx(0.5)
    assert area((0.5,), [1.0], 0, 0) == pytest.approx(0.5)
