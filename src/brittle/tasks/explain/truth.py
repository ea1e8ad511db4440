"""Masks of what should matter, by sample."""

from pathlib import Path, PurePosixPath

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from brittle.core.errors import DataError
from brittle.data import Dataset

Mask = NDArray[np.bool_]


class TruthMasks:
    """Masks of a folder of images, or of an .npz, (*sides) and true inside.

    Of a folder: the image whose name is a sample's id, or that id with another ending; what is not black is
    inside, and another size is brought to that of the sample. Of an .npz: its array `masks`,
    (samples, *sides), in the order of the samples. Raises DataError.
    """

    def __init__(self, path: str | Path, dataset: Dataset) -> None:
        self.path = Path(path).expanduser()
        spec = dataset.spec
        self.sides = tuple(spec.shape[i] for i in spec.spatial)
        self._stored: dict[str, Mask] = {}
        if self.path.suffix == ".npz":
            self._stored = self._read(dataset)
        elif not self.path.is_dir():
            raise DataError(f"expected a folder of mask images or an .npz with masks, got {path}")
        elif len(self.sides) != 2:
            raise DataError(f"expected an .npz with masks of {self.sides} for signals, got the folder {path}")

    def _read(self, dataset: Dataset) -> dict[str, Mask]:
        wanted = (len(dataset.ids), *self.sides)
        try:
            with np.load(self.path, allow_pickle=False) as file:
                masks = file["masks"]
        except (OSError, ValueError, KeyError) as error:
            raise DataError(f"cannot read masks from {self.path}: {error}") from error
        if masks.shape != wanted or masks.dtype.kind not in "biuf":
            raise DataError(f"{self.path}: expected masks of shape {wanted}, got {masks.dtype} {masks.shape}")
        return {name: mask != 0 for name, mask in zip(dataset.ids, masks, strict=True)}

    def __call__(self, sample: str) -> Mask | None:
        """The mask of a sample, None where there is none or it is empty. Raises DataError."""
        mask = self._stored.get(sample) if self._stored else self._from_folder(sample)
        return mask if mask is not None and mask.any() else None

    def _from_folder(self, sample: str) -> Mask | None:
        name = PurePosixPath(sample)
        if name.is_absolute() or ".." in name.parts:
            return None
        for ending in (name.suffix, ".png", ".jpg", ".bmp"):
            file = self.path / name.with_suffix(ending)
            if file.is_file():
                return self._image(file)
        return None

    def _image(self, file: Path) -> Mask:
        height, width = self.sides
        try:
            with Image.open(file) as image:
                sized = image.convert("L").resize((width, height), Image.Resampling.NEAREST)
        except Exception as error:  # damaged files make Pillow raise nearly anything
            raise DataError(f"cannot read the mask {file}: {error}") from error
        return np.asarray(sized) > 0
