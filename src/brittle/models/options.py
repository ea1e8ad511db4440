"""How a model is to be asked."""

from typing import Annotated, Any, Literal

from pydantic import BeforeValidator, ConfigDict, Field

from brittle.settings import Settings, setting

Output = Literal["logits", "probabilities"]


def _numbers(value: Any) -> Any:
    """One number, or "0.5,0.4,0.3", as a sequence of numbers."""
    if isinstance(value, str):
        return value.split(",")
    return (value,) if isinstance(value, int | float) else value


Means = Annotated[tuple[float, ...], BeforeValidator(_numbers), Field(min_length=1)]
Spreads = Annotated[tuple[Annotated[float, Field(gt=0)], ...], BeforeValidator(_numbers), Field(min_length=1)]


class ModelOptions(Settings):
    """Everything a user may state about a model; stored in the run, so it holds no secret."""

    # Input is hidden from error texts: who confuses a variable's name with its value must not leak it.
    model_config = ConfigDict(hide_input_in_errors=True)

    output: Literal["auto", "logits", "probabilities"] = setting(
        "auto",
        "what the model answers, logits or probabilities; auto decides it on the first batch",
        group="model",
        metavar="KIND",
    )
    output_name: str | None = setting(
        None,
        "the output that is asked, of an ONNX file or of the Open Inference Protocol",
        group="model",
        metavar="NAME",
        unset="the only one of shape (n, classes)",
    )
    mean: Means | None = setting(
        None,
        "what the model wants subtracted, a number a channel or one for all",
        group="model",
        metavar="M[,M,M]",
        unset="nothing",
    )
    std: Spreads | None = setting(
        None,
        "what the model wants divided by, a number a channel or one for all",
        group="model",
        metavar="S[,S,S]",
        unset="nothing",
    )
    layout: Literal["auto", "channels_first", "channels_last", "frames_first"] = setting(
        "auto",
        "where the model wants the channel axis, channels_first, channels_last or, behind the frames of a "
        "clip, frames_first; auto reads its input shape",
        group="model",
        metavar="KIND",
    )
    classes: str | None = setting(
        None,
        "class names: one a line, a JSON list, or a JSON object {index: name}",
        group="model",
        metavar="FILE",
        unset="the model's own, or numbers",
    )
    device: Literal["cpu", "cuda"] | None = setting(
        None,
        "what the model computes on, cpu or cuda",
        group="model",
        metavar="KIND",
        unset="a GPU where the engine has one",
    )
    threads: int | None = setting(
        None, "threads of the engine", group="model", metavar="N", unset="all CPUs", ge=1
    )
    header: str | None = setting(
        None,
        "HTTP header, and the environment variable that holds its value: Authorization=MY_TOKEN",
        group="model",
        metavar="NAME=VARIABLE",
        unset="none",
        pattern=r"^[A-Za-z0-9_-]+=[A-Za-z_][A-Za-z0-9_]*$",
    )
    query: str | None = setting(
        None,
        "environment variable that holds the query of the address, what follows the '?'",
        group="model",
        metavar="VARIABLE",
        unset="none",
        pattern=r"^[A-Za-z_][A-Za-z0-9_]*$",
    )
    body: Literal["auto", "npy", "json"] = setting(
        "auto",
        "how inputs are sent to an endpoint, npy or json; auto sends npy, and json where that is not taken",
        group="model",
        metavar="KIND",
    )
    concurrency: int = setting(
        1, "batches that an endpoint is asked at the same time", group="model", metavar="N", ge=1, le=256
    )
    timeout: float = setting(
        30, "seconds for a whole request to an endpoint", group="model", metavar="S", gt=0
    )
    retries: int = setting(4, "how often a failed request is sent again", group="model", metavar="N", ge=0)
    rate: float | None = setting(
        None, "most requests to an endpoint a second", group="model", metavar="F", unset="no limit", gt=0
    )


DEFAULTS = ModelOptions()
