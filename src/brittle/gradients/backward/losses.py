"""Losses of a gradient graph: what is handed down to the logits."""

from collections.abc import Callable, Mapping

from brittle.gradients.backward.tape import Tape

Loss = Callable[[Tape, str, str], str]
"""tape, logits (n, classes), what is asked (n, classes) -> the loss's gradient by the logits."""
FAR = 1e30


def margin(tape: Tape, logits: str, asked: str) -> str:
    """Of the greatest logit of the own classes (asked > 0) minus the greatest of the others (asked < 0).

    Classes with 0 are neither.
    """
    zero, low = tape.constant(0), tape.constant(-FAR)
    depth, marks = tape.whole(tape.size(logits, -1)), tape.constant([0, 1])
    sides = []
    for kind in ("Greater", "Less"):
        some = tape.add("Where", tape.add(kind, asked, zero), logits, low)
        greatest = tape.add("ArgMax", some, axis=1, keepdims=0)
        sides.append(tape.add("OneHot", greatest, depth, marks, axis=-1))
    return tape.add("Sub", *sides)


def away(tape: Tape, logits: str, asked: str) -> str:
    """Of minus half the squared distance of the logits from those asked: descending leads away from them."""
    return tape.add("Sub", asked, logits)


def along(tape: Tape, logits: str, asked: str) -> str:
    """Of the sum of the logits, each times what is asked of it."""
    return asked


LOSSES: Mapping[str, Loss] = {"along": along, "away": away, "margin": margin}
