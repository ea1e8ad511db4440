"""The survey as a play: its odds and views, policies, outlines, and what it makes of its answers."""

from collections import defaultdict
from collections.abc import Iterator
from functools import partial

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

from brittle.core.curves import ranks
from brittle.core.explainer import Explainer, Scene
from brittle.core.play import Odds, Policy, View, draw
from brittle.core.veil import Masks
from brittle.explainers import open_explainer
from brittle.explainers.player import play_out
from brittle.explainers.survey.candidates import Candidates, spliced
from brittle.explainers.survey.explainer import Survey, SurveyPlay
from brittle.explainers.survey.odds import OPERATORS, OUTLINE, SOUND, wanted
from brittle.explainers.survey.outline import found, outlined
from brittle.explainers.survey.soundings import KEEP, SCATTER
from brittle.explainers.survey.state import State
from brittle.explainers.survey.tuning import TUNING
from brittle.explainers.survey.view import OPERATOR_FEATURES, PLACE_FEATURES, WORLD
from explainers.planted import Model, Stage, both, box, iou, one

SIDES, NAMES = (32, 40), ("height", "width")
CLIP = (20, 24, 20)
FRAMES, PLACE = box(CLIP, (9, 13), (0, 24), (0, 20)), box(CLIP, (0, 20), (4, 11), (8, 14))
REGION = box(SIDES, (6, 16), (20, 32))
SMOOTH: Model = lambda kept: float(kept[:, :20].mean() ** 2)  # noqa: E731


def states(model: Model, rows: int, flat: bool = False) -> Iterator[tuple[SurveyPlay, State]]:
    """Every state of one play; flat: with a player that takes any possible move at even odds."""
    stage = Stage(model, SIDES)
    scene = stage.scene(rows)
    play, state = SurveyPlay(scene), None
    state = play.start
    while True:
        yield play, state
        odds = play.moves(state)
        if not odds.any():
            return
        move = draw((odds > 0).astype(float) if flat else odds, scene.rng)
        proposal = play.propose(state, move, scene.rng)
        assert proposal is not None
        state = play.accept(state, proposal, stage.ask(proposal.rows))


def explain_by(policy: Policy | None, scene: Scene) -> Explainer:
    return play_out(Survey().play(scene), scene, policy)


@settings(max_examples=8, deadline=None)
@given(rows=st.integers(1, 150), found=st.booleans())
def test_any_possible_move_can_be_made(rows: int, found: bool) -> None:
    for play, state in states(one(REGION) if found else SMOOTH, rows, flat=True):
        assert state.rows <= rows
        odds, view = play.moves(state), play.observe(state)
        assert odds.shape == (len(OPERATORS), int(np.prod(play.places)), play.sizes)
        assert (odds >= 0).all() and np.isfinite(odds).all()
        assert view.world.shape == (len(WORLD),) and view.world.dtype == np.float32
        assert view.operators.shape == (len(OPERATORS), len(OPERATOR_FEATURES))
        assert view.places.shape == (int(np.prod(play.places)), len(PLACE_FEATURES))
        for part in (view.world, view.operators, view.places):
            assert np.isfinite(part).all()
        assert np.isfinite(play.attribution(state).map).all()


def test_soundings_come_first_and_as_many_as_wanted() -> None:
    *_, (_, state) = states(SMOOTH, 200)
    shown = [np.count_nonzero(state.soundings.by == i) for i in range(SOUND.stop)]
    assert np.abs(shown - wanted(200)).max() < 2 and sum(shown) < 175 and len(state.measured) >= 2
    assert np.ptp(state.sounded[0]) <= 1  # no place is sounded twice before every other


def test_a_policy_that_changes_nothing_is_the_hand_made_player() -> None:
    def policy(operators: tuple[str, ...], view: View, odds: Odds) -> Odds:
        assert operators == OPERATORS
        return odds * 1.0

    maps = []
    for chosen in (None, policy):
        explain = partial(explain_by, chosen)
        maps.append(Stage(one(REGION), SIDES).explain(explain, 120).map)
    assert np.array_equal(maps[0], maps[1])


def test_a_policy_decides() -> None:
    def no_windows(operators: tuple[str, ...], view: View, odds: Odds) -> Odds:
        odds = odds.copy()
        odds[: SOUND.stop - 1] = 0
        return odds if odds.any() else odds + 1

    stage = Stage(SMOOTH, SIDES)
    stage.explain(partial(explain_by, no_windows), 40)
    assert all(len(rows) == 2 for rows in stage.shown[:10])


def test_a_region_is_outlined_and_a_wide_field_is_not() -> None:
    def last(model: Model) -> State:
        return list(states(model, 250))[-1][1]

    assert last(one(REGION)).tried[OUTLINE] > 3
    assert not last(SMOOTH).tried[OUTLINE]


