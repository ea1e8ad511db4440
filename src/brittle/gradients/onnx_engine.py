"""Gradients by onnxruntime: a graph that gives them is made of the model's own.

It is made once, and kept in the user's cache folder under the SHA-256 of the model's; that of a torch module
is made every time, as nothing but its whole export says what it computes.
"""

from collections.abc import Callable, Sequence
from contextlib import suppress
from functools import lru_cache, partial
from hashlib import sha256
from typing import Any

import numpy as np
import onnxruntime as ort
from platformdirs import user_cache_path

from brittle.core.errors import BrittleError, ModelError
from brittle.core.sample import Array
from brittle.gradients.backward.graph import Entry, Unknown, gradient_graph
from brittle.gradients.losses import MARGIN
from brittle.gradients.onnx_read import first_line
from brittle.models import Backend
from brittle.models.export import ANSWERS, ExportError, export_onnx
from brittle.models.layout import channel_axis
from brittle.models.onnx import CPU, file_digest, load_graph, session_settings
from brittle.store.files import write_whole

FORM = 2
"""Of gradient graphs: count up when they change."""


class OnnxEngine:
    """An Engine on one thread: the same numbers on any count of CPUs. session: opens that of a loss.

    A row of another batch has the same numbers but for rounding, within 1e-6 of the greatest.
    """

    def __init__(self, session: Callable[[str], Any]) -> None:
        self._session = lru_cache(session)
        self.classes = int(self._session(MARGIN).get_outputs()[0].shape[1])

    def __call__(self, loss: str, x: Array, asked: Array) -> tuple[Array, Array]:
        """As of Engine."""
        session = self._session(loss)
        inputs, wanted = (i.name for i in session.get_inputs())
        logits, gradient = session.run(None, {inputs: np.ascontiguousarray(x, np.float32), wanted: asked})
        return logits, gradient


def open_onnx_engine(backend: Backend, given: tuple[int, ...]) -> OnnxEngine:
    """The engine of a model for inputs of this shape, channel first. Raises Unknown, ModelError."""
    try:
        engine = OnnxEngine(_sessions(backend, given))
        engine(MARGIN, np.zeros((1, *given), np.float32), np.zeros((1, engine.classes), np.float32))
    except (BrittleError, Unknown):
        raise
    except Exception as error:  # onnxruntime's errors share no other base
        raise Unknown(f"what onnxruntime cannot run ({first_line(error)})") from error
    return engine


def _sessions(backend: Backend, given: tuple[int, ...]) -> Callable[[str], Any]:
    """What opens the gradient graph of a loss. Raises Unknown, ModelError."""
    module = backend.module is not None
    source = _exported(backend, given) if module else backend.graph
    if source is None:
        raise Unknown("a model that is no ONNX graph")
    output = ANSWERS if module else backend.settings.output_name
    graph = load_graph(source, backend.name, threads=1, output=output)
    if graph.batch is not None or graph.dtype is not np.float32:
        raise Unknown("a graph for batches of one size, or of other numbers than float32")
    axis = 0 if module else channel_axis(graph.shape, backend.settings.layout, backend.name)
    entry = Entry(given, _taken(backend.name, graph.shape, given, axis), axis)
    make = partial(gradient_graph, source, entry, output=graph.output)
    if module:
        return lambda loss: _session(make(loss=loss))
    digest = file_digest(source) if isinstance(source, str) else sha256(source).hexdigest()
    name = f"{FORM} {digest} {entry} {graph.output}"
    return lambda loss: _kept(f"{name} {loss}", partial(make, loss=loss))


def _taken(name: str, shape: Sequence[int | None], given: Sequence[int], axis: int) -> tuple[int, ...]:
    """The shape that a model takes, with its channels on this axis: own sizes, or else those that are given.

    Raises ModelError.
    """
    if len(shape) != len(given):
        raise ModelError(
            f"{name} takes inputs of {len(shape)} axes, and the audited model of {len(given)}; give a "
            "surrogate that takes inputs of the same kind"
        )
    sizes = list(given[1:])
    sizes.insert(axis % len(given), given[0])
    return tuple(own or size for own, size in zip(shape, sizes, strict=True))


def _exported(backend: Backend, given: tuple[int, ...]) -> bytes:
    """A torch module as ONNX. Raises Unknown where that fails, ModelError."""
    shape = _taken(backend.name, backend.shape or given, given, 0)
    try:
        return export_onnx(backend.module, shape, backend.settings)
    except ExportError as error:
        raise Unknown("a module that torch cannot export to ONNX") from error


def _session(graph: bytes) -> Any:
    return ort.InferenceSession(graph, session_settings(threads=1), providers=[CPU])


def _kept(name: str, make: Callable[[], bytes]) -> Any:
    """The session of what is made under this name, kept in the user's cache folder where that can be."""
    file = user_cache_path("brittle") / "gradients" / f"{sha256(name.encode()).hexdigest()[:24]}.onnx"
    with suppress(Exception):  # absent, unreadable or damaged: it is made again
        return _session(file.read_bytes())
    made = make()
    with suppress(BrittleError):
        write_whole(file, made)
    return _session(made)
