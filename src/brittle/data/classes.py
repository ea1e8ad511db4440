"""From what a label is called to the model's class index."""

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from brittle.core.errors import DataError, did_you_mean
from brittle.data.dataset import Wanted

WHOLE = re.compile(r"([+-]?[0-9]{1,18})(\.0*)?")
"""A whole number; pandas writes those of a column with gaps as 2.0."""


@dataclass(frozen=True)
class Naming:
    """What each label text means.

    index:   text -> class index (which may still lie outside the model's classes, see check_label).
    unknown: text -> why it names no class.
    classes: class names in their order, where the data knows them.
    """

    index: Mapping[str, int]
    unknown: Mapping[str, str]
    classes: tuple[str, ...] | None


def naming(texts: Iterable[str], wanted: Wanted, source: str) -> Naming:
    """Find the class of every label text.

    Whole numbers, 2 or 2.0, are indices. Other texts are matched with the model's class names; where none of
    them matches, they are numbered in sorted order, if there are as many as the model has classes or nobody
    knows.
    Raises DataError, which names the source, if no text has a class at all.
    """
    distinct = sorted(set(texts))
    index = {text: int(whole[1]) for text in distinct if (whole := WHOLE.fullmatch(text))}
    blank: dict[str, str] = {
        text: "it has no label; give one or drop this sample" for text in distinct if not text
    }
    names = [text for text in distinct if text not in index and text not in blank]
    if not names:
        return Naming(index, blank, None)
    found, unknown = _by_name(names, wanted.classes or ())
    unknown |= blank
    if found or index:
        return Naming(index | found, unknown, wanted.classes if found else None)
    if wanted.outputs not in (None, len(names)):
        known = wanted.classes or ()
        hint = f" (such as '{known[0]}')" if known else ""
        raise DataError(
            f"{source}: {len(names)} labels (such as '{names[0]}') match none of the model's "
            f"{wanted.outputs} class names{hint}; use those names, or indices"
        )
    return Naming({name: i for i, name in enumerate(names)}, blank, tuple(names))


def check_label(label: int | None, outputs: int | None, name: str) -> None:
    """Raise DataError if a label is no class of the model."""
    if label is None:
        return
    if label < 0 or (outputs is not None and label >= outputs):
        last = "" if outputs is None else f" to {outputs - 1}"
        raise DataError(f"{name}: expected a label of 0{last}, got {label}; correct or drop this sample")


def _by_name(names: list[str], classes: tuple[str, ...]) -> tuple[dict[str, int], dict[str, str]]:
    """Classes by whole name, or by the first of its synonyms ("tench, Tinca tinca")."""
    places: dict[str, list[int]] = {}
    for i, name in enumerate(classes):
        for key in {_plain(name), _plain(name.split(",")[0])}:
            places.setdefault(key, []).append(i)
    found, unknown = {}, {}
    for name in names:
        at = places.get(_plain(name), [])
        if len(at) == 1:
            found[name] = at[0]
        elif at:
            unknown[name] = f"'{name}' names {len(at)} classes ({', '.join(map(str, at))}); use the index"
        else:
            unknown[name] = f"no class is called '{name}'; {_near(name, classes)}"
    return found, unknown


def _near(name: str, classes: tuple[str, ...]) -> str:
    plain = _plain(name)
    hint = did_you_mean(plain, {_plain(c.split(",")[0]) for c in classes})
    return hint if hint.startswith("did you mean") else "use one of the model's class names, or an index"


def _plain(name: str) -> str:
    return " ".join(name.replace("_", " ").casefold().split())
