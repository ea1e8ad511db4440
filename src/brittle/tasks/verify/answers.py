"""A stored answer of the model against one that it gives now."""

from collections.abc import Iterator, Sequence

import numpy as np

from brittle.core.sample import Array

SLACK = 2.0**-11
"""Relative; half of it is the rounding of answers to 12 bits, half what another engine may change."""
DIGIT = 1.5e-6
"""Stored answers have six decimals."""


def near(told: float, answered: float) -> bool:
    """Whether two probabilities are the same but for their rounding."""
    return abs(told - answered) <= SLACK * max(told, answered) + DIGIT


def answer_faults(
    predicted: int | None, top: Sequence[tuple[int, float]], answer: Array, classes: Sequence[str]
) -> Iterator[str]:
    """What a stored answer (its class, its top classes) says that the answer (classes,) does not."""
    if not np.isfinite(answer).all():
        yield "the model answers NaN or infinity"
        return
    greatest = np.argsort(-answer, kind="stable")[: max(5, len(top))]
    best = int(greatest[0])
    if predicted is None or not 0 <= predicted < len(answer):
        yield f"predicted is {predicted} in results.jsonl, expected a class of 0 to {len(answer) - 1}"
    elif not near(answer[predicted], answer[best]):
        yield f"predicted is {classes[predicted]} in results.jsonl, the model answers {classes[best]}"
    if len({index for index, _ in top}) != min(5, len(answer)) or len(top) > 5:
        yield f"top has {len(top)} classes in results.jsonl, expected {min(5, len(answer))} different ones"
    for (index, told), place in zip(top, greatest, strict=False):
        if not 0 <= index < len(answer):
            yield f"top has class {index} in results.jsonl, expected 0 to {len(answer) - 1}"
        elif not (near(told, answer[index]) and near(told, answer[place])):
            yield (
                f"top has {told} for {classes[index]} in results.jsonl, the model answers {answer[index]:.6f}"
                f" (and {answer[place]:.6f} for {classes[place]})"
            )
