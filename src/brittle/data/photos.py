"""The built-in photos, which ship inside the foolbox package."""

from importlib.util import find_spec
from pathlib import Path

from brittle.core.errors import MissingExtraError
from brittle.data.dataset import Dataset, Source, Wanted
from brittle.data.files import MediaFile
from brittle.data.images import image_set
from brittle.data.options import DataOptions

NAME = "photos"
SIZE = (224, 224)
"""For a model that takes any size; the photos are of several."""


class Photos:
    """The built-in photos: 20 labelled ImageNet photos, one file each (imagenet_NN_LABEL.jpg)."""

    def fits(self, source: Source, options: DataOptions) -> bool:
        """Whether they are asked for by name."""
        return isinstance(source, str) and source == NAME and options.labels is None

    def __call__(self, source: Source, wanted: Wanted, options: DataOptions) -> Dataset:
        """Open them. Raises MissingExtraError if foolbox is not installed; never imports it."""
        found = find_spec("foolbox")
        places = (found.submodule_search_locations or []) if found else []
        paths = sorted(path for place in places for path in Path(place, "data").glob("imagenet_*.jpg"))
        if not paths:
            raise MissingExtraError("the built-in photos", "builtin")
        files = [MediaFile(path.name, path, int(path.stem.rpartition("_")[2])) for path in paths]
        if wanted.shape is None or None in wanted.shape[1:]:
            options = options.model_copy(update={"size": options.size or SIZE})
        return image_set(NAME, files, wanted, options)
