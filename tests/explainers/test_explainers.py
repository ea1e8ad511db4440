"""The laws of every explainer: honest counts, any shape, a constant model, planted truths, seeds."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.stats import spearmanr

from brittle.core.errors import UsageError
from brittle.explainers import open_explainer
from explainers.planted import Stage, both, box, either, iou, one

NAMES = ("occlusion", "rise", "rl-cam", "survey")
EVERY = pytest.mark.parametrize("name", NAMES)
SIDES = (48, 48)
LEFT, RIGHT = box(SIDES, (8, 20), (6, 18)), box(SIDES, (26, 40), (28, 42))


@EVERY
@settings(max_examples=12, deadline=None)
@given(
    sides=st.lists(st.integers(1, 19), min_size=1, max_size=3).map(tuple),
    rows=st.integers(0, 40),
    channels=st.sampled_from([1, 2, 3]),
)
def test_any_shape_and_budget(name: str, sides: tuple[int, ...], rows: int, channels: int) -> None:
    stage = Stage(lambda kept: float(kept.mean()), sides, channels=channels)
    stage.explain(open_explainer(name), rows)


@EVERY
def test_a_constant_model_gives_a_finite_map(name: str) -> None:
    Stage(lambda kept: 0.25, SIDES).explain(open_explainer(name), 60)


@EVERY
def test_the_seed_alone_decides(name: str) -> None:
    maps = [Stage(one(LEFT), SIDES).explain(open_explainer(name), 70, seed).map for seed in (1, 1, 2)]
    assert np.array_equal(maps[0], maps[1])
    if name != "occlusion":  # nothing in it is random
        assert not np.array_equal(maps[0], maps[2])


@EVERY
def test_points_at_the_one_region(name: str) -> None:
    for region in (LEFT, RIGHT):
        stage = Stage(one(region), SIDES)
        values = stage.explain(open_explainer(name), 150).map
        assert region.reshape(-1)[values.argmax()]


@EVERY
def test_the_other_class_has_another_map(name: str) -> None:
    maps = [Stage(one(LEFT), SIDES, explained=k).explain(open_explainer(name), 150).map for k in (0, 1)]
    assert maps[1][LEFT].mean() > maps[1][~LEFT].mean()
    assert maps[0][LEFT].mean() < maps[0][~LEFT].mean()


@pytest.mark.parametrize("name", ["rise", "survey"])
@pytest.mark.parametrize("model", [both(LEFT, RIGHT), either(LEFT, RIGHT)], ids=["both", "either"])
def test_two_regions(name: str, model: object) -> None:
    values = Stage(model, SIDES).explain(open_explainer(name), 270).map  # type: ignore[arg-type]
    assert (LEFT | RIGHT).reshape(-1)[values.argmax()]
    assert iou(values, [LEFT, RIGHT]) > (0.75 if name == "survey" else 0.45)


def test_rise_is_the_mean_answer_to_what_keeps_an_element() -> None:
    stage = Stage(one(LEFT), SIDES)
    values = stage.explain(open_explainer("rise"), 70)
    masks = np.concatenate(stage.shown) / 255
    p = stage.ask(np.concatenate(stage.shown))[:, 1].astype(np.float64)
    assert values.map == pytest.approx(np.tensordot(p, masks, 1) / masks.sum(axis=0), rel=1e-5)
    assert values.sd is not None and 0 < values.sd.mean() < p.std()


def test_the_deviation_of_rise_is_that_of_its_maps() -> None:
    runs = [Stage(one(LEFT), SIDES).explain(open_explainer("rise"), 60, seed) for seed in range(30)]
    spread = np.std([run.map for run in runs], axis=0)
    stated = np.mean([run.sd for run in runs if run.sd is not None], axis=0)
    assert stated.mean() == pytest.approx(spread.mean(), rel=0.3)


def test_occlusion_is_the_mean_fall_under_the_windows_on_an_element() -> None:
    stage = Stage(one(LEFT), SIDES)
    values = stage.explain(open_explainer("occlusion", width=0.3), 49).map
    away = 1 - np.concatenate(stage.shown) / 255
    falls = stage.scene(1).clean[1] - stage.ask(np.concatenate(stage.shown))[:, 1].astype(np.float64)
    assert values == pytest.approx(np.tensordot(falls, away, 1) / away.sum(axis=0), abs=5e-3)


def test_occlusion_is_blind_to_what_is_not_needed() -> None:
    values = Stage(either(LEFT, RIGHT), SIDES).explain(open_explainer("occlusion"), 100).map
    assert np.abs(values).max() < 0.05


def test_rl_cam_takes_regions_back() -> None:
    stage = Stage(one(LEFT), SIDES)
    stage.explain(open_explainer("rl-cam", reverse=0.4), 120)
    hidden = (255 - np.concatenate(stage.shown).astype(int)).sum(axis=(1, 2))
    assert (np.diff(hidden) < 0).mean() > 0.1 and (np.diff(hidden) > 0).any()


def test_an_unknown_setting_is_an_error() -> None:
    with pytest.raises(UsageError, match="cels"):
        open_explainer("rise", cels=3)


def weighted(cells: int, rng: np.random.Generator) -> tuple[np.ndarray, object]:
    weights = np.kron(rng.normal(size=(7, 7)), np.ones((SIDES[0] // 7 + 1,) * 2))[: SIDES[0], : SIDES[1]]
    weights /= np.abs(weights).sum()
    return weights, lambda kept: float(0.5 + 0.45 * (kept * weights).sum())


def test_the_survey_ranks_the_weights_of_a_linear_model() -> None:
    weights, model = weighted(7, np.random.default_rng(5))
    values = Stage(model, SIDES).explain(open_explainer("survey"), 300).map  # type: ignore[arg-type]
    assert spearmanr(values.reshape(-1), weights.reshape(-1)).statistic > 0.95
