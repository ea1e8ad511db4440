"""What is told of a sample of an audit, now or in a replay: how it begins, what is tried, how it ends."""

from collections import Counter
from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from brittle.core import distance
from brittle.core.account import Account
from brittle.core.canvas import Canvas
from brittle.core.result import SearchResult
from brittle.core.sample import Array
from brittle.domains.tints import tints
from brittle.report import wording
from brittle.report.classes import class_name
from brittle.store.trails import MOST_CELLS
from brittle.tasks.watching.bars import bars
from brittle.tasks.watching.previews import LIVE, Look, change, kind_of, preview


def beginning(account: Account, classes: Sequence[str], clean: Array, look: Look = LIVE) -> dict[str, Any]:
    """What is known before a search begins. clean: the answer to the untouched sample, (classes,)."""
    goal, sample = account.goal, account.sample
    return {
        "label": class_name(classes, goal.label),
        "target": None if goal.target is None else class_name(classes, goal.target),
        "budget": account.terms.budget,
        "query": account.queries,
        "margin": _margin(account, clean),
        "bars": bars(classes, clean, clean, goal.label),
        "original": preview(sample.x, sample.spec, look),
        **kind_of(sample.spec),
        **_cut(account),
    }


def attempt(
    account: Account,
    classes: Sequence[str],
    clean: Array,
    move: NDArray[Any],
    answer: Array,
    query: int,
    look: Look = LIVE,
) -> dict[str, Any]:
    """One move of a search. answer: to it, (classes,); query: which one it was."""
    sample, x = account.sample, np.empty(account.sample.spec.shape, np.float32)
    account.board.render(move, x)
    l2 = distance.l2(sample.x, x)
    return {
        "query": query,
        "margin": _margin(account, answer),
        "l2": round(l2, 4),
        "rms": wording.as_rms(l2, sample.spec),
        "bars": bars(classes, answer, clean, account.goal.label),
        "modified": preview(x, sample.spec, look),
        "distortion": change(sample.x, x, sample.spec, look),
        **_worn(account, move),
    }


def ending(result: Any) -> dict[str, Any]:
    """How a sample ended, as its result has it."""
    if not isinstance(result, SearchResult):
        return {}
    return {
        "status": result.status.value,
        "query": result.queries,
        "l2": result.closest.l2 if result.closest else None,
    }


def _margin(account: Account, answer: Array) -> float:
    return round(float(account.goal.margin(answer[None])[0]), 4)


def _cut(account: Account) -> dict[str, Any]:
    """How the sample is cut into cells, and in which colours distortions are painted; nothing elsewhere."""
    board = account.board
    if not isinstance(board, Canvas):
        return {}
    return {
        "cell": list(board.grid.cell),
        "counts": list(board.grid.counts),
        "tints": tints(board.layers),
    }


def _worn(account: Account, move: NDArray[Any]) -> dict[str, Any]:
    """Which distortion each cell has, as its place among the tints from 1, and how many cells each has."""
    board = account.board
    if not isinstance(board, Canvas):
        return {}
    names = list(tints(board.layers))
    place = [0, *(names.index(layer.distortion) + 1 for layer in board.layers)]
    cells = [place[int(layer)] for layer in move]
    used = Counter(names[k - 1] for k in cells if k)
    return {
        "touched": sum(used.values()),
        "used": used.most_common(),
        "cells": cells if len(cells) <= MOST_CELLS else None,
    }
