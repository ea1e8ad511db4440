"""ONNX files, run by onnxruntime."""

import os
from collections.abc import Mapping
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
import onnxruntime as ort
from numpy.typing import NDArray

from brittle.core.errors import ModelError, RefusedError, UsageError
from brittle.core.sample import Array
from brittle.models.backend import LANES, Ask, Backend
from brittle.models.onnx_files import onnx_digest
from brittle.models.options import ModelOptions
from brittle.models.tensors import chosen_output, class_count, fixed_size, in_batches_of

FLOATS: Mapping[str, Any] = {
    "tensor(float)": np.float32,
    "tensor(float16)": np.float16,
    "tensor(double)": np.float64,
}
CPU, CUDA = "CPUExecutionProvider", "CUDAExecutionProvider"


@dataclass(frozen=True)
class Graph:
    """A loaded ONNX graph: one float input, an output (n, classes). batch: its fixed size, None if free."""

    session: Any
    input: str
    dtype: Any
    batch: int | None
    shape: tuple[int | None, ...]
    output: str
    outputs: int | None


def open_onnx(model: str, options: ModelOptions) -> Backend:
    """The backend of an ONNX file: one float input, one output of rank 2, or the one that is named.

    sha256 is of the file and its external data, see models/onnx_files.py. Raises ModelError, UsageError for
    a name that no output has.
    """
    return onnx_backend(model, model, file_digest(model), options)


def file_digest(model: str) -> str:
    """onnx_digest of a file that somebody named. Raises ModelError if it is not there or cannot be read."""
    path = Path(model)
    try:
        if not path.is_file():
            raise ModelError(f"expected an .onnx file at '{model}', found none; check the path")
        return onnx_digest(path)
    except OSError as error:
        raise ModelError(
            f"cannot read '{model}': {error.strerror}; check the path and its permissions"
        ) from error


def onnx_backend(name: str, source: str | bytes, digest: str, options: ModelOptions) -> Backend:
    """The backend of a graph, from its file or its bytes. Raises ModelError, UsageError."""
    threads = options.threads or usable_cpus()
    load = partial(load_graph, source, name, output=options.output_name, device=options.device)
    graph = load(threads)
    several = threads > 1 and graph.session.get_providers() == [CPU]
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
        graph=source,
        device="cuda" if CUDA in graph.session.get_providers() else "cpu",
        concurrent=(lambda: _ask(load(threads + 1 - LANES), name)) if several else None,
    )


def load_graph(
    source: str | bytes, name: str, threads: int, output: str | None = None, device: str | None = "cpu"
) -> Graph:
    """Load a graph from a file or from its bytes and check its form; output: the name of that to ask.

    Raises ModelError, UsageError for a name that no output has, or a GPU that onnxruntime does not have.
    """
    settings, providers = session_settings(threads), _providers(device)
    try:
        session = ort.InferenceSession(source, settings, providers=providers)
    except Exception as error:  # onnxruntime's errors share no other base
        raise ModelError(f"{name} is no ONNX file that onnxruntime can load: {_first_line(error)}") from error
    if device == "cuda" and CUDA not in session.get_providers():
        raise UsageError("onnxruntime finds no GPU that it can use; check its driver, or leave --device out")
    return _checked(session, name, output)


def session_settings(threads: int) -> Any:
    """How every graph is run."""
    settings = ort.SessionOptions()
    settings.intra_op_num_threads = threads
    settings.inter_op_num_threads = 1
    settings.execution_mode = ort.ExecutionMode.ORT_SEQUENTIAL
    # A spinning engine keeps the core on which the next candidates are drawn: audits run 5 % slower with it.
    settings.add_session_config_entry("session.intra_op.allow_spinning", "0")
    settings.log_severity_level = 4  # what goes wrong is raised as well
    return settings


def _providers(device: str | None) -> list[str]:
    """Where to compute, best first. Raises UsageError for a GPU that is not there."""
    known = ort.get_available_providers()
    if device == "cuda" and CUDA not in known:
        raise UsageError(
            f"this onnxruntime computes on {', '.join(known)} only; install onnxruntime-gpu in its place, or "
            "leave --device out"
        )
    return [CUDA, CPU] if CUDA in known and device != "cpu" else [CPU]


def _checked(session: Any, name: str, asked: str | None) -> Graph:
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
    output = chosen_output(session.get_outputs(), name, asked, FLOATS)
    batch, *shape = map(fixed_size, wanted.shape)
    return Graph(
        session, wanted.name, FLOATS[wanted.type], batch, tuple(shape), output.name, class_count(output)
    )


def usable_cpus() -> int:
    """CPUs that this process may run on."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


def _ask(graph: Graph, name: str) -> Ask:
    def ask(x: Array) -> NDArray[Any]:
        feed = {graph.input: np.ascontiguousarray(x, graph.dtype)}
        try:
            answers: NDArray[Any] = graph.session.run([graph.output], feed)[0]
        except Exception as error:  # onnxruntime's errors share no other base
            raise RefusedError(
                f"{name} cannot answer inputs of shape {x.shape}: {_first_line(error)}"
            ) from error
        return answers

    return ask if graph.batch is None else in_batches_of(graph.batch, ask)


def _first_line(error: Exception) -> str:
    return (str(error).strip().splitlines() or [type(error).__name__])[0][:300]
