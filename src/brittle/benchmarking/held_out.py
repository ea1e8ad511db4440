"""A hold-out is asked for the final files, each once, and for nothing before."""

from collections.abc import Callable, Generator, Sequence
from typing import Any

import numpy as np

from brittle.core.build_run import DIGITS, ended, rows
from brittle.core.goal import Goal
from brittle.core.hard_result import Answer, HardResult
from brittle.core.request import Request, SampleRun
from brittle.core.sample import Array, Sample
from brittle.core.search import InputBoard


def ask_files(
    name: str, files: Sequence[str], label: int, read: Callable[[str], Sample], seed: int
) -> SampleRun[HardResult]:
    """The run of one sample of the set: its files, the untouched one first. read: the sample of a file."""

    def play(known: dict[str, Any]) -> Generator[Request, Array, dict[str, Any]]:
        known["label"] = label
        goal, answers = Goal(label), []
        for file in files:
            sample = read(file)
            shown = Request(InputBoard(sample), sample.x[None])
            answer = (yield from rows(shown, known, "held_out"))[0]
            margin = round(float(goal.margin(answer[None])[0]), DIGITS)
            answers.append(Answer(file, int(np.argmax(answer)), margin))
        return {"answers": tuple(answers)}

    return (yield from ended(name, seed, play))
