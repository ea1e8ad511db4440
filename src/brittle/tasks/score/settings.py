"""What may be said of a score."""

import os
from typing import Annotated, Any, Literal

from pydantic import BeforeValidator, Field

from brittle.models.options import ModelOptions
from brittle.settings import Settings, setting
from brittle.store.scores import LONGEST

Figure = Literal["error", "relative", "mce"]
"""The mean error, the relative error, or mCE, see brittle.store.scores."""
Limit = Annotated[float, Field(ge=0)]


def _limits(value: Any) -> Any:
    """ "error=.4" as {"error": .4}, also of several."""
    texts = [value] if isinstance(value, str) else value
    if not isinstance(texts, list | tuple):
        return value
    pairs = [str(text).partition("=") for text in texts]
    if not all(equals for _, equals, _ in pairs):
        raise ValueError("expected FIGURE=LIMIT, such as error=.4")
    return {name: limit for name, _, limit in pairs}


def _path(value: Any) -> Any:
    return os.fspath(value) if isinstance(value, os.PathLike) else value


class ScoreSettings(Settings):
    """A model, a hard set, and how the one is scored on the other."""

    model: str = setting(..., "what is asked")
    folder: Annotated[str, BeforeValidator(_path)] = setting(..., "the hard set")
    name: str | None = setting(
        None,
        "what the board calls the model",
        group="running",
        metavar="TEXT",
        unset="the model's own name",
        min_length=1,
        max_length=LONGEST,
    )
    limit: int | None = setting(
        None, "only N source images, spread evenly", group="data", metavar="N", unset="all", ge=1
    )
    reference: str | None = setting(
        None,
        "an entry of the board whose errors mCE is relative to",
        group="running",
        metavar="NAME",
        unset="no mCE",
    )
    fail_over: Annotated[dict[Figure, Limit] | None, BeforeValidator(_limits)] = setting(
        None,
        "exit 1 if a figure is greater: error=.4, relative=.3 or mce=.9",
        group="running",
        metavar="FIGURE=F",
        unset="never",
        repeat=True,
    )
    batch: int = setting(32, "rows shown at once", group="running", metavar="N", ge=1, le=4096)
    model_options: ModelOptions = setting(ModelOptions(), "how the model is asked")
