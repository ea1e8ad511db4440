"""Learned textures, repeated over the input: those of brittle train --kind tile."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from brittle.benchmarking.waves import pattern_index
from brittle.core.errors import RunError
from brittle.core.field import Field, as_input
from brittle.core.sample import InputSpec, Sample
from brittle.core.scaling import Direction, in_codes, unit
from brittle.searches.ripple.search import SHIPPED
from brittle.store.tiles import Tiles, read_tiles

SHIPPED_NAME = "shipped"


def open_textures(name: str) -> Tiles:
    """The tiles that ship, or those of a file. Raises UsageError."""
    return read_tiles(texture_file(name))


def learned_from(name: str) -> dict[str, Any]:
    """What tiles learned from: models (name, sha256) and data, where the card beside their file says so."""
    try:
        card = json.loads(Path(texture_file(name)).with_suffix(".json").read_text(encoding="utf-8"))
        models = [{"name": str(m["name"]), "sha256": str(m["sha256"])} for m in card["models"]]
        return {"learned_on": models, "learn_data": str(card["data"]["name"])}
    except (OSError, ValueError, KeyError, TypeError):
        return {}


def texture_file(name: str) -> str:
    """Where tiles lie."""
    return str(SHIPPED) if name == SHIPPED_NAME else name


@dataclass(frozen=True, eq=False)
class TexturePatterns:
    """Tiles (count, channels, *sides), recipe {"pattern": index, "shift": [...], "sign": 1 or -1}.

    Implements Patterns. title: of their file. order: which tiles of the file they are.
    """

    tiles: NDArray[np.float64]
    spec: InputSpec
    title: str
    order: tuple[int, ...]
    name: str = "texture"
    way: str = "texture"

    @classmethod
    def of(cls, tiles: Tiles, spec: InputSpec, order: Sequence[int] | None = None) -> "TexturePatterns":
        """The tiles that fit inputs of this kind, none if none do. Raises RunError for an order of others."""
        values = np.asarray(tiles.for_spec(spec), np.float64)
        which = tuple(range(len(values))) if order is None else tuple(order)
        if any(not 0 <= i < len(values) for i in which):
            raise RunError(f"the set names textures {which}, but there are {len(values)}")
        return cls(values[list(which)], spec, tiles.name, which)

    def to_dict(self) -> dict[str, Any]:
        """The name of their file, which lies in the set, and which of its tiles they are."""
        return {"textures": self.title, "order": list(self.order)}

    def __len__(self) -> int:
        return len(self.tiles)

    def pick(self, which: Sequence[int]) -> "TexturePatterns":
        """These textures, in this order."""
        order = tuple(self.order[i] for i in which)
        return TexturePatterns(self.tiles[list(which)], self.spec, self.title, order)

    def plain(self, index: int) -> dict[str, Any]:
        """The texture as it stands."""
        return {"pattern": index, "shift": [0] * (self.tiles.ndim - 2), "sign": 1}

    def candidates(self, count: int, rng: np.random.Generator) -> list[dict[str, Any]]:
        """The textures in turn, each with a random shift and sign."""
        found = []
        for i in range(count):
            shift = [int(rng.integers(side)) for side in self.tiles.shape[2:]]
            sign = 1 if rng.random() < 0.5 else -1
            found.append({"pattern": i % len(self), "shift": shift, "sign": sign})
        return found

    def direction(self, sample: Sample, recipe: Mapping[str, Any]) -> Direction:
        """The texture repeated from a shift on, of norm 1 in the input's own units."""
        tile = self.tiles[pattern_index(recipe, len(self))]
        shift: list[Any] = list(recipe.get("shift") or ())
        sign, sides = recipe.get("sign"), Field(self.spec).sides
        whole_numbers = all(isinstance(s, int) and abs(s) < 2**31 for s in shift)
        if len(shift) != len(sides) or not whole_numbers or sign not in (1, -1):
            raise RunError(f"a recipe has the shift {shift!r} and sign {sign!r}; it is damaged")
        for axis, (side, start) in enumerate(zip(sides, shift, strict=True), 1):
            tile = np.take(tile, (np.arange(side) + start) % tile.shape[axis], axis=axis)
        whole: Any = as_input(np.asarray(sign * tile), self.spec)
        return in_codes(sample, unit(whole))
