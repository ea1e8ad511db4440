"""From a torch module to ONNX bytes, checked. Needs the extra torch."""

import logging
import warnings
from collections.abc import Iterator
from contextlib import contextmanager, redirect_stderr
from io import StringIO
from typing import Any

import numpy as np

from brittle.models.backend import Backend
from brittle.models.onnx import onnx_backend
from brittle.models.options import ModelOptions

OPSET = 18
ANSWERS = "answers"
"""What the output of an export is called; of a module that returns a tuple, the first of several."""
TOLERANCE = 1e-3


class ExportError(Exception):
    """A module that torch cannot export, or whose export answers otherwise. Never reaches the user."""


def export_onnx(module: Any, shape: tuple[int, ...], options: ModelOptions) -> bytes:
    """Export a module in eval mode on the CPU to ONNX, with a free batch axis.

    shape: of one input. The export must answer random inputs at batch 1 and 3 as the module does, within 1e-3
    of its greatest answer. Raises ExportError.
    """
    import torch  # noqa: PLC0415

    with _quiet():
        try:
            program = torch.onnx.export(
                module,
                (torch.zeros(2, *shape),),
                input_names=["inputs"],
                output_names=[ANSWERS],
                opset_version=OPSET,
                dynamo=True,
                dynamic_shapes=({0: torch.export.Dim("batch")},),
                verbose=False,
            )
            graph: bytes = program.model_proto.SerializeToString()
        except Exception as error:  # torch raises nearly anything here
            raise ExportError(_first_line(error)) from error
    _check(module, graph, shape, options)
    return graph


def exported_backend(name: str, graph: bytes, digest: str, options: ModelOptions) -> Backend:
    """The backend of an export, which is asked for its first output. Raises ModelError."""
    return onnx_backend(name, graph, digest, options.model_copy(update={"output_name": ANSWERS}))


def _check(module: Any, graph: bytes, shape: tuple[int, ...], options: ModelOptions) -> None:
    import torch  # noqa: PLC0415

    rng = np.random.default_rng(0)
    try:
        ask = exported_backend("its export", graph, "", options).ask
        for rows in (1, 3):
            x = rng.random((rows, *shape), np.float32)
            with torch.inference_mode():
                told = module(torch.from_numpy(x))
            expected = (told[0] if isinstance(told, tuple) else told).numpy()
            answers = ask(x)
            if answers.shape != expected.shape:
                raise ExportError(f"it answers {answers.shape} instead of {expected.shape}")
            off = float(np.abs(answers - expected).max()) / max(float(np.abs(expected).max()), 1e-6)
            if not off <= TOLERANCE:
                raise ExportError(f"its answers are off by {off:.1e} of the greatest")
    except ExportError:
        raise
    except Exception as error:  # the module's own code runs here
        raise ExportError(_first_line(error)) from error


def _first_line(error: BaseException) -> str:
    """What went wrong in the first place; what torch makes of it tells how to file a bug."""
    while error.__cause__:
        error = error.__cause__
    return (str(error).strip().splitlines() or [type(error).__name__])[0][:200]


@contextmanager
def _quiet() -> Iterator[None]:
    """No warnings, log lines or traces on the user's terminal while torch exports."""
    before = logging.root.manager.disable
    logging.disable(logging.CRITICAL)
    try:
        with warnings.catch_warnings(), redirect_stderr(StringIO()):
            warnings.simplefilter("ignore")
            yield
    finally:
        logging.disable(before)
