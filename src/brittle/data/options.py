"""What a user may say about the data."""

from math import isfinite
from pathlib import Path

from pydantic import BaseModel, ConfigDict, PositiveInt, field_validator


class DataOptions(BaseModel):
    """How to read samples.

    size:   height and width to resize images to; default: what the model takes, else that of the first image.
    limit:  only the first N samples of the fixed order.
    bounds: least and greatest possible value; 8-bit samples are scaled to them (default 0 to 1), floats must
            lie within (default detected: 0 to 1, else 0 to 255, else they must be stated).
    labels: a labels.csv that lies elsewhere than in the folder of images.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    size: tuple[PositiveInt, PositiveInt] | None = None
    limit: PositiveInt | None = None
    bounds: tuple[float, float] | None = None
    labels: Path | None = None

    @field_validator("bounds")
    @classmethod
    def _ordered(cls, bounds: tuple[float, float] | None) -> tuple[float, float] | None:
        if bounds is not None and not (all(map(isfinite, bounds)) and bounds[0] < bounds[1]):
            raise ValueError(
                f"expected the least value before the greatest, got {bounds[0]:g}, {bounds[1]:g}"
            )
        return bounds
