"""The common corruptions of a hardening, as rows of text."""

from collections.abc import Mapping
from typing import Any

from brittle.report.harden.attacks import ARMS
from brittle.report.wording import percent


def corruption_rows(measured: Mapping[str, Any]) -> list[tuple[str, list[str]]]:
    """Share right of each model by corruption, in words; measured: that block of the card."""
    return [
        (str(row["name"]).replace("_", " "), [percent(row[arm]) for arm in ARMS])
        for row in measured["by_corruption"]
    ]
