"""Write a hard set in the format of others."""

from pathlib import Path

from brittle.core.errors import RunError, UsageError
from brittle.domains import domain_of
from brittle.domains.stored import fits_png
from brittle.exports import EXPORTS
from brittle.exports.export import Export, Exported
from brittle.store.hard_set import HardSet
from brittle.store.set_files import SetFiles, sources_of

BESIDE = ("croissant",)
"""Exports that describe the set's own files, and so may lie among them."""


def export(folder: str | Path, *, to: str, out: str | Path) -> Path:
    """Write a hard set in another format; returns the folder. The same set gives the same bytes.

    to: imagenet-c, cifar-c, huggingface, parquet, webdataset, croissant, or package.module:function.
    out: a new or empty folder; for croissant also the set itself. Raises BrittleError with one line.
    """
    write: Export = EXPORTS.load(to)
    hard, place = HardSet.open(folder), Path(out)
    spec = hard.about.spec
    if hard.about.domain != "image" or not fits_png(spec):
        raise UsageError(
            f"exports are of 8-bit images in grey or RGB; this set is of {hard.about.domain} "
            f"({', '.join(map(str, spec.shape))})"
        )
    files = SetFiles(hard, domain_of(spec))
    sources = sources_of(hard)
    if not (to in BESIDE and place.resolve() == hard.path.resolve()):
        _refuse_full(place)
    write(Exported(hard, files, sources, place))
    return place


def _refuse_full(place: Path) -> None:
    """Nothing is mixed with what is there; an export that was cut short is not taken for a whole one."""
    try:
        found = next(iter(place.iterdir()), None) if place.exists() else None
    except OSError as error:
        raise RunError(f"cannot write to {place}: {error.strerror}; choose another --out") from error
    if found is not None:
        raise RunError(
            f"expected a new or empty folder, got {place} with {found.name}; remove it, or choose another "
            "--out"
        )
