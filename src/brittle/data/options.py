"""What a user may say about the data."""

from math import isfinite
from pathlib import Path
from typing import Annotated, Any

from pydantic import BeforeValidator, NonNegativeInt, PositiveFloat, PositiveInt, field_validator

from brittle.settings import Settings, setting


def _names(value: Any) -> Any:
    """ "MLII,V5" as two names."""
    return [name.strip() for name in value.split(",")] if isinstance(value, str) else value


def _sides(value: Any) -> Any:
    """ "224x224" as height and width."""
    return value.lower().split("x") if isinstance(value, str) else value


def _pair(value: Any) -> Any:
    """ "0,255" as two numbers."""
    return value.split(",") if isinstance(value, str) else value


class DataOptions(Settings):
    """How samples are read."""

    limit: PositiveInt | None = setting(
        None,
        "only N samples: of image files spread evenly, so that every class folder has its share, of arrays "
        "and records the first N",
        group="data",
        metavar="N",
        unset="all",
    )
    size: Annotated[tuple[PositiveInt, PositiveInt] | None, BeforeValidator(_sides)] = setting(
        None,
        "height and width to resize images and clips to",
        group="data",
        metavar="HxW",
        unset="what the model takes, else that of the first one",
    )
    bounds: Annotated[tuple[float, float] | None, BeforeValidator(_pair)] = setting(
        None,
        "least and greatest possible value; 8-bit samples are scaled to them, floats must lie within",
        group="data",
        metavar="LOW,HIGH",
        unset="0,1, or what is detected",
    )
    labels: Path | None = setting(
        None,
        "a labels.csv that lies elsewhere than in the folder of images or records",
        group="data",
        metavar="FILE",
        unset="the one beside the data",
    )
    sampling_rate: PositiveFloat | None = setting(
        None,
        "samples a second that the model takes; records of another rate are resampled, and it is the rate of "
        "tables and arrays that state none",
        group="data",
        metavar="HZ",
        unset="that of the records",
    )
    leads: Annotated[tuple[str, ...], BeforeValidator(_names)] | None = setting(
        None,
        "names of the leads to show, in the model's order",
        group="data",
        metavar="NAME[,NAME]",
        unset="the first ones of the first record",
    )
    windows: PositiveInt = setting(
        1,
        "windows taken of a record or a clip, side by side from its start on",
        group="data",
        metavar="N",
    )
    frames: PositiveInt | None = setting(
        None, "frames of a sample, of clips", group="data", metavar="N", unset="what the model takes"
    )
    stride: PositiveInt | None = setting(
        None,
        "frames of a clip from one of a sample to the next",
        group="data",
        metavar="N",
        unset="as many as spread a sample over the whole clip",
    )
    beat_at: NonNegativeInt | None = setting(
        None,
        "place of the R peak in the window of a beat, from 0",
        group="data",
        metavar="N",
        unset="a third of the window",
    )

    @field_validator("bounds")
    @classmethod
    def _ordered(cls, bounds: tuple[float, float] | None) -> tuple[float, float] | None:
        if bounds is not None and not (all(map(isfinite, bounds)) and bounds[0] < bounds[1]):
            raise ValueError(
                f"expected the least value before the greatest, got {bounds[0]:g}, {bounds[1]:g}"
            )
        return bounds
