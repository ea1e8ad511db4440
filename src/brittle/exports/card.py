"""The card of an export: README.md with the front matter of Hugging Face."""

from collections.abc import Mapping
from typing import Any

import yaml

from brittle.exports.export import Exported
from brittle.store.hard_set import CARD

FENCE = "---\n"
SIZES = {1_000: "n<1K", 10_000: "1K<n<10K", 100_000: "10K<n<100K", 1_000_000: "100K<n<1M"}


def card_of(exported: Exported, files: Mapping[str, str]) -> str:
    """The set's own card under a front matter that names the files of each part: load_dataset(DIR, PART)."""
    about = exported.hard.about
    inputs = len(exported.sources) * (1 + len(about.kinds) * len(about.levels))
    licence = about.data.licence
    matter: dict[str, Any] = {
        "license": "other" if licence else "unknown",
        **({"license_name": licence} if licence else {}),
        "task_categories": [about.form.task],
        "size_categories": [next((name for most, name in SIZES.items() if inputs < most), "n>1M")],
        "configs": [
            {"config_name": name, "data_files": [{"split": "test", "path": path}]}
            for name, path in files.items()
        ],
    }
    text = yaml.safe_dump(matter, sort_keys=False, allow_unicode=True)
    return f"{FENCE}{text}{FENCE}{_body(exported.hard.read(CARD).decode('utf-8', 'replace'))}"


def _body(card: str) -> str:
    """A card without its front matter."""
    parts = card.split(FENCE, 2)
    return parts[2] if card.startswith(FENCE) and len(parts) == 3 else card
