"""A backend as a Classifier: normalised inputs in, probabilities out, every row counted."""

from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

from brittle.core.classifier import check_answers
from brittle.core.door import Door
from brittle.core.errors import DataError, ModelError, RefusedError, UsageError
from brittle.core.sample import Array, InputSpec
from brittle.models.backend import Backend
from brittle.models.options import Output

SLACK = 1e-3


class ModelClassifier:
    """Implements core's Classifier on a backend.

    backend:  fitted to the inputs' shape; its meter counts what the model is shown. door: where it is asked.
    Raises DataError if the inputs do not fit the model, ModelError if the classes do not, UsageError if mean
    or std do not fit the channels.
    """

    def __init__(self, backend: Backend, spec: InputSpec, classes: tuple[str, ...]) -> None:
        _check_fit(backend, spec, classes)
        self.input, self.classes = spec, classes
        self.backend = backend.fitted(spec.shape)
        self.door = Door(self.backend.ask, self.backend.meter)
        stated = backend.settings.output
        self._output: Output | None = None if stated == "auto" else stated
        self._checked = False
        self._mean = _per_channel(backend.settings.mean, "mean", spec)
        self._std = _per_channel(backend.settings.std, "std", spec)

    @property
    def output(self) -> Output | None:
        """What the model answers; None as long as that is neither stated nor detected."""
        return self._output

    @property
    def output_source(self) -> Literal["stated", "detected"]:
        """How output is known."""
        return "detected" if self.backend.settings.output == "auto" else "stated"

    def __call__(self, x: Array) -> Array:
        """(n, *input.shape) -> probabilities (n, classes); NaN answers stay NaN. x is not changed.

        Raises RefusedError where the model did not answer every row, ModelError where it answered otherwise.
        """
        try:
            return self._probabilities(self.door(self._normalised(x)))
        except RefusedError as refused:
            if refused.answers is not None:
                refused.answers = self._probabilities(refused.answers)
            raise

    def _probabilities(self, answers: NDArray[Any]) -> Array:
        check_answers(answers, len(answers), len(self.classes))
        if not self._checked:
            self._learn(answers)
        return softmax(answers) if self._output == "logits" else answers.astype(np.float32)

    def _normalised(self, x: Array) -> Array:
        if self._mean is not None:
            x = x - self._mean
        return x if self._std is None else x / self._std

    def _learn(self, answers: NDArray[Any]) -> None:
        """Decide on, or check, the kind of answers by the first batch that has a usable row."""
        usable = answers[np.isfinite(answers).all(axis=1)].astype(np.float64)
        if not len(usable):
            return
        self._checked = True
        within = bool(usable.min() >= -SLACK and usable.max() <= 1 + SLACK)
        if self._output is None:
            sums_to_one = bool((abs(usable.sum(axis=1) - 1) <= SLACK).all())
            self._output = "probabilities" if within and sums_to_one else "logits"
        elif self._output == "probabilities" and not within:
            raise ModelError(
                f"{self.backend.name}: expected probabilities, as stated, got answers in "
                f"[{usable.min():g}, {usable.max():g}]; state output 'logits'"
            )


def softmax(logits: NDArray[Any]) -> Array:
    """Softmax over classes in float64, (n, classes) -> float32 of the same shape."""
    numbers = logits.astype(np.float64)
    with np.errstate(invalid="ignore"):
        powers = np.exp(numbers - numbers.max(axis=1, keepdims=True))
    return np.asarray(powers / powers.sum(axis=1, keepdims=True), np.float32)


def _check_fit(backend: Backend, spec: InputSpec, classes: tuple[str, ...]) -> None:
    wanted = backend.shape
    if wanted is not None and (
        len(wanted) != len(spec.shape)
        or any(want not in (None, size) for want, size in zip(wanted, spec.shape, strict=True))
    ):
        shape = ", ".join("any" if size is None else str(size) for size in wanted)
        raise DataError(f"{backend.name} takes inputs of shape ({shape}), but the samples have {spec.shape}")
    low, high = spec.bounds
    if backend.integers and (
        backend.bounds is None
        or not backend.bounds[0] <= low < high <= backend.bounds[1]
        or not (low.is_integer() and spec.code and spec.code.is_integer())
    ):
        least, most = backend.bounds or (0, 0)
        raise DataError(
            f"{backend.name} takes whole numbers of {least:g} to {most:g}, but the samples are of {low:g} to "
            f"{high:g} in steps of {spec.code:g}; 8-bit samples are with --bounds 0,255"
        )
    if len(classes) < 2:
        raise ModelError(f"{backend.name}: expected at least 2 classes, got {len(classes)}")
    if backend.outputs is not None and backend.outputs != len(classes):
        raise ModelError(
            f"{backend.name} answers {backend.outputs} classes, but {len(classes)} class names are given"
        )


def _per_channel(values: tuple[float, ...] | None, name: str, spec: InputSpec) -> Array | None:
    """One value per channel, or one for all, in a shape that spreads over inputs."""
    if values is None:
        return None
    axis = spec.axes.index("channel") if "channel" in spec.axes else None
    channels = 1 if axis is None else spec.shape[axis]
    if len(values) not in (1, channels):
        raise UsageError(f"expected {name} as 1 number or {channels}, one per channel, got {len(values)}")
    shape = [1] * len(spec.shape)
    if axis is not None:
        shape[axis] = len(values)
    return np.array(values, np.float32).reshape(shape)
