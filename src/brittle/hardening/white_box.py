"""Which samples stay right under an attack that sees the weights: PGD from several random starts.

It should find at least what black-box searches find: where it does not, gradients may be masked (Athalye,
Carlini and Wagner, "Obfuscated gradients give a false sense of security", ICML 2018).
"""

from collections.abc import Callable, Sequence

import numpy as np
import torch
from numpy.typing import NDArray

from brittle.core.sample import Array, InputSpec
from brittle.core.seeds import generator
from brittle.hardening.near import Labels, Logits, pgd
from brittle.hardening.records import Labelled
from brittle.hardening.tuning import WHITE_BOX_TUNING


def holds_within(
    logits: Logits,
    samples: Labelled,
    spec: InputSpec,
    radii: Sequence[float],
    seed: int,
    watch: Callable[[int], None] = lambda _: None,
) -> NDArray[np.bool_]:
    """Which samples hold within each L2, (radii, n); radii: from near to far.

    What flips within one counts as flipped within those beyond it, and is not attacked again. watch: is told
    how many of radii x n are known.
    """
    held = np.zeros((len(radii), len(samples.y)), bool)
    left = np.arange(len(samples.y))
    for k, radius in enumerate(radii):

        def told(done: int, known: int = (k + 1) * len(samples.y) - len(left)) -> None:
            watch(known + done)

        some = Labelled([samples.ids[i] for i in left.tolist()], samples.x[left], samples.y[left])
        starts = WHITE_BOX_TUNING.starts if k == len(radii) - 1 else WHITE_BOX_TUNING.starts_nearer
        left = left[holds(logits, some, spec, radius, seed, starts, told)]
        held[k, left] = True
    return held


def holds(
    logits: Logits,
    samples: Labelled,
    spec: InputSpec,
    limit: float,
    seed: int,
    starts: int = WHITE_BOX_TUNING.starts,
    watch: Callable[[int], None] = lambda _: None,
) -> NDArray[np.bool_]:
    """Which samples no start flips within this L2, (n,); one that is wrong untouched does not hold.

    watch: is told how many samples are known.
    """
    held = np.zeros(len(samples.y), bool)
    for begin in range(0, len(samples.y), WHITE_BOX_TUNING.rows_at_once):
        rows = np.arange(begin, min(begin + WHITE_BOX_TUNING.rows_at_once, len(samples.y)))
        rows = rows[_right(logits, samples.x[rows], samples.y[rows])]
        for start in range(starts if limit > 0 else 0):
            if len(rows):
                x, y = samples.x[rows], samples.y[rows]
                drawn = [generator(seed, "white box", samples.ids[row], start) for row in rows.tolist()]
                directions = np.stack([rng.standard_normal(spec.shape, np.float32) for rng in drawn])
                radii = np.full(len(rows), limit, np.float32)
                moved = pgd(logits, x, y, radii, directions, spec.bounds, WHITE_BOX_TUNING.steps)
                rows = rows[_right(logits, moved, y)]
        held[rows] = True
        watch(min(begin + WHITE_BOX_TUNING.rows_at_once, len(samples.y)))
    return held


def _right(logits: Logits, x: Array, y: Labels) -> NDArray[np.bool_]:
    with torch.no_grad():
        answers = logits(torch.tensor(x)).float().argmax(dim=1).numpy()
    return np.asarray(answers == y)
