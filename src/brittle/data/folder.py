"""A folder of class subfolders."""

from pathlib import Path

from brittle.core.errors import DataError
from brittle.data.classes import naming
from brittle.data.dataset import Dataset, Source, Wanted, path_of
from brittle.data.files import MediaFile, is_hidden
from brittle.data.media import find_media, is_media, media_of
from brittle.data.options import DataOptions


class Folder:
    """A folder of class subfolders, named by class or index; images or clips may lie deeper inside them."""

    def fits(self, source: Source, options: DataOptions) -> bool:
        """Whether some subfolder holds an image or a clip."""
        path = path_of(source)
        if path is None or not path.is_dir():
            return False
        return any(True for folder in _subfolders(path) for _ in find_media(folder))

    def __call__(self, source: Source, wanted: Wanted, options: DataOptions) -> Dataset:
        """Open it. Samples are called by their path inside the folder and sorted by it."""
        path = Path(path_of(source) or "")
        loose = sorted(file.name for file in path.iterdir() if is_media(file))
        if loose:
            raise DataError(
                f"'{path}': {len(loose)} files (such as {loose[0]}) lie beside the class subfolders; "
                f"move them into one, or out of the folder"
            )
        # Empty ones count too: leaving one out would shift the number of every class after it.
        folders = _subfolders(path)
        labels = naming((folder.name for folder in folders), wanted, f"'{path}'")
        if labels.unknown:
            raise DataError(f"'{path}': {next(iter(labels.unknown.values()))}; rename or move the subfolder")
        found = [(folder.name, file) for folder in folders for file in find_media(folder)]
        media = media_of((file for _, file in found), wanted)
        files = [
            MediaFile(file.relative_to(path).as_posix(), file, labels.index[name])
            for name, file in found
            if file.suffix.lower() in media.suffixes
        ]
        files.sort(key=lambda file: file.id)
        return media.open_set(path.resolve().name, files, wanted, options, labels.classes)


def _subfolders(path: Path) -> list[Path]:
    return sorted(entry for entry in path.iterdir() if entry.is_dir() and not is_hidden(entry))
