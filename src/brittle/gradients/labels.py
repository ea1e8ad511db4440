"""Which classes of a surrogate are a class of the audited model."""

import re
from collections.abc import Sequence

LEAST_SHARED = 2
"""Class names that two models must share at least to speak of the same things."""


def shared_classes(
    classes: Sequence[str], others: Sequence[str] | None, count: int
) -> list[list[int]] | None:
    """For each class the surrogate's classes that mean it; None where the two have nothing in common.

    classes: names of the audited model's. others: the surrogate's, None where it has none; count: how many it
    has. By names where both have some, in the nearest form in which two are equal; else by index, where both
    have as many.
    """
    if others is None or not (_are_names(classes) and _are_names(others)):
        return [[k] for k in range(count)] if count == len(classes) else None
    exact, plain, bare = dict[str, list[int]](), dict[str, list[int]](), dict[str, list[int]]()
    for k, name in enumerate(others):
        for names, key in ((exact, name), (plain, _plain(name)), (bare, _plain(_bare(name, k)))):
            names.setdefault(key, []).append(k)
    found = []
    for k, name in enumerate(classes):  # Cardigan is a dog, and cardigan a garment
        key = _plain(name)
        means = exact.get(name) or plain.get(key) or bare.get(key) or plain.get(_plain(_bare(name, k)), [])
        found.append(means)
    return found if sum(map(bool, found)) >= LEAST_SHARED else None


def _are_names(classes: Sequence[str]) -> bool:
    """Whether these are more than the numbers from 0 on."""
    return any(name != str(k) for k, name in enumerate(classes))


def _bare(name: str, k: int) -> str:
    """A name without the index that tells two classes of one name apart: crane (134), of class 134."""
    return name.removesuffix(f" ({k})")


def _plain(name: str) -> str:
    """The first of several synonyms, without case; blanks, underscores and hyphens are one."""
    return re.sub(r"[\s_-]+", " ", name.split(",")[0].casefold()).strip()
