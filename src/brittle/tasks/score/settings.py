"""What may be said of a score."""

import os
from typing import Annotated, Any

from pydantic import BeforeValidator

from brittle.models.options import ModelOptions
from brittle.settings import setting
from brittle.store.scores import LONGEST
from brittle.tasks.limits import LimitedSettings, Limits

FIGURES = ("accuracy", "error", "relative", "mce", "rms_at_half_error")
"""The clean accuracy, mean and relative error, mCE, RMS at half error, see brittle.store.scores."""
SHARES = ("accuracy", "error")


def _path(value: Any) -> Any:
    return os.fspath(value) if isinstance(value, os.PathLike) else value


class ScoreSettings(LimitedSettings):
    """A model, a hard set, and how the one is scored on the other."""

    figures = FIGURES
    shares = SHARES

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
        None,
        "only N source images, signals or clips, spread evenly",
        group="data",
        metavar="N",
        unset="all",
        ge=1,
    )
    reference: str | None = setting(
        None,
        "an entry of the board whose errors mCE is relative to",
        group="running",
        metavar="NAME",
        unset="no mCE",
    )
    fail_over: Limits = setting(
        None,
        "red if a figure is greater: error=.4, relative=.3 or mce=.9; repeatable",
        group="gates",
        metavar="FIGURE=F",
        unset="never",
        repeat=True,
    )
    fail_under: Limits = setting(
        None,
        "red if a figure is less: accuracy=.7 or rms_at_half_error=.1; repeatable",
        group="gates",
        metavar="FIGURE=F",
        unset="never",
        repeat=True,
    )
    batch: int = setting(32, "rows shown at once", group="running", metavar="N", ge=1, le=4096)
    model_options: ModelOptions = setting(ModelOptions(), "how the model is asked")
