"""A description in Croissant 1.0: croissant.json, to lie beside benchmark.json.

Source: MLCommons, "Croissant Format Specification", version 1.0, 2024.
"""

import json
from typing import Any

from brittle.exports.export import Exported
from brittle.store.hard_records import CLEAN
from brittle.store.hard_set import CLASSES, ITEMS

CONTEXT: dict[str, Any] = {
    "@language": "en",
    "@vocab": "https://schema.org/",
    "citeAs": "cr:citeAs",
    "column": "cr:column",
    "conformsTo": "dct:conformsTo",
    "cr": "http://mlcommons.org/croissant/",
    "data": {"@id": "cr:data", "@type": "@json"},
    "dataBiases": "cr:dataBiases",
    "dataCollection": "cr:dataCollection",
    "dataType": {"@id": "cr:dataType", "@type": "@vocab"},
    "dct": "http://purl.org/dc/terms/",
    "equivalentProperty": "cr:equivalentProperty",
    "examples": {"@id": "cr:examples", "@type": "@json"},
    "extract": "cr:extract",
    "field": "cr:field",
    "fileObject": "cr:fileObject",
    "fileProperty": "cr:fileProperty",
    "fileSet": "cr:fileSet",
    "format": "cr:format",
    "includes": "cr:includes",
    "isLiveDataset": "cr:isLiveDataset",
    "jsonPath": "cr:jsonPath",
    "key": "cr:key",
    "md5": "cr:md5",
    "parentField": "cr:parentField",
    "path": "cr:path",
    "personalSensitiveInformation": "cr:personalSensitiveInformation",
    "rai": "http://mlcommons.org/croissant/RAI/",
    "recordSet": "cr:recordSet",
    "references": "cr:references",
    "regex": "cr:regex",
    "repeated": "cr:repeated",
    "replace": "cr:replace",
    "samplingRate": "cr:samplingRate",
    "sc": "https://schema.org/",
    "separator": "cr:separator",
    "source": "cr:source",
    "subField": "cr:subField",
    "transform": "cr:transform",
}
COLUMNS = {
    "id": "sc:Text",
    "kind": "sc:Text",
    "level": "sc:Text",
    "label": "sc:Integer",
    "file": "sc:Text",
    "clean": "sc:Text",
    "l2": "sc:Float",
    "rms": "sc:Float",
    "linf": "sc:Float",
}
"""Of a line of items.jsonl, and their types; LIKENESS besides."""
ENCODINGS = {".png": "image/png"}
"""By the end of a file's name; others are bytes."""


def croissant(exported: Exported) -> None:
    """croissant.json (Croissant 1.0), that describes the set's own files; its place is beside them."""
    text = json.dumps(_described(exported), indent=1, ensure_ascii=False) + "\n"
    exported.write("croissant.json", text)


def _described(exported: Exported) -> dict[str, Any]:
    about, place = exported.hard.about, exported.hard.about.form.place
    columns = {**COLUMNS, **dict.fromkeys(exported.likeness, "sc:Float")}
    kinds = ", ".join(kind.name for kind in about.kinds)
    licence = {"license": about.data.licence} if about.data.licence else {}
    return {
        "@context": CONTEXT,
        "@type": "sc:Dataset",
        "name": f"hard_set_of_{about.data.name.rsplit('/', 1)[-1]}",
        "description": (
            f"{about.samples} source {place} under {len(about.kinds)} kinds of change ({kinds}) at "
            f"{len(about.levels)} distances, with their untouched counterparts, made by brittle against "
            f"{len(about.surrogates)} classifiers."
        ),
        "conformsTo": "http://mlcommons.org/croissant/1.0",
        **licence,
        "distribution": [
            _file(exported, ITEMS, "application/jsonlines"),
            _file(exported, CLASSES, "application/json"),
            _files(place, f"{place}/*/*/*/*", exported.suffix),
            _files(CLEAN, f"{CLEAN}/*/*", exported.suffix),
        ],
        "recordSet": [
            _records("items", {name: _column(name, kind) for name, kind in columns.items()}),
            _records(
                "classes",
                {
                    name: {"dataType": kind, **_from("fileObject", CLASSES, jsonPath=f"$[*].{name}")}
                    for name, kind in (("index", "sc:Integer"), ("name", "sc:Text"), ("folder", "sc:Text"))
                },
            ),
            *(_inputs(folder, exported.suffix) for folder in (place, CLEAN)),
        ],
    }


def _file(exported: Exported, name: str, kind: str) -> dict[str, Any]:
    """One file of the set."""
    return {
        "@type": "cr:FileObject",
        "@id": name,
        "name": name,
        "contentUrl": name,
        "encodingFormat": kind,
        "sha256": exported.files.sums[name],
    }


def _files(name: str, pattern: str, suffix: str) -> dict[str, Any]:
    """All inputs in a folder of the set."""
    return {
        "@type": "cr:FileSet",
        "@id": f"{name}-files",
        "name": f"{name}-files",
        "encodingFormat": ENCODINGS.get(suffix, "application/octet-stream"),
        "includes": pattern + suffix,
    }


def _records(name: str, fields: dict[str, dict[str, Any]]) -> dict[str, Any]:
    """Records of one kind. fields: the type and source of each of their values."""
    return {
        "@type": "cr:RecordSet",
        "@id": name,
        "name": name,
        "field": [
            {"@type": "cr:Field", "@id": f"{name}/{field}", "name": field, **about}
            for field, about in fields.items()
        ],
    }


def _inputs(place: str, suffix: str) -> dict[str, Any]:
    """The inputs in a folder of the set, each with its path; of images and clips the content too."""
    files = f"{place}-files"
    fields = {"file": {"dataType": "sc:Text", **_from("fileSet", files, fileProperty="fullpath")}}
    if suffix == ".png":
        fields["image"] = {"dataType": "sc:ImageObject", **_from("fileSet", files, fileProperty="content")}
    return _records(place, fields)


def _column(name: str, kind: str) -> dict[str, Any]:
    return {"dataType": kind, **_from("fileObject", ITEMS, column=name)}


def _from(place: str, name: str, **extract: str) -> dict[str, Any]:
    """Where the values of a field come from."""
    return {"source": {place: {"@id": name}, "extract": extract}}
