"""Where gradients of a local model are computed: in onnxruntime where its graph allows, or else in torch."""

from importlib.util import find_spec
from typing import Protocol

from brittle.core.errors import MissingExtraError, ModelError
from brittle.core.sample import Array
from brittle.models import Backend


class Engine(Protocol):
    """Answers and gradients of one local model for inputs of one shape. classes: how many it has."""

    @property
    def classes(self) -> int: ...

    def __call__(self, loss: str, x: Array, asked: Array) -> tuple[Array, Array]:
        """Logits (n, classes) and the gradient (n, *shape) of a loss of losses.py, summed over the batch.

        asked: what the loss needs, (n, classes).
        """


def open_engine(backend: Backend, given: tuple[int, ...]) -> Engine:
    """Gradients of a model for inputs of this shape, channel first; in torch where there is no other way.

    Raises ModelError where the model has none, MissingExtraError without the extra surrogates.
    """
    if find_spec("onnx") is None:
        raise MissingExtraError("a surrogate", "surrogates")
    from brittle.gradients.backward.tape import Unknown  # noqa: PLC0415
    from brittle.gradients.onnx_engine import open_onnx_engine  # noqa: PLC0415

    try:
        return open_onnx_engine(backend, given)
    except Unknown as error:
        reason = f"there is no rule for {error}"
    if find_spec("torch") is None:
        raise ModelError(
            f"{backend.name} gives no gradients without torch: {reason}; install the extra 'torch'"
        )
    from brittle.gradients.torch_engine import open_torch_engine  # noqa: PLC0415

    return open_torch_engine(backend, given, reason)
