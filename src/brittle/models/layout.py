"""Channel first outside, whatever a model wants inside."""

from dataclasses import replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from brittle.core.sample import Array
from brittle.models.backend import Ask, Backend

CHANNELS = (1, 3)


def wants_channels_last(shape: tuple[int | None, ...] | None, layout: str) -> bool:
    """Whether a model with this input shape wants its channel axis last.

    "auto" takes it as last where the last size is 1 or 3 and the first is not.
    """
    if layout != "auto":
        return layout == "channels_last"
    return shape is not None and len(shape) > 1 and shape[-1] in CHANNELS and shape[0] not in CHANNELS


def channels_first(backend: Backend) -> Backend:
    """The same model, asked with the channel axis first."""
    if not wants_channels_last(backend.shape, backend.settings.layout):
        return backend

    def concurrent() -> Ask:
        assert backend.concurrent is not None
        return _moving(backend.concurrent())

    def fit(shape: tuple[int, ...]) -> Backend:
        assert backend.fit is not None
        return channels_first(backend.fit((*shape[1:], shape[0])))

    shape = None if backend.shape is None else (backend.shape[-1], *backend.shape[:-1])
    return replace(
        backend,
        ask=_moving(backend.ask),
        shape=shape,
        fit=fit if backend.fit else None,
        concurrent=concurrent if backend.concurrent else None,
    )


def _moving(ask: Ask) -> Ask:
    """Inputs with the channel axis first to an ask that wants it last."""

    def moved(x: Array) -> NDArray[Any]:
        return ask(np.ascontiguousarray(np.moveaxis(x, 1, -1)))

    return moved
