"""Shards of WebDataset: PART.tar with KEY.png or the like, KEY.cls (class index) and KEY.json."""

import io
import json
import tarfile

from brittle.exports.export import Exported, Part
from brittle.store.files import whole_file


def webdataset(exported: Exported) -> None:
    """Shards of WebDataset: a tar a kind and level, with KEY.png or the like, KEY.cls and KEY.json."""
    for part in exported.parts():
        with (
            whole_file(exported.out / f"{part.name}.tar") as out,
            tarfile.open(fileobj=out, mode="w", format=tarfile.GNU_FORMAT) as tar,
        ):
            _write(exported, part, tar)


def _write(exported: Exported, part: Part, tar: tarfile.TarFile) -> None:
    """All inputs of a part in their order; nothing in the tar tells when, or by whom, it was written."""
    for place, image in enumerate(part.inputs):
        key = _key(place, image.name.removesuffix(exported.suffix))
        companions = exported.domain.companions(key, exported.hard.about.spec)
        contents = {
            ".cls": str(image.source.label).encode(),
            ".json": json.dumps(image.about()).encode(),
            exported.suffix: exported.files.read(image.file),
            **{suffix: text.encode() for suffix, text in companions.items()},
        }
        for suffix, data in contents.items():
            member = tarfile.TarInfo(f"{key}{suffix}")  # of time 0, and of nobody
            member.size = len(data)
            tar.addfile(member, io.BytesIO(data))


def _key(place: int, name: str) -> str:
    """Its place, so that keys sort, and its name; a key has no dot."""
    return f"{place:06}_{name.replace('.', '_')}"
