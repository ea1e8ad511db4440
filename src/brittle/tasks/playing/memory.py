"""How many samples are in play, and how many rows are shown at once: by their bytes, not by count alone."""

from math import prod

from brittle.core.sample import InputSpec

OPEN_BYTES = 2**30
"""Of all samples in play."""
BATCH_BYTES = 2**28
"""Of the batches that are drawn or asked."""
COPIES = 8
"""Of an input, in float32, that a sample in play holds: itself, what is drawn on, flips to fall back on."""
FLOAT = 4


def most_open(spec: InputSpec, layers: int, workers: int) -> int:
    """Samples in play at once in one of so many processes. layers: whole inputs, as codes, of each."""
    of_one = prod(spec.shape) * (COPIES * FLOAT + layers * spec.code_type().itemsize)
    return int(max(1, OPEN_BYTES // (workers * of_one)))


def most_rows(spec: InputSpec, lanes: int) -> int:
    """Rows of one batch, where the user states no number. lanes: batches asked at the same time."""
    return max(1, BATCH_BYTES // ((lanes + 1) * prod(spec.shape) * FLOAT))
