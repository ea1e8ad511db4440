"""Losses of a gradient graph: what is handed down to the logits."""

from collections.abc import Callable, Mapping

from brittle.gradients.backward.tape import Tape
from brittle.gradients.losses import ALONG, AWAY, MARGIN

Loss = Callable[[Tape, str, str], str]
"""tape, logits (n, classes), what is asked (n, classes) -> the loss's gradient by the logits."""
FAR = 1e30


def margin(tape: Tape, logits: str, asked: str) -> str:
    """Of MARGIN; classes with 0 are neither own nor others."""
    zero, low = tape.constant(0), tape.constant(-FAR)
    depth, marks = tape.whole(tape.size(logits, -1)), tape.constant([0, 1])
    sides = []
    for kind in ("Greater", "Less"):
        some = tape.add("Where", tape.add(kind, asked, zero), logits, low)
        greatest = tape.add("ArgMax", some, axis=1, keepdims=0)
        sides.append(tape.add("OneHot", greatest, depth, marks, axis=-1))
    return tape.add("Sub", *sides)


def away(tape: Tape, logits: str, asked: str) -> str:
    """Of AWAY."""
    return tape.add("Sub", asked, logits)


def along(tape: Tape, logits: str, asked: str) -> str:
    """Of ALONG."""
    return asked


LOSSES: Mapping[str, Loss] = {MARGIN: margin, AWAY: away, ALONG: along}