@pytest.mark.parametrize("kind", [one(REGION), both(REGION, box(SIDES, (18, 30), (3, 12)))])
def test_outlines_come_closer_than_soundings(kind: Model) -> None:
    regions = [REGION] if kind(REGION.astype(np.float32)) > 0.9 else [REGION, box(SIDES, (18, 30), (3, 12))]
    *_, (play, state) = states(kind, 260)
    coarse = play.candidates.map_of(state.soundings.together, state.soundings.counts)
    assert iou(play.attribution(state).map, regions) > max(0.75, iou(coarse, regions) + 0.04)


def test_answers_that_add_up_are_fitted_and_not_measured() -> None:
    *_, (play, state) = states(lambda kept: float(0.2 + 0.5 * kept[:16, :20].mean()), 120)
    assert state.additive and not state.measured and state.rows == 120
    values = play.attribution(state)
    assert values.map[:14, :18].min() > values.map[18:, 22:].max()


def test_what_is_average_beyond_the_border_is_greatest_within_it() -> None:
    candidates = Candidates((1, 1), (50, 50), (0.5,))
    cells = np.zeros((5, 5))
    cells[0, 2] = 1
    maps = {kind: candidates.map_of(cells, (5, 5), kind) for kind in ("nearest", "constant")}
    top = {kind: divmod(int(values.argmax()), 50) for kind, values in maps.items()}
    assert top["nearest"][0] == 0 and 2 <= top["constant"][0] < 10 and 20 <= top["constant"][1] < 30


def test_a_splice_keeps_the_first_of_one_and_the_order_of_the_other() -> None:
    first, second = ranks(np.array([5.0, 1, 2, 3])), ranks(np.array([0.0, 9, 4, 8]))
    assert np.argsort(-spliced(first, second, 0.25)).tolist() == [0, 1, 3, 2]


def test_boxes_are_about_connected_parts() -> None:
    high = box(SIDES, (2, 8), (2, 10)) | box(SIDES, (20, 26), (30, 36)) | box(SIDES, (30, 31), (1, 2))
    big, small = found(high, NAMES)
    assert big.box == (slice(1, 9), slice(1, 11)) and small.box == (slice(19, 27), slice(29, 37))


def test_a_box_that_does_not_count_is_not_raised() -> None:
    high = box(SIDES, (2, 8), (2, 10)) | box(SIDES, (20, 26), (30, 36))
    answers = (np.array([0.01, 0.99]), np.array([0.99, 0.01]))
    rows = np.zeros((2, *SIDES), np.uint8)
    tested = [o.accept(rows, p, 0.99, 0.01) for o, p in zip(found(high, NAMES), answers, strict=True)]
    values = outlined(np.full(SIDES, 0.5, np.float32), tested)
    assert values[4, 4] > values[23, 33]


def axes_of(masks: Masks) -> tuple[int, ...]:
    """The axes that masks (k, *sides) are cut along."""
    return tuple(axis for axis in range(masks.ndim - 1) if np.ptp(masks, axis=1 + axis).any())


def test_soundings_of_clips_are_cut_along_all_axes_and_along_those_of_time_and_of_space() -> None:
    stage = Stage(one(FRAMES), CLIP)
    scene = stage.scene(200)
    play = SurveyPlay(scene)
    state, shown = play.start, defaultdict(list)
    for _ in range(40):
        proposal = play.propose(state, draw(play.moves(state), scene.rng), scene.rng)
        assert proposal is not None
        shown[proposal.move.operator].append(axes_of(proposal.rows))
        state = play.accept(state, proposal, stage.ask(proposal.rows))
    for operator in (KEEP, SCATTER):
        assert shown[operator][:6] == [(0, 1, 2), (0,), (1, 2)] * 2


@pytest.mark.parametrize("seed", range(3))
@pytest.mark.parametrize("rows", [74, 174])
@pytest.mark.parametrize(("region", "least"), [(FRAMES, 0.9), (PLACE, 0.6)], ids=["frames", "place"])
def test_frames_and_places_of_clips_are_found(
    region: NDArray[np.bool_], least: float, rows: int, seed: int
) -> None:
    values = Stage(one(region), CLIP).explain(open_explainer("survey"), rows, seed).map
    assert region.reshape(-1)[values.argmax()] and iou(values, [region]) > least


def test_an_outline_within_a_clip_is_cut_along_all_axes_and_along_those_of_time_and_of_space() -> None:
    rng = np.random.default_rng(0)
    (outline,) = found(box(CLIP, (2, 12), (3, 15), (4, 16)), ("frame", "height", "width"))
    outline = outline.accept(outline.propose(CLIP, 2, 5, rng), np.array([0.01, 0.99]), 0.99, 0.01)
    inside, cuts = (slice(None), *outline.box), []
    for _ in range(3):
        rows = outline.propose(CLIP, TUNING.outline_rows, 5, rng)
        cuts.append(axes_of(rows[inside]))
        share = rows[inside][:, 1:4].mean(axis=(1, 2, 3)) / 255
        outline = outline.accept(rows, 1 / (1 + np.exp(6 - 12 * share)), 0.99, 0.01)
    assert cuts == [(0, 1, 2), (0,), (1, 2)]
    heights = outline.heights()
    assert np.ptp(heights, axis=(1, 2)).max() < 1e-9 and 1 <= heights[:, 0, 0].argmax() < 4
