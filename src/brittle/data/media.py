"""Images or clips: which of them a folder or a table holds for this model."""

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path

from brittle.data.clips import SUFFIXES as CLIP_SUFFIXES
from brittle.data.clips import clip_set
from brittle.data.dataset import Wanted
from brittle.data.files import MediaSet, find_files, is_called
from brittle.data.images import SUFFIXES as IMAGE_SUFFIXES
from brittle.data.images import image_set


@dataclass(frozen=True)
class Media:
    """A kind of file. sides: axes of its inputs; open_set: the Dataset of such files, in their order."""

    suffixes: frozenset[str]
    sides: int
    open_set: Callable[..., MediaSet]


IMAGES = Media(IMAGE_SUFFIXES, 3, image_set)
CLIPS = Media(CLIP_SUFFIXES, 4, clip_set)
ANIMATED = Media(frozenset({".png"}), 4, clip_set)
"""Clips as runs and hard sets keep them."""
SUFFIXES = IMAGES.suffixes | CLIPS.suffixes


def media_of(paths: Iterable[Path], wanted: Wanted) -> Media:
    """What the model takes, where there is such a file, else what the first file is.

    A .gif is an image, unless the model takes clips; so is a .png, where there are no other clips.
    """
    suffixes = [path.suffix.lower() for path in paths]
    takes_clips = wanted.shape and len(wanted.shape) == CLIPS.sides
    kinds = (CLIPS, ANIMATED, IMAGES) if takes_clips else (IMAGES, CLIPS)
    return next((kind for kind in kinds if not kind.suffixes.isdisjoint(suffixes)), kinds[0])


def is_media(path: Path) -> bool:
    """Whether a path is a file called like an image or a clip, and not hidden."""
    return is_called(path, SUFFIXES)


def find_media(folder: Path) -> Iterator[Path]:
    """Every image and clip below a folder, hidden ones left out, in no particular order."""
    return find_files(folder, SUFFIXES)
