"""A Python function as the model."""

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from brittle.core.errors import ModelError
from brittle.core.maite import is_maite
from brittle.core.sample import Array
from brittle.models.backend import Backend
from brittle.models.classes import named_by_index
from brittle.models.maite import asked_by_rows
from brittle.models.options import ModelOptions
from brittle.models.torch_module import is_module, module_backend
from brittle.models.user_code import UserModel, load_user_model


def open_function(model: str | Callable[..., Any], options: ModelOptions) -> Backend:
    """The backend of a callable on a NumPy batch, or to what `package.module:function` names or makes.

    A function without required parameters makes the model; a torch.nn.Module goes through the torch backend,
    a model of MAITE is asked as that protocol says.
    What the function raises when asked is passed on. Raises UsageError or ModelError if it cannot be loaded.
    """
    user = load_user_model(model, options)
    if is_maite(user.call):
        maite: Any = user.call
        classes = user.classes or named_by_index(maite.metadata.get("index2label"))
        return _backend(replace(user, call=asked_by_rows(maite), classes=classes))
    return module_backend(user) if is_module(user.call) else _backend(user)


def _backend(user: UserModel) -> Backend:
    def ask(x: Array) -> NDArray[Any]:
        # A copy: user code may well normalise its input in place.
        return as_answers(user.call(x.copy()), user.name)

    return Backend(
        name=user.name,
        ask=ask,
        shape=user.shape,
        classes=user.classes,
        outputs=len(user.classes) if user.classes else None,
        sha256=user.sha256,
        local=True,
        settings=user.settings,
        bounds=user.bounds,
    )


def as_answers(answers: Any, name: str) -> NDArray[Any]:
    """Arrays, lists or torch tensors as a NumPy array of float64. Raises ModelError for anything else."""
    if hasattr(answers, "detach"):
        answers = answers.detach().cpu().double().numpy()
    try:
        return np.asarray(answers, np.float64)
    except (TypeError, ValueError) as error:
        raise ModelError(
            f"expected {name} to answer numbers of shape (n, classes), got {type(answers).__name__}: {error}"
        ) from error
