"""Parquet as Hugging Face has it: PART.parquet, an image a row, classes by name in the schema."""

import json
from types import ModuleType
from typing import Any

from brittle.core.errors import MissingExtraError
from brittle.exports.card import card_of
from brittle.exports.export import Exported, Part
from brittle.store.files import whole_file

ROWS = 256
"""Of a group, which is what a reader takes at once."""


def parquet(exported: Exported) -> None:
    """Parquet of Hugging Face: images with ClassLabel and measures, and a card. Needs the extra parquet."""
    arrow = _arrow()
    schema = _schema(arrow, [one.name for one in exported.hard.classes])
    for part in exported.parts():
        _write(arrow, exported, part, schema)
    files = {part.name: f"{part.name}.parquet" for part in exported.parts()}
    exported.write("README.md", card_of(exported, files))


def _write(arrow: ModuleType, exported: Exported, part: Part, schema: Any) -> None:
    """One part, a group of rows after the other."""
    from pyarrow.parquet import ParquetWriter  # noqa: PLC0415

    with (
        whole_file(exported.out / f"{part.name}.parquet") as out,
        ParquetWriter(out, schema, compression="none") as writer,  # PNGs are compressed already
    ):
        for start in range(0, len(part.images), ROWS):
            rows = [
                {"image": {"bytes": exported.files.read(image.file), "path": image.name}, **image.about()}
                for image in part.images[start : start + ROWS]
            ]
            writer.write_table(arrow.Table.from_pylist(rows, schema=schema))


def _schema(arrow: ModuleType, classes: list[str]) -> Any:
    """The columns, and how Hugging Face's datasets are to read them: under the key "huggingface"."""
    types = {
        "image": arrow.struct([("bytes", arrow.binary()), ("path", arrow.string())]),
        **dict.fromkeys(("id", "kind", "level"), arrow.string()),
        "label": arrow.int64(),
        **dict.fromkeys(("l2", "rms", "linf", "ssim"), arrow.float64()),
    }
    features: dict[str, Any] = {
        name: {"dtype": "string" if arrow.types.is_string(kind) else "float64", "_type": "Value"}
        for name, kind in types.items()
    }
    features |= {"image": {"_type": "Image"}, "label": {"names": classes, "_type": "ClassLabel"}}
    told = json.dumps({"info": {"features": features}})
    return arrow.schema(list(types.items()), metadata={"huggingface": told})


def _arrow() -> ModuleType:
    try:
        import pyarrow  # noqa: PLC0415
    except ImportError as error:
        raise MissingExtraError("the export parquet", "parquet") from error
    return pyarrow  # type: ignore[no-any-return]
