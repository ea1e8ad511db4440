"""Explained samples as pages show them: pictures, curves and numbers as in the report of an explanation."""

from base64 import b64decode
from typing import Any

from brittle.core.errors import RunError
from brittle.core.explanation import Explanation, Outcome
from brittle.domains.glow import legend
from brittle.report.explain.gallery import shown_line
from brittle.report.explain.lines import counted
from brittle.report.explain.pictures import DAMAGED, opened, under_map
from brittle.report.explain.words import thing_of
from brittle.report.pictures import thumbnail
from brittle.store.explanations import read_explanation
from brittle.store.run import Run


def sample_of(run: Run, text: str, sample: str) -> dict[str, Any]:
    """What the page of a sample shows. text: its line. Raises RunError where that is damaged."""
    spec = run.manifest.spec
    return {
        "shown": shown_line(run, _line(run, text, sample)),
        "thing": thing_of(spec),
        "legend": legend(spec.axes),
    }


def small_of(run: Run, text: str, sample: str, side: int) -> bytes | None:
    """A JPEG of a sample under its map, no side longer than so many pixels; None where it has no map.

    Raises RunError or DataError.
    """
    line = _line(run, text, sample)
    if line.status is not Outcome.EXPLAINED:
        return None
    try:
        png = under_map(run, opened(run, line))
    except DAMAGED as error:
        raise RunError(f"the map of {sample} cannot be shown: {error}") from error
    uri = thumbnail("", png, side, thicker="time" in run.manifest.spec.axes).uri
    return b64decode(uri.partition(",")[2])


def _line(run: Run, text: str, sample: str) -> Explanation:
    return counted(run, read_explanation(text, f"the line of {sample}"))
