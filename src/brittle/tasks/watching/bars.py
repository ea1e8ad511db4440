"""What a model says, as bars: the classes that are likeliest, and how likely they were before."""

from collections.abc import Sequence
from typing import Any

from brittle.core.account import top
from brittle.core.sample import Array
from brittle.report.classes import class_name

BARS = 10


def bars(classes: Sequence[str], now: Array, before: Array, own: int) -> list[dict[str, Any]]:
    """The classes that are most likely now, and the own one; each with its probability before and now.

    now, before: answers, (classes,).
    """
    shown = [k for k, _ in top(now, BARS)]
    if own not in shown:
        shown[-1] = own
    return [
        {
            "name": class_name(classes, k),
            "own": k == own,
            "before": round(float(before[k]), 6),
            "now": round(float(now[k]), 6),
        }
        for k in shown
    ]
