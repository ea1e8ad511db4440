"""One sample from its clean row to its explanation: rows, fills, shares, and what goes wrong."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

from brittle.core.curves import MEASURES
from brittle.core.errors import DataError
from brittle.core.evaluation import Evaluator, against_truth, rank_correlation
from brittle.core.explain_run import ENDING, LEAST_BUDGET, ExplainRules, explain_sample
from brittle.core.explainer import Attribution, Explainer, Scene
from brittle.core.explanation import Explanation, Outcome
from brittle.core.referee import Referee
from brittle.core.sample import Array, InputSpec, Sample
from brittle.core.veil import KEPT

SPEC = InputSpec((1, 20, 20), ("channel", "height", "width"), bits=8)
X = np.full(SPEC.shape, 200 / 255, np.float32)
REGION = (slice(None), slice(4, 10), slice(8, 16))  # 48 of 400 elements
SHARE = 48 / 400


@dataclass
class Planted:
    """A model of which class 1 is sure as far as the region is untouched; rows: that it was shown."""

    steep: float = 12.0
    constant: float | None = None
    rows: int = 0
    input: InputSpec = SPEC
    classes: tuple[str, ...] = ("none", "there")

    def __call__(self, x: Array) -> Array:
        self.rows += len(x)
        kept = x[:, *REGION].mean(axis=(1, 2, 3)) / X[0, 0, 0]
        p = 1 / (1 + np.exp(-self.steep * (kept - 0.5)))
        p = np.full_like(p, self.constant) if self.constant is not None else p
        return np.stack([1 - p, p], axis=1).astype(np.float32)


@dataclass(frozen=True)
class Black:
    """A fill of nothing."""

    name: str = "black"

    def __call__(self, sample: Sample) -> Array:
        return np.zeros_like(sample.x)


@dataclass(frozen=True)
class Same:
    """A fill that takes nothing away."""

    name: str = "same"

    def __call__(self, sample: Sample) -> Array:
        return sample.x


@dataclass(frozen=True)
class Oracle:
    """An explainer that knows the region, and shows as many rows as it is told to, less `spare`."""

    spare: int = 0
    flat: bool = False
    name: str = "oracle"

    def __call__(self, scene: Scene) -> Explainer:
        asked = scene.rows - self.spare
        while asked > 0:
            rows = min(7, asked)
            answers = yield np.full((rows, *scene.sides), KEPT, np.uint8)
            assert len(answers) == rows
            asked -= rows
        values = np.zeros(scene.sides, np.float32)
        values[REGION[1:]] = 0 if self.flat else 1
        return Attribution(values + 1e-3 * (not self.flat) * scene.rng.random(scene.sides, np.float32))


@dataclass
class Kept:
    """An archive and maps in memory."""

    inputs: dict[str, Array] = field(default_factory=dict)
    arrays: dict[str, Mapping[str, NDArray[Any]]] = field(default_factory=dict)

    def write(self, sample: str, *what: Any) -> str:
        if len(what) == 1:
            self.arrays[sample] = what[0]
            return f"{sample}.npz"
        self.inputs[f"{sample}-{what[0]}"] = what[1].copy()
        return f"{sample}-{what[0]}"

    def read(self, file: str) -> Array:
        return self.inputs[file]


def predicted(clean: Array, label: int | None) -> int:
    return int(clean.argmax())


def explained(
    model: Planted,
    explainer: Any = Oracle(),
    budget: int = 60,
    fills: tuple[Any, ...] = (Black(),),
    which: Callable[[Array, int | None], int] = predicted,
    evaluate: bool = False,
    batch: int = 16,
    kept: Kept | None = None,
    label: int | None = 1,
) -> Explanation:
    kept = kept or Kept()
    after = (
        Evaluator(explainer, lambda _: Same() if fills == (Black(),) else Black(), 0) if evaluate else None
    )
    rules = ExplainRules(explainer, fills, which, budget, kept, kept, 0, after)
    (found,) = Referee(model, batch).play([explain_sample("a", lambda: Sample("a", X, label, SPEC), rules)])
    return found


@settings(max_examples=25, deadline=None)
@given(st.integers(LEAST_BUDGET, 120), st.integers(0, 30), st.sampled_from([1, 3, 16]), st.booleans())
def test_every_row_is_counted_and_none_is_beyond_the_budget(
    budget: int, spare: int, batch: int, evaluate: bool
) -> None:
    model = Planted()
    found = explained(model, Oracle(spare), budget, batch=batch, evaluate=evaluate)
    assert found.status is Outcome.EXPLAINED
    assert found.queries <= budget
    assert found.queries + found.evaluation_rows == model.rows
    assert (found.evaluation_rows > 0) == evaluate


def test_the_smallest_shares_are_found_and_hold_when_read_from_their_files() -> None:
    kept = Kept()
    found = explained(Planted(), kept=kept, budget=ENDING + 16)
    assert found.suffices and found.flips
    # 90 % of the clean probability is kept by .69 of the region, half of it taken away flips
    assert found.suffices.share == pytest.approx(0.69 * SHARE, abs=0.008)
    assert found.flips.share == pytest.approx(0.5 * SHARE, abs=0.008)
    for share, holds in ((found.suffices, 1), (found.flips, 0)):
        answer = Planted()(kept.inputs[share.file][None])[0]
        assert answer.argmax() == holds == share.predicted
        assert answer[1] == pytest.approx(share.probability, abs=1e-3)
    arrays = kept.arrays["a"]
    assert arrays["mask"].sum() == round(found.suffices.share * 400)
    assert arrays["insertion"].shape == arrays["deletion"].shape == (len(MEASURES),)
    assert found.insertion and found.deletion and found.insertion > 0.8 and found.deletion < 0.2
    np.testing.assert_array_equal(kept.inputs["a-original"], X)


def test_a_map_of_nothing_in_particular_has_worse_curves() -> None:
    @dataclass(frozen=True)
    class Random(Oracle):
        def __call__(self, scene: Scene) -> Explainer:
            yield np.zeros((1, *scene.sides), np.uint8)
            return Attribution(scene.rng.random(scene.sides, np.float32))

    worse, better = explained(Planted(), Random()), explained(Planted())
    assert worse.insertion and better.insertion and worse.deletion and better.deletion
    assert worse.insertion < better.insertion - 0.2 and worse.deletion > better.deletion + 0.2


def test_fills_that_keep_the_class_are_passed_over_and_refused_in_the_end() -> None:
    second = explained(Planted(), fills=(Same(), Black()))
    assert (second.status, second.fill) == (Outcome.EXPLAINED, "black")
    model = Planted(steep=-1.0)  # the fill has more of the class than the photo
    refused = explained(model, which=lambda clean, label: 1)
    assert refused.status is Outcome.REFUSED and "black 0.6" in refused.message
    assert refused.queries == model.rows == 2


def test_where_nothing_moves_the_answer_nothing_is_found() -> None:
    still = explained(Planted(constant=0.8))
    assert still.status is Outcome.NOTHING_FOUND and "same whatever" in still.message
    flat = explained(Planted(), Oracle(flat=True))
    assert flat.status is Outcome.NOTHING_FOUND and "flat" in flat.message


def test_only_the_decision_has_a_share_that_flips_it() -> None:
    class Two(Planted):
        """What is there is of two kinds."""

        def __call__(self, x: Array) -> Array:
            none, there = super().__call__(x).T
            return np.stack([none, 0.6 * there, 0.4 * there], axis=1)

    model = Two(classes=("none", "one", "other"))
    other, one = (explained(model, which=lambda clean, label, k=k: k) for k in (2, 1))  # type: ignore[misc]
    assert other.suffices and one.suffices and other.suffices.share == one.suffices.share
    assert one.flips and other.flips is None


def test_a_wrong_sample_is_explained_and_says_so() -> None:
    assert explained(Planted(), label=0).wrong and not explained(Planted(), label=1).wrong
    assert not explained(Planted(), label=None).wrong


@pytest.mark.parametrize("what", ["greedy", "shape", "nan", "raises"])
def test_an_explainer_that_breaks_the_rules_fails_its_sample(what: str) -> None:
    @dataclass(frozen=True)
    class Bad(Oracle):
        def __call__(self, scene: Scene) -> Explainer:
            rows = scene.rows + 1 if what == "greedy" else 1
            yield np.zeros((rows, *scene.sides), np.uint8)
            if what == "raises":
                raise ValueError("oh")
            sides = (3,) if what == "shape" else scene.sides
            return Attribution(np.full(sides, np.nan if what == "nan" else 1, np.float32))

    model = Planted()
    found = explained(model, Bad())
    assert found.status is Outcome.FAILED and found.message
    assert found.queries == model.rows == (2 if what == "greedy" else 3)


def test_an_answer_that_is_no_number_fails_the_sample() -> None:
    found = explained(Planted(constant=float("nan")))
    assert (found.status, found.queries) == (Outcome.FAILED, 1)


def test_what_fails_while_it_is_evaluated_says_nothing_but_that() -> None:
    @dataclass
    class Tired(Planted):
        """It answers the rows of the budget alone."""

        def __call__(self, x: Array) -> Array:
            return super().__call__(x) if self.rows < 60 else np.full((len(x), 2), np.nan, np.float32)

    found = explained(Tired(), evaluate=True, batch=4)
    assert (found.status, found.file, found.suffices, found.insertion) == (Outcome.FAILED, "", None, None)
    assert found.queries <= 60 and found.evaluation_rows > 0


def test_the_evaluation_sets_the_map_beside_what_costs_nothing() -> None:
    found = explained(Planted(), evaluate=True, fills=(Black(),)).evaluation
    assert (
        found and found.other_fill == "same" and set(found.areas) == {"map", "centre", "contrast", "random"}
    )
    assert found.areas["map"]["black"].difference > found.areas["centre"]["black"].difference
    assert found.areas["centre"]["black"].difference > found.areas["random"]["black"].difference - 0.1
    assert found.stability is not None and 0.1 < found.stability < 0.9  # the region agrees, the rest is noise


def test_a_map_against_the_truth() -> None:
    truth = np.zeros((20, 20), np.float32)
    truth[REGION[1:]] = 1
    same = against_truth(truth, truth)
    assert (same.iou, same.pointing, same.mass) == (1, True, 1)
    moved = against_truth(np.roll(truth, 4, axis=1), truth)
    assert moved.iou == pytest.approx(24 / 72) and moved.mass == pytest.approx(0.5)
    assert not against_truth(1 - truth, truth).pointing
    assert rank_correlation(truth, truth) == pytest.approx(1)


def test_bad_data_fail_their_sample() -> None:
    def bad() -> Sample:
        raise DataError("no such photo")

    kept = Kept()
    rules = ExplainRules(Oracle(), (Black(),), predicted, 60, kept, kept)
    (found,) = Referee(Planted(), 4).play([explain_sample("a", bad, rules)])
    assert (found.status, found.message, found.queries) == (Outcome.FAILED, "no such photo", 0)
