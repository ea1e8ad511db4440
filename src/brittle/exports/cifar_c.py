"""The arrays of CIFAR-10-C: KIND.npy, the levels one after the other, and labels.npy."""

import io

import numpy as np

from brittle.exports.export import Exported, Part
from brittle.store.files import whole_file


def cifar_c(exported: Exported) -> None:
    """The arrays of CIFAR-10-C: KIND.npy (levels x n, height, width, channels) and labels.npy."""
    by_kind: dict[str, list[Part]] = {}
    for part in exported.parts():
        by_kind.setdefault(part.kind, []).append(part)
    for kind, parts in by_kind.items():
        _write_images(exported, f"{kind}.npy", parts)
    labels = np.array([source.label for source in exported.sources], np.int64)
    out = io.BytesIO()
    np.save(out, np.tile(labels, len(exported.hard.about.levels)), allow_pickle=False)
    exported.write("labels.npy", out.getvalue())


def _write_images(exported: Exported, file: str, parts: list[Part]) -> None:
    """All images of a kind, one after the other, so that they need not be in memory together."""
    spec = exported.hard.about.spec
    channels, height, width = spec.shape
    images = [image for part in parts for image in part.inputs]
    header = {
        "descr": np.lib.format.dtype_to_descr(np.dtype(np.uint8)),
        "fortran_order": False,
        "shape": (len(images), height, width, channels),
    }
    with whole_file(exported.out / file) as out:
        np.lib.format.write_array_header_1_0(out, header)
        for image in images:
            codes = spec.encode(exported.files.values(image.file))
            out.write(np.moveaxis(codes, 0, -1).tobytes())
