"""tide finds planted regions in signals, within its budget, and says the same for the same seed."""

from collections.abc import Callable

import numpy as np
import pytest
from numpy.typing import NDArray

from brittle.core.curves import MEASURES, ranks, top_masks
from brittle.core.explainer import Attribution, Scene
from brittle.core.play import Move
from brittle.core.sample import Array, InputSpec, Sample
from brittle.core.veil import KEPT, Masks
from brittle.explainers.tide import LEVEL, SOUND, Tide, TidePlay

AXES = ("height", "width", "time")
Model = Callable[[NDArray[np.float64]], NDArray[np.float64]]


def scene(model: Model, shape: tuple[int, ...], rows: int, seed: int = 0, flat: bool = False) -> Scene:
    """A scene of a rough sample over a fill of 0; model: kept shares (k, *sides) to probabilities (k,)."""
    axes = ("channel", *AXES[-(len(shape) - 1) :])
    x = np.random.default_rng(5).standard_normal(shape).astype(np.float32) * (not flat)
    spec = InputSpec(shape, axes, (-9.0, 9.0))
    full = np.full((1, *shape[1:]), KEPT, np.uint8)
    clean, filled = ask(model, full)[0], ask(model, full * 0)[0]
    rng = np.random.default_rng(seed)
    return Scene(Sample("s", x, 1, spec), np.zeros_like(x), 1, clean, filled, rows, rng, MEASURES)


def ask(model: Model, masks: Masks) -> Array:
    """The answers to masks, (k, 2)."""
    p = model(masks / KEPT)
    return np.stack([1 - p, p], axis=1).astype(np.float32)


def explained(model: Model, on: Scene, batch: int = 10**9) -> tuple[Attribution, int]:
    """The map, and how many rows it took; the model is asked `batch` rows at a time."""
    explainer, rows = Tide()(on), 0
    try:
        masks = next(explainer)
        while True:
            assert masks.dtype == np.uint8 and masks.shape[1:] == on.sides and len(masks)
            rows += len(masks)
            parts = [ask(model, masks[i : i + batch]) for i in range(0, len(masks), batch)]
            masks = explainer.send(np.concatenate(parts))
    except StopIteration as stop:
        return stop.value, rows


def share(region: slice) -> Model:
    """A victim that looks at one region: how much of it is kept."""
    return lambda kept: np.asarray(1 / (1 + np.exp(-12 * (kept[:, region].mean(axis=1) - 0.5))))


ONE, OTHER = slice(60, 120), slice(300, 340)
VICTIMS: dict[str, tuple[Model, list[slice], float]] = {
    "one": (share(ONE), [ONE], 0.9),
    "and": (lambda m: share(ONE)(m) * share(OTHER)(m), [ONE, OTHER], 0.75),
    "or": (lambda m: 1 - (1 - share(ONE)(m)) * (1 - share(OTHER)(m)), [ONE, OTHER], 0.75),
}


@pytest.mark.parametrize("seed", range(2))
@pytest.mark.parametrize("kind", VICTIMS)
def test_planted_regions_are_found(kind: str, seed: int) -> None:
    model, regions, least = VICTIMS[kind]
    truth = np.zeros(500, bool)
    for region in regions:
        truth[region] = True
    quick, _ = explained(model, scene(model, (1, 500), 74, seed))
    assert truth[np.argmax(quick.map)]
    best, _ = explained(model, scene(model, (1, 500), 274, seed))
    top = top_masks(best.map, [truth.mean()])[0] > 0
    assert (top & truth).sum() / (top | truth).sum() >= least


@pytest.mark.parametrize("rows", [0, 1, 2, 5, 7, 74, 101])
def test_the_budget_is_spent_and_not_exceeded(rows: int) -> None:
    model = VICTIMS["one"][0]
    assert explained(model, scene(model, (1, 500), rows))[1] == rows


