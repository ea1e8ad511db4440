"""Open an endpoint as a model: a plain one, or by its address one of the Open Inference Protocol."""

from http import HTTPStatus
from math import prod
from re import Match
from typing import Any

import numpy as np
from numpy.typing import NDArray

from brittle.core.errors import BrittleError, ModelError, UsageError
from brittle.core.rows import Meter
from brittle.core.sample import Array
from brittle.models.backend import Ask, Backend
from brittle.models.http.asking import Asker
from brittle.models.http.body import FORMS, Form
from brittle.models.http.endpoint import Endpoint
from brittle.models.http.inference import (
    ADDRESS,
    FLOATS,
    INTEGERS,
    BinaryTensors,
    JsonTensors,
    Tensor,
    limits,
    read_metadata,
    takes_binary,
)
from brittle.models.options import ModelOptions
from brittle.models.tensors import chosen_output, class_count, fixed_size, in_batches_of, no_output_names

METADATA = 1 << 20  # bytes, at most
NUMBERS, CLASSES = 1 << 28, 1 << 20  # of an input and an output, at most


def open_http(model: str, options: ModelOptions) -> Backend:
    """The backend of an endpoint. There is no sha256: what runs there is not known.

    Asked: POST the rows as an npy file, or {"inputs": rows} as JSON. Answered: a list of rows, alone or under
    "probabilities", "logits", "outputs" or "predictions", or an npy file (by its content type). Nothing is
    sent yet; but an address of the Open Inference Protocol, .../v2/models/NAME, is asked what it takes.
    Raises UsageError for an address with a password or a query in it, or a variable that is not set, and
    ModelError for a model of that protocol that cannot be asked.
    """
    found = ADDRESS.fullmatch(model)
    endpoint = Endpoint(model, options, Meter(), explains=found is not None)
    if found:
        return _inference(found, endpoint)
    if options.output_name is not None:
        raise no_output_names(options.output_name, "http")
    return _backend(endpoint, Asker(endpoint, model, FORMS[options.body]).ask)


def _backend(endpoint: Endpoint, ask: Ask, **known: Any) -> Backend:
    """A backend that asks an endpoint. known: what it says of itself."""
    concurrency = endpoint.options.concurrency
    said = {"shape": None, "outputs": None, **known}
    return Backend(
        name=endpoint.address,
        ask=ask,
        classes=None,
        sha256="",
        local=False,
        settings=endpoint.options,
        meter=endpoint.meter,
        close=endpoint.close,
        concurrent=(lambda: ask) if concurrency > 1 else None,
        lanes=concurrency,
        **said,
    )


def _inference(found: Match[str], endpoint: Endpoint) -> Backend:
    """The backend of a model of the Open Inference Protocol, by its metadata.

    Raises ModelError, UsageError.
    """
    options = endpoint.options
    if options.body == "npy":
        raise UsageError("the Open Inference Protocol knows no npy files; leave --body out")
    try:
        reply = endpoint.get(found["model"], METADATA)
        if reply.status != HTTPStatus.OK:
            raise endpoint.refusal(reply)
        try:
            metadata = read_metadata(reply.body)
            taken = _input(metadata.inputs)
            told = chosen_output(metadata.outputs, "it", options.output_name, FLOATS)
            if (class_count(told) or 0) > CLASSES:
                raise ModelError(f"expected at most {CLASSES} classes, got {class_count(told)}")
            if taken.datatype in INTEGERS and (options.mean or options.std):
                raise UsageError(f"it takes {taken.datatype}; leave --mean and --std out")
        except ValueError as error:
            raise endpoint.unreadable(error) from error
        except BrittleError as error:  # with names that the endpoint made
            said = endpoint.secrets.hidden(str(error))
            raise type(error)(f"{endpoint.address}: {said}") from error
        form: Form = JsonTensors(taken, told.name)
        if options.body == "auto" and _binary(found["server"], endpoint):
            form = BinaryTensors(taken, told.name)
    except BrittleError:
        endpoint.close()
        raise
    integers = taken.datatype in INTEGERS
    batch, *shape = map(fixed_size, taken.shape)
    ask = Asker(endpoint, found["model"] + "/infer", (form,)).ask
    return _backend(
        endpoint,
        ask if batch is None else _filled(batch, ask, endpoint.meter),
        shape=tuple(shape),
        outputs=class_count(told),
        bounds=limits(taken.datatype) if integers else None,
        integers=integers,
    )


def _input(inputs: tuple[Tensor, ...]) -> Tensor:
    """The only input of a model. Raises ModelError unless there is one of numbers, with a batch axis."""
    listed = ", ".join(f"{one.name} {one.datatype} {list(one.shape)}" for one in inputs)
    if len(inputs) != 1:
        raise ModelError(f"expected a model with one input, got {len(inputs)} ({listed})")
    if inputs[0].datatype not in {**FLOATS, **INTEGERS}:
        raise ModelError(f"expected an input of {', '.join([*FLOATS, *INTEGERS])}, got {listed}")
    if len(inputs[0].shape) < 2:
        raise ModelError(f"expected an input with a batch axis and at least one more, got {listed}")
    if prod(fixed_size(side) or 1 for side in inputs[0].shape) > NUMBERS:
        raise ModelError(f"expected an input of at most {NUMBERS} numbers, got {listed}")
    return inputs[0]


def _binary(server: str, endpoint: Endpoint) -> bool:
    """Whether the server takes binary tensors; one that says nothing of itself does not."""
    reply = endpoint.get(server, METADATA)
    return reply.status == HTTPStatus.OK and takes_binary(reply.body)


def _filled(batch: int, ask: Ask, meter: Meter) -> Ask:
    """Ask a model of fixed batch; the rows that fill it up are counted as shown once more."""
    in_batches = in_batches_of(batch, ask)

    def filled(x: Array) -> NDArray[np.float64]:
        if len(x) % batch:
            meter.show_again(batch - len(x) % batch)
        return in_batches(x)

    return filled
