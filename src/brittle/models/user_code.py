"""Models that are the user's own Python code, and what that code says about itself."""

import inspect
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from brittle.core.errors import ModelError
from brittle.core.registry import load_object
from brittle.models.code import code_digest
from brittle.models.options import ModelOptions


@dataclass(frozen=True)
class UserModel:
    """A callable or torch.nn.Module, with what its optional attributes declare.

    Attributes: input_shape (without batch axis), classes, bounds, output ("logits" or "probabilities").
    sha256: of its code, see models/code.py.
    """

    name: str
    call: Callable[..., Any]
    shape: tuple[int | None, ...] | None
    classes: tuple[str, ...] | None
    bounds: tuple[float, float] | None
    settings: ModelOptions
    sha256: str


def load_user_model(model: str | Callable[..., Any], options: ModelOptions) -> UserModel:
    """The model that an object or `package.module:name` stands for.

    A named thing without required parameters makes the model and is called. Raises UsageError, ModelError.
    """
    if not isinstance(model, str):
        title = getattr(model, "__qualname__", type(model).__qualname__)
        return _described(f"{model.__module__}:{title}", model, model, options)
    found = load_object(model, "model")
    made = found
    if callable(found) and _makes_the_model(found):
        try:
            made = found()
        except Exception as error:
            raise ModelError(f"{model}() raised {type(error).__name__}: {error}") from error
    if not callable(made):
        raise ModelError(f"expected {model} to be or to return a callable, got {type(made).__name__}")
    return _described(model, made, found, options)


def _makes_the_model(thing: Callable[..., Any]) -> bool:
    try:
        parameters = inspect.signature(thing).parameters.values()
    except (TypeError, ValueError):
        return False
    return not any(
        p.kind is p.VAR_POSITIONAL or (p.default is p.empty and p.kind is not p.VAR_KEYWORD)
        for p in parameters
    )


def _described(name: str, call: Callable[..., Any], source: Any, options: ModelOptions) -> UserModel:
    def declared(attribute: str) -> Any:
        return getattr(call, attribute, getattr(source, attribute, None))

    output = declared("output")
    if options.output == "auto" and output in ("logits", "probabilities"):
        options = options.model_copy(update={"output": output})
    try:
        return UserModel(
            name=name,
            call=call,
            shape=_tuple(declared("input_shape"), lambda size: None if size is None else int(size)),
            classes=_tuple(declared("classes"), str),
            bounds=_bounds(declared("bounds")),
            settings=options,
            sha256=code_digest(call, source),
        )
    except (TypeError, ValueError) as error:
        raise ModelError(
            f"{name}: expected input_shape as sizes, classes as names and bounds as two numbers: {error}"
        ) from error


def _tuple(values: Any, of: Callable[[Any], Any]) -> tuple[Any, ...] | None:
    return None if values is None else tuple(of(value) for value in values)


def _bounds(values: Any) -> tuple[float, float] | None:
    if values is None:
        return None
    low, high = values
    return float(low), float(high)
