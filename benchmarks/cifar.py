"""The CIFAR-10 test images of the assets: JPEG files end to end in one array."""

from io import BytesIO
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from PIL import Image


def cifar_arrays(file: Path, samples: int) -> tuple[NDArray[np.uint8], NDArray[Any]]:
    """The first images (n, 3, 32, 32) and their labels (n,)."""
    with np.load(file, allow_pickle=False) as arrays:
        data, offsets, labels = arrays["bytes"], arrays["offsets"], arrays["labels"][:samples]
    found = [
        np.asarray(Image.open(BytesIO(data[offsets[i] : offsets[i + 1]].tobytes())).convert("RGB"))
        for i in range(len(labels))
    ]
    return np.moveaxis(np.stack(found), 3, 1), labels
