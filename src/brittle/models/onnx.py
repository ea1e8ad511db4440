"""ONNX files, run by onnxruntime."""

import os
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import onnxruntime as ort
from numpy.typing import NDArray

from brittle.core.errors import ModelError
from brittle.core.sample import Array
from brittle.models.backend import LANES, Ask, Backend
from brittle.models.onnx_files import onnx_digest
from brittle.models.options import ModelOptions

FLOATS: Mapping[str, Any] = {
    "tensor(float)": np.float32,
    "tensor(float16)": np.float16,
    "tensor(double)": np.float64,
}
PROVIDERS = ("CUDAExecutionProvider", "CPUExecutionProvider")


@dataclass(frozen=True)
class Graph:
    """A loaded ONNX graph: one float input, one output (n, classes). batch: its fixed size, None if free."""

    session: Any
    input: str
    dtype: Any
    batch: int | None
    shape: tuple[int | None, ...]
    output: str
    outputs: int | None


def open_onnx(model: str, options: ModelOptions) -> Backend:
    """The backend of an ONNX file: one float input, a first output of rank 2.

    sha256 is of the file and its external data, see models/onnx_files.py. Raises ModelError.
    """
    path = Path(model)
    if not path.is_file():
        raise ModelError(f"expected an .onnx file at '{model}', found none; check the path")
    try:
        digest = onnx_digest(path)
    except OSError as error:
        raise ModelError(f"cannot read '{model}': {error.strerror}; check its permissions") from error
    return onnx_backend(model, model, digest, options)


def onnx_backend(name: str, source: str | bytes, digest: str, options: ModelOptions) -> Backend:
    """The backend of a graph, from its file or its bytes. Raises ModelError."""
    threads = options.threads or usable_cpus()
    graph = load_graph(source, name, threads)
    several = threads > 1 and graph.session.get_providers() == ["CPUExecutionProvider"]
    return Backend(
        name=name,
        ask=_ask(graph, name),
        shape=graph.shape,
        classes=None,
        outputs=graph.outputs,
        sha256=digest,
        local=True,
        settings=options,
        weights_hashed=True,
        # Who asks is a thread of the engine as well: of two who ask, one takes the place of another.
        concurrent=(lambda: _ask(load_graph(source, name, threads + 1 - LANES), name)) if several else None,
    )


def load_graph(source: str | bytes, name: str, threads: int) -> Graph:
    """Load a graph from a file or from its bytes and check its form. Raises ModelError."""
    settings = ort.SessionOptions()
    settings.intra_op_num_threads = threads
    settings.inter_op_num_threads = 1
    settings.execution_mode = ort.ExecutionMode.ORT_SEQUENTIAL
    # A spinning engine keeps the core on which the next candidates are drawn: audits run 5 % slower with it.
    settings.add_session_config_entry("session.intra_op.allow_spinning", "0")
    settings.log_severity_level = 4  # what goes wrong is raised as well
    known = ort.get_available_providers()
    try:
        session = ort.InferenceSession(source, settings, providers=[p for p in PROVIDERS if p in known])
    except Exception as error:  # onnxruntime's errors share no other base
        raise ModelError(f"{name} is no ONNX file that onnxruntime can load: {_first_line(error)}") from error
    return _checked(session, name)


def _checked(session: Any, name: str) -> Graph:
    inputs = session.get_inputs()
    if len(inputs) != 1:
        names = ", ".join(i.name for i in inputs)
        raise ModelError(f"{name}: expected a graph with one input, got {len(inputs)} ({names})")
    wanted = inputs[0]
    if wanted.type not in FLOATS:
        raise ModelError(
            f"{name}: expected a float input, got {wanted.type}; export the model with a float input"
        )
    if len(wanted.shape) < 2:
        raise ModelError(
            f"{name}: expected an input with a batch axis and at least one more, got shape {wanted.shape}"
        )
    output = _output(session, name)
    batch, *shape = [_size(size) for size in wanted.shape]
    outputs = _size(output.shape[1]) if len(output.shape) == 2 else None
    return Graph(session, wanted.name, FLOATS[wanted.type], batch, tuple(shape), output.name, outputs)


def _output(session: Any, name: str) -> Any:
    """The first float output of rank 2, or else of unknown rank."""
    floats = [o for o in session.get_outputs() if o.type in FLOATS]
    for rank in (2, 0):
        for output in floats:
            if len(output.shape) == rank:
                return output
    found = ", ".join(f"{o.name} {o.type} {o.shape}" for o in session.get_outputs())
    raise ModelError(f"{name}: expected a float output of shape (n, classes), got {found}")


def usable_cpus() -> int:
    """CPUs that this process may run on."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


def _size(size: Any) -> int | None:
    return size if isinstance(size, int) and size > 0 else None


def _ask(graph: Graph, name: str) -> Ask:
    def ask(x: Array) -> NDArray[Any]:
        feed = {graph.input: np.ascontiguousarray(x, graph.dtype)}
        try:
            answers: NDArray[Any] = graph.session.run([graph.output], feed)[0]
        except Exception as error:  # onnxruntime's errors share no other base
            raise ModelError(
                f"{name} cannot answer inputs of shape {x.shape}: {_first_line(error)}"
            ) from error
        return answers

    return ask if graph.batch is None else in_batches_of(graph.batch, ask)


def in_batches_of(size: int, ask: Ask) -> Ask:
    """Ask a model of fixed batch: a short one is filled up with its last row, and those answers dropped."""

    def asked(x: Array) -> NDArray[Any]:
        answers = []
        for start in range(0, len(x), size):
            rows = x[start : start + size]
            filled = np.concatenate([rows, np.repeat(rows[-1:], size - len(rows), axis=0)])
            answers.append(ask(filled)[: len(rows)])
        return np.concatenate(answers)

    return asked


def _first_line(error: Exception) -> str:
    return (str(error).strip().splitlines() or [type(error).__name__])[0][:300]
