"""What the working folder of a benchmark keeps of a sample: its line in results.jsonl of a phase."""

import json
from dataclasses import dataclass
from typing import Literal

from pydantic import TypeAdapter, ValidationError

from brittle.core.errors import RunError
from brittle.core.hard_result import HardResult
from brittle.settings import one_line
from brittle.store.records import FORMAT, damaged, loaded


@dataclass(frozen=True)
class HardLine(HardResult):
    """One line of results.jsonl of a phase of a benchmark."""

    format: Literal[1] = FORMAT


LINE = TypeAdapter(HardLine)


def hard_text(found: HardResult) -> str:
    """The line of results.jsonl for one sample, without its end."""
    return json.dumps({"format": FORMAT, **found.to_dict()}, separators=(",", ":"), ensure_ascii=False)


def read_hard(text: str, where: str) -> HardResult:
    """The result of a line of results.jsonl. Raises RunError, which names `where`."""
    try:
        return LINE.validate_python(loaded(text, where))
    except ValidationError as error:
        raise RunError(damaged(where, one_line(error))) from error
