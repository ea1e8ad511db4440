"""Learned priors as files: weights, and what they are priors of."""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from brittle.core.errors import UsageError
from brittle.store.learned import Arrays, read_learned, write_learned

FORMAT = "brittle-prior-1"
AGAIN = "make one with brittle train --kind prior"


@dataclass(frozen=True, eq=False)
class StoredPrior:
    """What the file of a prior holds.

    arrays: weights. form: transformer, mlp or empirical. about: sizes and units that the form needs.
    of: what it is a prior of, {"family": its name} or {"waves": their axes and channels}, with the number
    of features. name: file name and the first digits of its SHA-256.
    """

    arrays: Arrays
    form: str
    about: Mapping[str, Any]
    of: Mapping[str, Any]
    name: str = ""


def read_prior(path: str | Path) -> StoredPrior:
    """The prior of a file. Raises UsageError with one line if it is missing, damaged or something else."""
    learned = read_learned(Path(path), "prior", AGAIN)
    about, of = learned.about.get("about"), learned.about.get("of")
    if learned.about.get("format") != FORMAT or not (isinstance(about, dict) and isinstance(of, dict)):
        raise UsageError(f"'{path}' holds no prior of brittle; {AGAIN}")
    return StoredPrior(learned.arrays, str(learned.about.get("form")), about, of, learned.name)


def write_prior(path: str | Path, prior: StoredPrior, card: Mapping[str, Any]) -> None:
    """Write a prior, its card beside it (.json). Same values, same bytes. Raises DiskError."""
    about = {"format": FORMAT, "form": prior.form, "about": dict(prior.about), "of": dict(prior.of)}
    write_learned(Path(path), prior.arrays, about, card)
