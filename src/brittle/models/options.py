"""How a model is to be asked."""

from typing import Annotated, Any, Literal

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field

Output = Literal["logits", "probabilities"]


def _numbers(value: Any) -> Any:
    """One number, or "0.5,0.4,0.3", as a sequence of numbers."""
    if isinstance(value, str):
        return value.split(",")
    return (value,) if isinstance(value, int | float) else value


Means = Annotated[tuple[float, ...], BeforeValidator(_numbers), Field(min_length=1)]
Spreads = Annotated[tuple[Annotated[float, Field(gt=0)], ...], BeforeValidator(_numbers), Field(min_length=1)]


class ModelOptions(BaseModel):
    """Everything a user may state about a model; stored in the run, so it holds no secret."""

    # Input is hidden from error texts: who confuses a variable's name with its value must not leak it.
    model_config = ConfigDict(frozen=True, extra="forbid", hide_input_in_errors=True)

    output: Literal["auto", "logits", "probabilities"] = Field(
        default="auto", description="what the model answers; auto decides it on the first batch"
    )
    mean: Means | None = Field(
        default=None, description="what the model wants subtracted, per channel or one number"
    )
    std: Spreads | None = Field(
        default=None, description="what the model wants divided by, per channel or one number"
    )
    layout: Literal["auto", "channels_first", "channels_last"] = Field(
        default="auto",
        description="where the model wants the channel axis; auto reads it from its input shape",
    )
    classes: str | None = Field(
        default=None,
        description="file with class names: one a line, a JSON list, or a JSON object {index: name}",
    )
    threads: int | None = Field(
        default=None, ge=1, description="threads of the engine; the CPU count if not given"
    )
    header: str | None = Field(
        default=None,
        pattern=r"^[A-Za-z0-9_-]+=[A-Za-z_][A-Za-z0-9_]*$",
        description="HTTP header and the environment variable that holds its value: Authorization=MY_TOKEN",
    )
    body: Literal["json", "npy"] = Field(default="json", description="how inputs are sent to an endpoint")
    timeout: float = Field(default=30, gt=0, description="seconds to wait for an endpoint")
    retries: int = Field(default=4, ge=0, description="how often a failed request is sent again")
    rate: float | None = Field(default=None, gt=0, description="most requests to an endpoint per second")


DEFAULTS = ModelOptions()
