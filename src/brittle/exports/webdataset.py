"""Shards of WebDataset: PART.tar with KEY.png, KEY.cls (class index) and KEY.json."""

import io
import json
import tarfile

from brittle.exports.export import Exported, Part, Shown
from brittle.store.files import whole_file


def webdataset(exported: Exported) -> None:
    """Shards of WebDataset: a tar a kind and level, with KEY.png, KEY.cls and KEY.json."""
    for part in exported.parts():
        with (
            whole_file(exported.out / f"{part.name}.tar") as out,
            tarfile.open(fileobj=out, mode="w", format=tarfile.GNU_FORMAT) as tar,
        ):
            _write(exported, part, tar)


def _write(exported: Exported, part: Part, tar: tarfile.TarFile) -> None:
    """All images of a part in their order; nothing in the tar tells when, or by whom, it was written."""
    for place, image in enumerate(part.images):
        key = _key(place, image)
        contents = {
            "cls": str(image.source.label).encode(),
            "json": json.dumps(image.about()).encode(),
            "png": exported.files.read(image.file),
        }
        for suffix, data in contents.items():
            member = tarfile.TarInfo(f"{key}.{suffix}")  # of time 0, and of nobody
            member.size = len(data)
            tar.addfile(member, io.BytesIO(data))


def _key(place: int, image: Shown) -> str:
    """Its place, so that keys sort, and its name; a key has no dot."""
    return f"{place:06}_{image.name.removesuffix('.png').replace('.', '_')}"
