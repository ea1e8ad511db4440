"""An imagefolder of Hugging Face: PART/ID.png, animated of clips, and PART/metadata.jsonl."""

import json

from brittle.exports.card import card_of
from brittle.exports.export import Exported

METADATA = "metadata.jsonl"


def huggingface(exported: Exported) -> None:
    """An imagefolder with metadata and a card, for load_dataset(DIR, PART)."""
    names = [one.name for one in exported.hard.classes]
    for part in exported.parts():
        lines = []
        for image in part.inputs:
            exported.write(f"{part.name}/{image.name}", exported.files.read(image.file))
            about = {"file_name": image.name, **image.about(), "label_name": names[image.source.label]}
            lines.append(json.dumps(about, ensure_ascii=False) + "\n")
        exported.write(f"{part.name}/{METADATA}", "".join(lines))
    exported.write("README.md", card_of(exported, {part.name: f"{part.name}/*" for part in exported.parts()}))
