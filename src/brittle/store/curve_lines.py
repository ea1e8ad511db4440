"""What the run of severity curves keeps: a line of results.jsonl for each sample, and summary.json."""

import json
from dataclasses import dataclass
from typing import Literal

from pydantic import BaseModel, ConfigDict, FiniteFloat, TypeAdapter, ValidationError

from brittle.core.curve_run import CurveResult
from brittle.core.errors import RunError
from brittle.settings import one_line
from brittle.store.records import FORMAT, damaged, loaded


@dataclass(frozen=True)
class CurveLine(CurveResult):
    """One line of results.jsonl of severity curves."""

    format: Literal[1] = FORMAT


class LevelErrors(BaseModel):
    """Wrong answers at a level, and Wilson's 95 % interval of their share."""

    level: FiniteFloat
    wrong: int
    error: FiniteFloat
    interval: tuple[FiniteFloat, FiniteFloat] | None


class DistortionErrors(BaseModel):
    """Errors under one distortion, or one way of it, from its weakest level to its strongest."""

    distortion: str
    mean_error: FiniteFloat
    levels: tuple[LevelErrors, ...]


class CurveSummaryFile(BaseModel):
    """Contents of summary.json of severity curves.

    samples: that errors are shares of; failed: further ones. labelled: errors are against labels. clean: of
    the untouched inputs. mean_error, mean_corruption_error: over all curves of the audit's distortions, and
    of ImageNet-C's. rows: that the model was shown for samples.
    """

    model_config = ConfigDict(extra="ignore", frozen=True)

    format: Literal[1] = FORMAT
    samples: int
    failed: int
    labelled: bool
    rows: int
    clean: LevelErrors
    mean_error: FiniteFloat
    mean_corruption_error: FiniteFloat | None = None
    curves: tuple[DistortionErrors, ...]


LINE = TypeAdapter(CurveLine)


def curve_text(found: CurveResult) -> str:
    """The line of results.jsonl for one sample, without its end."""
    return json.dumps({"format": FORMAT, **found.to_dict()}, separators=(",", ":"), ensure_ascii=False)


def read_curve(text: str, where: str) -> CurveResult:
    """The result of a line of results.jsonl. Raises RunError, which names `where`."""
    try:
        return LINE.validate_python(loaded(text, where))
    except ValidationError as error:
        raise RunError(damaged(where, one_line(error))) from error
