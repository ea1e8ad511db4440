"""Channel first outside, whatever a model wants inside."""

from dataclasses import replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from brittle.core.errors import ModelError
from brittle.core.sample import Array
from brittle.models.backend import Ask, Backend

CHANNELS = (1, 3)
CHANNEL_AXIS = {"channels_first": 0, "frames_first": 1, "channels_last": -1}
CLIP_AXES = 4


def channel_axis(shape: tuple[int | None, ...] | None, layout: str, name: str = "the model") -> int:
    """Which axis of its input a model wants the channels on, without the batch axis: 0, 1 or -1.

    "auto" takes the last one where its size is 1 or 3 and that of the first is not; of clips it takes the
    only one of the three places that has such a size. Raises ModelError where several have.
    """
    if layout != "auto":
        return CHANNEL_AXIS[layout]
    if shape is None or len(shape) < 2:
        return 0
    if len(shape) != CLIP_AXES:
        return -1 if shape[-1] in CHANNELS and shape[0] not in CHANNELS else 0
    fitting = [layout for layout, axis in CHANNEL_AXIS.items() if shape[axis] in CHANNELS]
    if len(fitting) > 1:
        sides = " x ".join("any" if side is None else str(side) for side in shape)
        raise ModelError(
            f"{name} takes clips of {sides}, which may be {' or '.join(fitting)}; state one with --layout"
        )
    return CHANNEL_AXIS[fitting[0]] if fitting else 0


def channels_first(backend: Backend) -> Backend:
    """The same model, asked with the channel axis first. Raises ModelError."""
    axis = channel_axis(backend.shape, backend.settings.layout, backend.name)
    if axis == 0:
        return backend

    def concurrent() -> Ask:
        assert backend.concurrent is not None
        return _moving(backend.concurrent(), axis)

    def fit(shape: tuple[int, ...]) -> Backend:
        assert backend.fit is not None
        return channels_first(backend.fit(_moved(shape, 0, axis)))

    return replace(
        backend,
        ask=_moving(backend.ask, axis),
        shape=None if backend.shape is None else _moved(backend.shape, axis, 0),
        fit=fit if backend.fit else None,
        concurrent=concurrent if backend.concurrent else None,
    )


def _moved(shape: tuple[Any, ...], old: int, new: int) -> tuple[Any, ...]:
    """A shape with one axis moved."""
    sides = list(shape)
    side = sides.pop(old)
    sides.insert(len(sides) if new == -1 else new, side)
    return tuple(sides)


def _moving(ask: Ask, axis: int) -> Ask:
    """Inputs with the channel axis first to an ask that wants it elsewhere."""
    batched = axis if axis == -1 else axis + 1

    def moved(x: Array) -> NDArray[Any]:
        return ask(np.ascontiguousarray(np.moveaxis(x, 1, batched)))

    return moved
