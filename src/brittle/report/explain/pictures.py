"""The pictures of an explained sample: what it looks like under its map, and what was shown of it."""

from dataclasses import dataclass
from zipfile import BadZipFile

from brittle.core.errors import BrittleError
from brittle.core.explanation import Explanation, Outcome
from brittle.core.sample import Array
from brittle.domains import domain_of
from brittle.report.explain.lines import lines_of
from brittle.report.pictures import THUMBNAIL, Picture, picture, thumbnail, with_extent
from brittle.store.archive import file_name
from brittle.store.explanations import StoredMap, read_map
from brittle.store.files import refuse_link, write_whole
from brittle.store.run import Run

PICTURES, MASKS = "pictures", "masks"
WIDER = 3
"""By how much the thumbnail of a film strip is larger, so that its frames can be told apart."""
DAMAGED = (BrittleError, OSError, ValueError, ArithmeticError, BadZipFile)
"""What reading and drawing the files of a stranger's run may raise."""


@dataclass(frozen=True)
class Explained:
    """An explained sample as its files hold it."""

    line: Explanation
    x: Array
    stored: StoredMap


def files_of(sample: str) -> tuple[str, str]:
    """Inside the run folder: the picture of a sample under its map, and its mask."""
    return f"{PICTURES}/{file_name(sample)}.png", f"{MASKS}/{file_name(sample)}.png"


def opened(run: Run, line: Explanation) -> Explained:
    """Read the untouched sample and its map. Raises RunError, DataError."""
    spec = run.manifest.spec
    x = domain_of(spec).from_bytes(run.read(line.original), spec)
    sides = tuple(spec.shape[i] for i in spec.spatial)
    return Explained(line, x, read_map(run.read(line.file), sides, line.file))


def write_pictures(run: Run) -> None:
    """Write what files_of names for every explained sample whose files can be read. Raises DiskError."""
    for place in (PICTURES, MASKS):
        refuse_link(run.path / place)
    spec = run.manifest.spec
    for line in lines_of(run):
        if line.status is not Outcome.EXPLAINED:
            continue
        try:
            found = opened(run, line)
            pngs = under_map(run, found), domain_of(spec).region(found.stored.mask, spec)
        except DAMAGED:
            continue  # the page says so
        for file, png in zip(files_of(line.sample), pngs, strict=True):
            write_whole(run.path / file, png)


def under_map(run: Run, found: Explained) -> bytes:
    """PNG of a sample under its map, with what suffices marked."""
    spec, stored = run.manifest.spec, found.stored
    return domain_of(spec).explained(found.x, stored.values, spec, stored.mask)


def pictures_of(run: Run, found: Explained) -> tuple[tuple[Picture, ...], Picture]:
    """Original, map, what suffices and what flips, as many as there are; and a thumbnail of the map.

    Raises RunError, DataError.
    """
    spec, line = run.manifest.spec, found.line
    domain, name, mapped = domain_of(spec), line.sample, under_map(run, found)
    alt = f"What matters in {name}"
    pictures = [
        picture(
            with_extent("Original", spec), f"{name}, original", domain.picture(found.x, spec), line.original
        ),
        picture("What matters", alt, mapped, files_of(name)[0]),
    ]
    for caption, share in (("This suffices", line.suffices), ("This flips it", line.flips)):
        if share:
            x = domain.from_bytes(run.read(share.file), spec)
            png = domain.picture(x, spec)
            pictures.append(picture(caption, f"{name}: {caption.lower()}", png, share.file))
    side = THUMBNAIL * (WIDER if pictures[1].is_strip else 1)
    return tuple(pictures), thumbnail(alt, mapped, side, thicker="time" in spec.axes)
