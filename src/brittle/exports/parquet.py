"""Parquet as Hugging Face has it: PART.parquet, an input a row, classes by name in the schema."""

import json
from types import ModuleType
from typing import Any

from brittle.core.errors import MissingExtraError
from brittle.exports.card import card_of
from brittle.exports.export import Exported, Part, Shown
from brittle.store.files import whole_file

IMAGE, SIGNAL = "image", "signal"
"""What the column of inputs is called; clips are animated images."""
ROWS = 256
"""Of a group, which is what a reader takes at once."""


def parquet(exported: Exported) -> None:
    """Parquet of Hugging Face: inputs with ClassLabel and measures, and a card. Needs the extra parquet."""
    arrow = _arrow()
    column = SIGNAL if "time" in exported.hard.about.spec.axes else IMAGE
    schema = _schema(arrow, column, exported)
    for part in exported.parts():
        _write(arrow, exported, part, schema, column)
    files = {part.name: f"{part.name}.parquet" for part in exported.parts()}
    exported.write("README.md", card_of(exported, files))


def _write(arrow: ModuleType, exported: Exported, part: Part, schema: Any, column: str) -> None:
    """One part, a group of rows after the other."""
    from pyarrow.parquet import ParquetWriter  # noqa: PLC0415

    with (
        whole_file(exported.out / f"{part.name}.parquet") as out,
        ParquetWriter(out, schema, compression="none") as writer,  # PNGs are compressed already
    ):
        for start in range(0, len(part.inputs), ROWS):
            rows = [
                {column: _value(exported, shown, column), **shown.about()}
                for shown in part.inputs[start : start + ROWS]
            ]
            writer.write_table(arrow.Table.from_pylist(rows, schema=schema))


def _value(exported: Exported, shown: Shown, column: str) -> Any:
    """An image as its file, also of a clip; a signal as its values, a list a lead."""
    if column == IMAGE:
        return {"bytes": exported.files.read(shown.file), "path": shown.name}
    return exported.files.values(shown.file).tolist()


def _schema(arrow: ModuleType, column: str, exported: Exported) -> Any:
    """The columns, and how Hugging Face's datasets are to read them: under the key "huggingface"."""
    classes = [one.name for one in exported.hard.classes]
    values, feature = _column(arrow, column)
    types = {
        column: values,
        **dict.fromkeys(("id", "kind", "level"), arrow.string()),
        "label": arrow.int64(),
        **dict.fromkeys(("l2", "rms", "linf", *exported.likeness), arrow.float64()),
    }
    features: dict[str, Any] = {
        name: {"dtype": "string" if arrow.types.is_string(kind) else "float64", "_type": "Value"}
        for name, kind in types.items()
    }
    features |= {column: feature, "label": {"names": classes, "_type": "ClassLabel"}}
    told = json.dumps({"info": {"features": features}})
    return arrow.schema(list(types.items()), metadata={"huggingface": told})


def _column(arrow: ModuleType, column: str) -> tuple[Any, dict[str, Any]]:
    """The type of the inputs, and how Hugging Face calls it."""
    if column == IMAGE:
        return arrow.struct([("bytes", arrow.binary()), ("path", arrow.string())]), {"_type": "Image"}
    lead = {"feature": {"dtype": "float32", "_type": "Value"}, "_type": "Sequence"}
    return arrow.list_(arrow.list_(arrow.float32())), {"feature": lead, "_type": "Sequence"}


def _arrow() -> ModuleType:
    try:
        import pyarrow  # noqa: PLC0415
    except ImportError as error:
        raise MissingExtraError("the export parquet", "parquet") from error
    return pyarrow  # type: ignore[no-any-return]
