"""brittle for tools that speak MAITE: an augmentation that turns images into a model's closest flips.

Protocol: maite.protocols.image_classification.Augmentation. maite itself is not needed.
"""

from collections.abc import Mapping, Sequence
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import numpy as np
from numpy.typing import NDArray

from brittle.core.maite import plain, single
from brittle.report.pictures import inputs_of
from brittle.tasks.audit.audit import audit

Batch = tuple[Sequence[Any], Sequence[Any], Sequence[Mapping[str, Any]]]


class NearestFlip:
    """A MAITE augmentation: each image becomes the closest flip that an audit of a model finds.

    One that is wrong already, or that holds within the budget, stays as it is. What was found of each is in
    its metadata under "brittle": status, queries, and of a flip its l2.

    model: as of brittle.audit. settings: those of brittle.audit, such as budget, search and seed.
    """

    def __init__(self, model: Any, *, id: str = "brittle-nearest-flip", **settings: Any) -> None:
        self.metadata = {"id": id}
        self._model, self._settings = model, settings

    def __call__(self, batch: Batch, /) -> tuple[list[NDArray[Any]], Sequence[Any], list[dict[str, Any]]]:
        """The batch with other images; targets are returned as they are. Raises BrittleError."""
        inputs, targets, metadata = batch
        images, found = [single(image) for image in inputs], [dict(about) for about in metadata]
        labels = np.array([int(plain(target).argmax()) for target in targets])
        for shape in dict.fromkeys(image.shape for image in images):
            places = [place for place, image in enumerate(images) if image.shape == shape]
            flips, about = self._flipped(np.stack([images[k] for k in places]), labels[places])
            for place, flip, told in zip(places, flips, about, strict=True):
                images[place] = flip
                found[place]["brittle"] = told
        return images, targets, found

    def _flipped(
        self, x: NDArray[Any], y: NDArray[np.int64]
    ) -> tuple[list[NDArray[Any]], list[dict[str, Any]]]:
        """The closest flips of images of one shape, and what is told of each."""
        flips, told = list(x), []
        with TemporaryDirectory() as folder:
            run = audit(self._model, (x, y), out=Path(folder) / "run", **self._settings)
            spec = run.manifest.spec
            for place, result in enumerate(run.results()):
                about: dict[str, Any] = {"status": result.status.value, "queries": result.queries}
                if result.closest:
                    _, changed = inputs_of(run, result, result.closest)
                    coded = np.issubdtype(x.dtype, np.integer)
                    flips[place] = spec.encode(changed).astype(x.dtype) if coded else changed
                    about["l2"] = result.closest.l2
                told.append(about)
        return flips, told
