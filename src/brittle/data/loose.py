"""Image files or clips without labels."""

from pathlib import Path

from brittle.data.dataset import Dataset, Source, Wanted, path_of
from brittle.data.files import MediaFile, is_called
from brittle.data.media import is_media, media_of
from brittle.data.options import DataOptions


class Loose:
    """Images or clips without labels, in a folder or a single one; the model's own answer must flip."""

    def fits(self, source: Source, options: DataOptions) -> bool:
        """Whether it is an image or a clip, or such files lie directly in it."""
        path = path_of(source)
        return path is not None and path.exists() and any(map(is_media, _candidates(path)))

    def __call__(self, source: Source, wanted: Wanted, options: DataOptions) -> Dataset:
        """Open them, sorted by name."""
        path = Path(path_of(source) or "").resolve()
        media = media_of(filter(is_media, _candidates(path)), wanted)
        found = [file for file in sorted(_candidates(path)) if is_called(file, media.suffixes)]
        files = [MediaFile(file.name, file) for file in found]
        return media.open_set(path.name, files, wanted, options)


def _candidates(path: Path) -> list[Path]:
    return list(path.iterdir()) if path.is_dir() else [path]
