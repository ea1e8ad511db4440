"""Image files without labels."""

from pathlib import Path

from brittle.data.dataset import Dataset, Source, Wanted, path_of
from brittle.data.images import ImageFile, image_set, is_image
from brittle.data.options import DataOptions


class Images:
    """Image files without labels, in a folder or a single one; the model's own answer is what must flip."""

    def fits(self, source: Source, options: DataOptions) -> bool:
        """Whether it is an image, or images lie directly in it."""
        path = path_of(source)
        return path is not None and path.exists() and any(map(is_image, _candidates(path)))

    def __call__(self, source: Source, wanted: Wanted, options: DataOptions) -> Dataset:
        """Open them, sorted by name."""
        path = Path(path_of(source) or "").resolve()
        files = [ImageFile(file.name, file) for file in sorted(_candidates(path)) if is_image(file)]
        return image_set(path.name, files, wanted, options)


def _candidates(path: Path) -> list[Path]:
    return list(path.iterdir()) if path.is_dir() else [path]
