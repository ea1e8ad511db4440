"""The CIFAR-10 test images of the assets: JPEG files end to end in one array.

    python benchmarks/cifar.py ASSETS/data/cifar10/test.npz FOLDER [COUNT]

writes the first 200, or so many, as a folder of PNG files with a labels.csv, for commands that read folders.
"""

import sys
from io import BytesIO
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from PIL import Image


def cifar_arrays(file: Path, samples: int, first: int = 0) -> tuple[NDArray[np.uint8], NDArray[Any]]:
    """So many images (n, 3, 32, 32) and their labels (n,), from the first on."""
    with np.load(file, allow_pickle=False) as arrays:
        data, offsets, labels = arrays["bytes"], arrays["offsets"], arrays["labels"][first : first + samples]
    found = [
        np.asarray(Image.open(BytesIO(data[offsets[i] : offsets[i + 1]].tobytes())).convert("RGB"))
        for i in range(first, first + len(labels))
    ]
    return np.moveaxis(np.stack(found), 3, 1), labels


def write_folder(file: Path, folder: Path, samples: int = 200) -> None:
    """The first images as PNG files, and their labels."""
    folder.mkdir(parents=True, exist_ok=True)
    x, labels = cifar_arrays(file, samples)
    rows = ["file,label"]
    for number, (image, label) in enumerate(zip(x, labels, strict=True)):
        Image.fromarray(np.moveaxis(image, 0, 2)).save(folder / f"{number:04}.png")
        rows.append(f"{number:04}.png,{label}")
    (folder / "labels.csv").write_text("\n".join(rows), encoding="utf-8")


if __name__ == "__main__":
    write_folder(Path(sys.argv[1]), Path(sys.argv[2]), *map(int, sys.argv[3:]))
