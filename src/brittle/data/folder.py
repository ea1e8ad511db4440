"""A folder of class subfolders."""

from pathlib import Path

from brittle.core.errors import DataError
from brittle.data.classes import naming
from brittle.data.dataset import Dataset, Source, Wanted, path_of
from brittle.data.images import ImageFile, find_images, image_set, is_hidden, is_image
from brittle.data.options import DataOptions


class Folder:
    """A folder of class subfolders, named by class or index; images may lie deeper inside them."""

    def fits(self, source: Source, options: DataOptions) -> bool:
        """Whether some subfolder holds an image."""
        path = path_of(source)
        if path is None or not path.is_dir():
            return False
        return any(True for folder in _subfolders(path) for _ in find_images(folder))

    def __call__(self, source: Source, wanted: Wanted, options: DataOptions) -> Dataset:
        """Open it. Samples are called by their path inside the folder and sorted by it."""
        path = Path(path_of(source) or "")
        loose = sorted(file.name for file in path.iterdir() if is_image(file))
        if loose:
            raise DataError(
                f"'{path}': {len(loose)} images (such as {loose[0]}) lie beside the class subfolders; "
                f"move them into one, or out of the folder"
            )
        # Empty ones count too: leaving one out would shift the number of every class after it.
        folders = _subfolders(path)
        labels = naming((folder.name for folder in folders), wanted, f"'{path}'")
        if labels.unknown:
            raise DataError(f"'{path}': {next(iter(labels.unknown.values()))}; rename or move the subfolder")
        files = [
            ImageFile(file.relative_to(path).as_posix(), file, labels.index[folder.name])
            for folder in folders
            for file in find_images(folder)
        ]
        files.sort(key=lambda file: file.id)
        return image_set(path.resolve().name, files, wanted, options, labels.classes)


def _subfolders(path: Path) -> list[Path]:
    return sorted(entry for entry in path.iterdir() if entry.is_dir() and not is_hidden(entry))