@pytest.mark.parametrize("shape", [(1, 1), (1, 2), (1, 97), (3, 331), (12, 40), (3, 24, 31), (1, 6, 9, 7)])
def test_any_length_leads_and_axes(shape: tuple[int, ...]) -> None:
    def first_half(kept: NDArray[np.float64]) -> NDArray[np.float64]:
        half = kept.reshape(len(kept), -1)[:, : max(1, kept[0].size // 2)]
        return np.asarray(half.mean(axis=1))

    found, _ = explained(first_half, scene(first_half, shape, 40))
    assert found.sd is not None and found.map.shape == found.sd.shape == shape[1:]
    assert found.map.dtype == np.float32 and np.isfinite(found.map).all() and np.isfinite(found.sd).all()
    half = max(1, found.map.size // 2)
    parts = found.map.reshape(-1)[:half].mean(), found.map.reshape(-1)[half:].mean() if half > 1 else 0
    assert parts[0] > parts[1]


def test_same_seed_same_map_for_any_batching_and_another_for_another_seed() -> None:
    model = VICTIMS["and"][0]
    maps = [
        explained(model, scene(model, (1, 500), 74, seed), batch)[0].map
        for seed, batch in [(3, 1), (3, 7), (3, 10**9), (4, 7)]
    ]
    assert maps[0].tobytes() == maps[1].tobytes() == maps[2].tobytes() != maps[3].tobytes()


def test_two_seeds_agree() -> None:
    slope = np.linspace(-1, 1, 500)

    def model(kept: NDArray[np.float64]) -> NDArray[np.float64]:
        return np.asarray(1 / (1 + np.exp(-(kept @ slope) / 20)))

    first, second = (ranks(explained(model, scene(model, (1, 500), 274, s))[0].map) for s in (0, 1))
    assert np.corrcoef(first, second)[0, 1] > 0.8


def test_a_constant_model_gives_a_flat_map() -> None:
    found, rows = explained(
        lambda m: np.full(len(m), 0.7), scene(lambda m: np.full(len(m), 0.7), (1, 99), 50)
    )
    assert rows == 50 and not found.map.any() and found.sd is not None and not found.sd.any()


def test_a_fill_that_hides_nothing_is_no_error() -> None:
    model = VICTIMS["one"][0]
    assert np.isfinite(explained(model, scene(model, (1, 500), 40, flat=True))[0].map).all()


def test_what_the_fill_hides_tells_where_to_look() -> None:
    """Twenty rows find a bump on a flat line, though it is narrower than a cell."""
    bump = slice(502, 510)
    on = scene(share(bump), (1, 2000), 20, flat=True)
    on.sample.x[:, bump] = 1
    top = top_masks(explained(share(bump), on)[0].map, [12 / 2000])[0] > 0
    assert top[bump].all()


def test_moves_take_turns_and_are_of_every_size_alike() -> None:
    model = VICTIMS["one"][0]
    on = scene(model, (1, 500), 74)
    play = TidePlay(on)
    state, operators = play.start, []
    while (odds := play.moves(state)).any():
        operator, _, size = np.argwhere(odds)[0]
        proposal = play.propose(state, Move(int(operator), 0, int(size)), on.rng)
        assert proposal is not None
        operators.append(int(operator))
        view = play.observe(state)
        assert odds.shape == (len(view.operators), len(view.places), play.sizes)
        assert all(np.isfinite(part).all() for part in (view.world, view.operators, view.places))
        state = play.accept(state, proposal, ask(model, proposal.rows))
    assert operators == [SOUND, LEVEL] * (len(operators) // 2) + [SOUND] * (len(operators) % 2)
    assert np.ptp(state.made, axis=1).max() <= 1


def test_masks_come_in_complementary_pairs() -> None:
    model = VICTIMS["one"][0]
    on = scene(model, (1, 500), 96)
    play = TidePlay(on)
    state = play.start
    for operator in (SOUND, LEVEL):
        proposal = play.propose(state, Move(operator, 0, 1), on.rng)
        assert proposal is not None
        assert (proposal.rows[::2] + proposal.rows[1::2] == KEPT).all()
        state = play.accept(state, proposal, ask(model, proposal.rows))


CLIP = (1, 24, 20, 20)
PARTS = {
    "times": (slice(None), slice(None), slice(9, 13)),
    "place": (slice(4, 11), slice(8, 14), slice(None)),
}


@pytest.mark.parametrize("seed", range(3))
@pytest.mark.parametrize(("part", "least"), [("times", 1.0), ("place", 0.6)])
def test_ranges_of_time_and_places_that_last_are_found(part: str, least: float, seed: int) -> None:
    inside = np.zeros(CLIP[1:], bool)
    inside[PARTS[part]] = True

    def model(kept: NDArray[np.float64]) -> NDArray[np.float64]:
        return np.asarray(1 / (1 + np.exp(-12 * (kept[:, inside].mean(axis=1) - 0.5))))

    found, _ = explained(model, scene(model, CLIP, 74, seed))
    top = top_masks(found.map, [inside.mean()])[0] > 0
    assert (top & inside).sum() / (top | inside).sum() >= least


def test_random_masks_of_clips_are_cut_along_all_axes_and_along_those_of_time_and_of_space() -> None:
    def model(kept: NDArray[np.float64]) -> NDArray[np.float64]:
        return np.asarray(kept[..., 9:13].mean(axis=(1, 2, 3)))

    on = scene(model, CLIP, 96)
    play, cuts = TidePlay(on), []
    state = play.start
    for _ in range(6):
        proposal = play.propose(state, Move(SOUND, 0, 1), on.rng)
        assert proposal is not None
        cuts.append([axis for axis in (0, 1, 2) if np.ptp(proposal.rows, axis=1 + axis).any()])
        state = play.accept(state, proposal, ask(model, proposal.rows))
    assert cuts == [[0, 1, 2], [2], [0, 1]] * 2
    assert state.posterior is not None and state.posterior.counts == (1, 1, 20)
