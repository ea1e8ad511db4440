"""What a user may say about the data."""

from math import isfinite
from pathlib import Path
from typing import Annotated, Any

from pydantic import (
    BaseModel,
    BeforeValidator,
    ConfigDict,
    NonNegativeInt,
    PositiveFloat,
    PositiveInt,
    field_validator,
)


def _names(value: Any) -> Any:
    """ "MLII,V5" as two names."""
    return [name.strip() for name in value.split(",")] if isinstance(value, str) else value


def _sides(value: Any) -> Any:
    """ "224x224" as height and width."""
    return value.lower().split("x") if isinstance(value, str) else value


def _pair(value: Any) -> Any:
    """ "0,255" as two numbers."""
    return value.split(",") if isinstance(value, str) else value


class DataOptions(BaseModel):
    """How to read samples.

    size:   height and width to resize images to; default: what the model takes, else that of the first image.
    limit:  only N samples; of image files spread evenly, so that every class folder has its share, of arrays
            and records the first N.
    bounds: least and greatest possible value; 8-bit samples are scaled to them (default 0 to 1), floats must
            lie within (default detected: 0 to 1, else 0 to 255, else they must be stated).
    labels: a labels.csv that lies elsewhere than in the folder of images or records.
    sampling_rate: samples per second that the model takes; records of another rate are resampled to it. Also
            the rate of tables and arrays that state none.
    leads:  names of the leads to show, in the model's order (default: the first ones of the first record).
    windows: windows taken of a record, from its start on.
    beat_at: place of the R peak in the window of a beat, from 0 (default: a third of the window).
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    size: Annotated[tuple[PositiveInt, PositiveInt] | None, BeforeValidator(_sides)] = None
    limit: PositiveInt | None = None
    bounds: Annotated[tuple[float, float] | None, BeforeValidator(_pair)] = None
    labels: Path | None = None
    sampling_rate: PositiveFloat | None = None
    leads: Annotated[tuple[str, ...], BeforeValidator(_names)] | None = None
    windows: PositiveInt = 1
    beat_at: NonNegativeInt | None = None

    @field_validator("bounds")
    @classmethod
    def _ordered(cls, bounds: tuple[float, float] | None) -> tuple[float, float] | None:
        if bounds is not None and not (all(map(isfinite, bounds)) and bounds[0] < bounds[1]):
            raise ValueError(
                f"expected the least value before the greatest, got {bounds[0]:g}, {bounds[1]:g}"
            )
        return bounds
