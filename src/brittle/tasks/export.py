"""Write a hard set in the format of others."""

from pathlib import Path

from brittle.core.errors import RunError, UsageError
from brittle.domains import domain_of
from brittle.domains.stored import fits_png, is_picture
from brittle.exports import EXPORTS, HOLDS
from brittle.exports.export import Export, Exported
from brittle.store.hard_records import form_of
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
    domain = domain_of(spec)
    _refuse_domain(to, domain.name)
    if is_picture(spec) and not fits_png(spec):
        raise UsageError(
            f"exports of pictures are of 8 bits in grey or RGB; this set is of {spec.bits or 'free'} bits "
            f"and {spec.shape[0]} channels"
        )
    files = SetFiles(hard, domain)
    sources = sources_of(hard)
    if not (to in BESIDE and place.resolve() == hard.path.resolve()):
        _refuse_full(place)
    write(Exported(hard, files, domain, sources, place))
    return place


def _refuse_domain(to: str, domain: str) -> None:
    """A format that does not hold inputs of this domain; others do."""
    if domain in HOLDS.get(to, (domain,)):
        return
    fit = [name for name in EXPORTS.builtin if domain in HOLDS.get(name, (domain,))]
    raise UsageError(
        f"{to} holds {' and '.join(form_of(one).place for one in HOLDS[to])}; this set is of "
        f"{form_of(domain).place}, which {', '.join(fit)} hold"
    )


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
