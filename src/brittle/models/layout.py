"""Channel first outside, whatever a model wants inside."""

from dataclasses import replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from brittle.core.sample import Array
from brittle.models.door import Ask, Door

CHANNELS = (1, 3)


def wants_channels_last(shape: tuple[int | None, ...] | None, layout: str) -> bool:
    """Whether a model with this input shape wants its channel axis last.

    "auto" takes it as last where the last size is 1 or 3 and the first is not.
    """
    if layout != "auto":
        return layout == "channels_last"
    return shape is not None and len(shape) > 1 and shape[-1] in CHANNELS and shape[0] not in CHANNELS


def channels_first(door: Door) -> Door:
    """The same model, asked with the channel axis first."""
    if not wants_channels_last(door.shape, door.settings.layout):
        return door

    def beside() -> Ask:
        assert door.beside is not None
        return _moving(door.beside())

    def fit(shape: tuple[int, ...]) -> Door:
        assert door.fit is not None
        return channels_first(door.fit((*shape[1:], shape[0])))

    shape = None if door.shape is None else (door.shape[-1], *door.shape[:-1])
    return replace(
        door,
        ask=_moving(door.ask),
        shape=shape,
        fit=fit if door.fit else None,
        beside=beside if door.beside else None,
    )


def _moving(ask: Ask) -> Ask:
    """Inputs with the channel axis first to an ask that wants it last."""

    def moved(x: Array) -> NDArray[Any]:
        return ask(np.ascontiguousarray(np.moveaxis(x, 1, -1)))

    return moved
