"""A data set of MAITE's protocol as samples, known by what it looks like: maite itself is not needed.

Protocol: maite.protocols.image_classification.Dataset, of (image, one-hot target, metadata with an id).
"""

from typing import Any

import numpy as np

from brittle.core.errors import DataError
from brittle.core.identity import hash_rows
from brittle.core.maite import is_maite, plain, single
from brittle.data.arrays import array_set
from brittle.data.dataset import Dataset, Source, Wanted
from brittle.data.options import DataOptions


class Maite:
    """A data set of MAITE: images (channels, height, width) of one shape, with targets and ids."""

    def fits(self, source: Source, options: DataOptions) -> bool:
        """Whether it has a length, items and metadata with an id."""
        return is_maite(source) and hasattr(source, "__len__") and hasattr(source, "__getitem__")

    def __call__(self, source: Any, wanted: Wanted, options: DataOptions) -> Dataset:
        """Open it; every image is read. Raises DataError."""
        name, images, labels, ids = str(source.metadata["id"]), [], [], []
        for place in range(len(source)):
            image, target, about = source[place]
            images.append(single(image))
            labels.append(int(plain(target).argmax()))
            ids.append(str(about["id"]))
        shapes = sorted({image.shape for image in images})
        if len(shapes) != 1:
            raise DataError(f"{name}: expected images of one shape, got {shapes[:4]}; resize them first")
        if len(set(ids)) < len(ids):
            raise DataError(f"{name}: expected a different id for each sample, and some stand twice")
        x = np.stack(images)
        digest = hash_rows([(name, *ids), labels, (x.dtype, x.shape, x.tobytes())])
        return array_set(name, x, np.array(labels), digest, wanted, options, ids=ids)
