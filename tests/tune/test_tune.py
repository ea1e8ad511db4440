"""The search tune through the referee: what it shows, counts, notes, and where it ends."""

from typing import Any

import numpy as np
import pytest

from brittle.core.distance import l2
from brittle.core.errors import UsageError
from brittle.core.result import SearchResult
from brittle.core.sample import InputSpec
from brittle.searches import open_search
from brittle.searches.tune.families import FAMILIES, fitting
from brittle.searches.tune.hunt import Hunt, Trial
from brittle.searches.tune.search import Tune
from brittle.searches.tune.tuning import TUNING
from whole_inputs import (
    IMAGE,
    Listening,
    changes,
    counted_for_any_batch,
    game_of,
    plain,
    play,
    sample_of,
)

ECG = InputSpec((2, 500), ("channel", "time"), (-2.0, 2.0), bits=16, rate=250.0)
CLIP = InputSpec((3, 2, 12, 12), ("channel", "frame", "height", "width"), bits=8)
BANDING = Tune(distortion="banding", queries=8)


def noted(result: SearchResult, family: str, spec: InputSpec = IMAGE) -> tuple[float, dict[str, Any]]:
    """Level and free parameters as a reader of the notes has them."""
    notes = dict(result.notes or {})
    kinds = FAMILIES[family].free(spec)
    free: dict[str, Any] = {}
    for part in str(notes[f"{family}_at"]).split(" "):
        name, _, value = part.partition("=")
        if value.startswith("("):
            free[name] = tuple(map(float, value[1:-1].split(",")))
        else:
            options = getattr(kinds[name], "options", ())
            free[name] = next((o for o in options if str(o) == value), None) if options else float(value)
    return float(notes[f"{family}_level"]), free


@pytest.mark.parametrize("spec", [IMAGE, ECG, CLIP], ids=["image", "ecg", "clip"])
def test_notes_make_the_flip_again_and_name_the_least_level_shown(spec: InputSpec) -> None:
    for family in fitting(spec):
        listening = Listening(Tune(distortion=family.name, queries=6))
        (result,), model, _ = play(listening, spec, count=1)
        assert len(listening.shown) == result.queries - 1 - (result.first is not None) - twice(result) <= 6
        flips = [x for x in listening.shown if model(x[None])[0].argmax() != result.label]
        assert bool(flips) == (result.first is not None) == (f"{family.name}_level" in (result.notes or {}))
        if flips:
            level, free = noted(result, family.name, spec)
            remade = spec.decode(spec.encode(family(sample_of(0, spec).x, spec, level, free)))
            assert any(np.array_equal(remade, x) for x in flips)


def twice(result: SearchResult) -> bool:
    """Whether the closest flip was verified beside the first."""
    return result.first is not None and result.closest != result.first


def test_what_is_shown_is_quantised_within_bounds_and_counted_for_any_batch() -> None:
    assert any(r.first for r in counted_for_any_batch(BANDING))
    for change in changes(BANDING):
        codes = (change + sample_of(0).x) * 255
        assert codes == pytest.approx(np.rint(codes), abs=1e-3)


def test_the_budget_is_never_exceeded_and_the_share_is_the_end() -> None:
    for budget in (2, 3, 6):
        assert all(r.queries <= budget for r in play(BANDING, budget=budget)[0])
    assert all(r.queries <= 8 + 3 for r in play(BANDING, budget=999)[0])


def test_distortions_take_turns_and_each_plays_as_if_alone() -> None:
    both = play(Tune(distortion="banding+dead_pixels", queries=6), count=2)[0]
    for name in ("banding", "dead_pixels"):
        for one, other in zip(play(Tune(distortion=name, queries=6), count=2)[0], both, strict=True):
            own = {key: value for key, value in (other.notes or {}).items() if key.startswith(name)}
            assert own == (one.notes or {})
    assert all(r.queries <= 9 for r in play(Tune(distortion="banding+dead_pixels"), count=2, budget=9)[0])


def test_all_are_those_that_fit() -> None:
    result = play(Tune(queries=3), count=1)[0][0]
    images = [family.name for family in fitting(IMAGE)]
    assert 1 + 3 * len(images) <= result.queries <= 3 + 3 * len(images)
    assert len(images) == 8


def test_nothing_beyond_max_l2_is_shown(monkeypatch: pytest.MonkeyPatch) -> None:
    free = [float(np.linalg.norm(c)) for c in changes(BANDING)]
    limit = 0.5 * max(free)
    lengths = [float(np.linalg.norm(c)) for c in changes(BANDING, max_l2=limit)]
    assert len(lengths) == 8 and 0.8 * limit < max(lengths) <= limit + 1e-6
    asked: list[Trial] = []
    ask = Hunt.ask

    def noting(hunt: Hunt) -> Trial:
        asked.append(ask(hunt))
        return asked[-1]

    monkeypatch.setattr(Hunt, "ask", noting)
    assert changes(BANDING, max_l2=1e-4) == []
    assert len(asked) == TUNING.tries_within  # and no more in later turns


@pytest.mark.parametrize("budget", [8, 30])
def test_the_first_flip_ends_the_game_where_that_is_asked_for_and_is_noted(budget: int) -> None:
    results, model, _ = play(Tune(distortion="banding"), closest=False, budget=budget, count=4)
    flipped = [r for r in results if r.first]
    assert flipped
    for result in results:
        if result.first is None:
            assert not result.notes
        elif result.first.query < budget - 1:
            level, free = noted(result, "banding")
            x = sample_of(int(result.sample[1:])).x
            remade = IMAGE.decode(IMAGE.encode(FAMILIES["banding"](x, IMAGE, level, free)))
            assert model(remade[None])[0].argmax() != result.label
            assert result.first.l2 == pytest.approx(l2(x, remade), abs=1e-4)


def test_the_same_seed_gives_the_same_result() -> None:
    assert plain(play(BANDING, count=2)[0]) == plain(play(BANDING, count=2)[0])


def test_a_wrong_name_is_said_when_it_is_set() -> None:
    with pytest.raises(UsageError, match="did you mean 'banding'"):
        open_search("tune", distortion="bandin")
    with pytest.raises(UsageError, match="queries"):
        open_search("tune", queries=0)
    assert open_search("tune", distortion="banding+jpeg").needs == ("height", "width")  # type: ignore[attr-defined]


@pytest.mark.parametrize(
    ("name", "spec", "why"),
    [
        ("colour_cast", InputSpec((1, 8, 8), ("channel", "height", "width"), bits=8), "three channels"),
        ("powerline", InputSpec((1, 90), ("channel", "time"), rate=100.0), "sampling rate"),
        ("all", InputSpec((1, 90), ("channel", "time")), "without a rate"),
    ],
)
def test_what_does_not_fit_is_said(name: str, spec: InputSpec, why: str) -> None:
    sample = sample_of(0, spec)
    with pytest.raises(UsageError, match=why):
        next(Tune(distortion=name)(game_of(sample)))
