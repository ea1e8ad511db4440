"""From raw answers to probabilities, and everything that is checked on the way."""

from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

from brittle.core.errors import DataError, ModelError, UsageError
from brittle.core.sample import InputSpec
from brittle.models import ModelOptions, open_model
from brittle.models.classifier import ModelClassifier, softmax

SPEC = InputSpec((3, 2, 2), ("channel", "height", "width"))
NAMES = ("a", "b", "c")
X = np.random.default_rng(5).random((4, 3, 2, 2), dtype=np.float32)
LOGITS = np.array([[2.0, -1.0, 0.5], [0.0, 0.0, 9.0], [0.2, 0.3, 0.5], [-3.0, 1.0, 1.0]])


def answering(*batches: Any, **options: Any) -> ModelClassifier:
    """A classifier whose model gives these answers, one batch after the other, the last again."""
    left = list(batches)

    def model(x: NDArray[Any]) -> Any:
        return left.pop(0) if len(left) > 1 else left[0]

    return ModelClassifier(open_model(model, ModelOptions(**options)), SPEC, NAMES)


def test_logits_are_detected_and_softened() -> None:
    assert answering(LOGITS).output is None
    classifier = answering(LOGITS)
    answers = classifier(X)
    np.testing.assert_allclose(answers, np.exp(LOGITS) / np.exp(LOGITS).sum(1, keepdims=True), rtol=1e-6)
    assert answers.dtype == np.float32
    assert (classifier.output, classifier.output_source) == ("logits", "detected")


def test_probabilities_are_detected_and_kept() -> None:
    classifier = answering(softmax(LOGITS))
    np.testing.assert_array_equal(classifier(X), softmax(LOGITS))
    assert (classifier.output, classifier.output_source) == ("probabilities", "detected")


def test_what_was_detected_stays() -> None:
    classifier = answering(LOGITS, softmax(LOGITS))
    classifier(X)
    np.testing.assert_allclose(classifier(X), softmax(softmax(LOGITS)))


def test_stated_output_is_believed() -> None:
    classifier = answering(softmax(LOGITS), output="logits")
    assert (classifier.output, classifier.output_source) == ("logits", "stated")
    np.testing.assert_allclose(classifier(X), softmax(softmax(LOGITS)))


def test_stated_probabilities_must_look_like_some() -> None:
    with pytest.raises(ModelError, match=r"expected probabilities, as stated, got answers in \[-3, 9\]"):
        answering(LOGITS, output="probabilities")(X)


@pytest.mark.parametrize("answers", [LOGITS, softmax(LOGITS)])
def test_nan_rows_stay_alone_and_do_not_mislead(answers: NDArray[Any]) -> None:
    broken = np.array(answers)
    broken[1] = np.nan
    classifier, sound = answering(broken), answering(answers)
    found, expected = classifier(X), sound(X)
    assert classifier.output == sound.output
    assert np.isnan(found[1]).all()
    np.testing.assert_array_equal(found[[0, 2, 3]], expected[[0, 2, 3]])


def test_a_batch_of_nan_alone_decides_nothing() -> None:
    classifier = answering(np.full((4, 3), np.nan), LOGITS)
    assert np.isnan(classifier(X)).all()
    assert classifier.output is None
    classifier(X)
    assert classifier.output == "logits"


def test_great_and_infinite_logits() -> None:
    answers = softmax(np.array([[1e30, -1e30, 0], [-np.inf, 0, 0]]))
    np.testing.assert_array_equal(answers, np.array([[1, 0, 0], [0, 0.5, 0.5]], np.float32))


@pytest.mark.parametrize("answers", [LOGITS[:3], LOGITS[:, :2], LOGITS[0], LOGITS[..., None]])
def test_answers_of_another_shape(answers: NDArray[Any]) -> None:
    with pytest.raises(ModelError, match=r"expected answers (of shape \(4, 3\)|to 1 rows)"):
        answering(answers)(X)


def test_rows_are_counted() -> None:
    classifier = answering(LOGITS)
    classifier(X)
    classifier(X)
    assert classifier.backend.meter.rows.shown == 8


def test_mean_and_std_per_channel() -> None:
    seen = []

    def model(x: NDArray[Any]) -> Any:
        seen.append(x)
        return LOGITS

    before = X.copy()
    options = ModelOptions(mean=(0.1, 0.2, 0.3), std=(0.5,))
    ModelClassifier(open_model(model, options), SPEC, NAMES)(X)
    np.testing.assert_allclose(seen[0], (X - np.reshape([0.1, 0.2, 0.3], (3, 1, 1))) / 0.5, rtol=1e-5)
    assert seen[0].dtype == np.float32
    np.testing.assert_array_equal(X, before)


def test_means_that_do_not_fit_the_channels() -> None:
    with pytest.raises(UsageError, match="expected mean as 1 number or 3, one per channel, got 2"):
        answering(LOGITS, mean=(0.1, 0.2))


def test_answers_are_not_the_models_own_array() -> None:
    own = softmax(LOGITS)
    answering(own)(X)[:] = 0
    np.testing.assert_array_equal(own, softmax(LOGITS))


def test_samples_of_another_shape_are_refused() -> None:
    def model(x: NDArray[Any]) -> Any:
        return LOGITS

    model.input_shape = (3, None, 8)  # type: ignore[attr-defined]
    with pytest.raises(DataError, match=r"takes inputs of shape \(3, any, 8\), but the samples have"):
        ModelClassifier(open_model(model), SPEC, NAMES)
    with pytest.raises(DataError, match="takes inputs"):
        ModelClassifier(open_model(model), InputSpec((1, 8), ("channel", "time")), NAMES)


def test_classes_that_do_not_fit() -> None:
    def model(x: NDArray[Any]) -> Any:
        return LOGITS

    model.classes = NAMES  # type: ignore[attr-defined]
    with pytest.raises(ModelError, match="answers 3 classes, but 2 class names"):
        ModelClassifier(open_model(model), SPEC, ("a", "b"))
    with pytest.raises(ModelError, match="at least 2 classes"):
        ModelClassifier(open_model(lambda x: x), SPEC, ("a",))
