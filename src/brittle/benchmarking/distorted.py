"""Whole-input distortions, the user's own too: draws that are the same for all samples."""

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from typing import Any

import numpy as np

from brittle.benchmarking.tuning import TUNING
from brittle.benchmarking.waves import pattern_index
from brittle.core.canvas import Distortion, Layer, Palette, distort
from brittle.core.errors import RunError
from brittle.core.sample import Sample
from brittle.core.scaling import Direction, in_codes
from brittle.store.archive import file_name

SHARED = "shared"
"""Whose draws they are, in place of a sample's."""


@dataclass(frozen=True)
class DistortionPatterns:
    """Layers of one distortion, recipe {"pattern": index}: the change is what the layer does to a sample.

    Implements Patterns. seed: of the draws.
    """

    distortion: Distortion
    layers: tuple[Layer, ...]
    seed: int
    way: str = "distortion"

    @classmethod
    def of(cls, distortion: Distortion, seed: int) -> "DistortionPatterns":
        """Every level and draw of a distortion."""
        return cls(distortion, Palette((distortion,), TUNING.draws).layers, seed)

    @classmethod
    def from_dict(cls, data: Mapping[str, Any], distortion: Distortion) -> "DistortionPatterns":
        """The inverse of to_dict. Raises RunError."""
        try:
            layers = tuple(
                Layer(distortion.name, float(one["level"]), int(one["draw"])) for one in data["layers"]
            )
            return cls(distortion, layers, int(data["seed"]))
        except (KeyError, TypeError, ValueError) as error:
            raise RunError(f"the layers of the set are damaged: {error}") from error

    @property
    def name(self) -> str:
        """That of the distortion, as a folder."""
        return file_name(self.distortion.name.replace(":", "_"))

    def to_dict(self) -> dict[str, Any]:
        """The distortion, its levels and draws."""
        layers = [asdict(layer) for layer in self.layers]
        return {"distortion": self.distortion.name, "seed": self.seed, "layers": layers}

    def __len__(self) -> int:
        return len(self.layers)

    def pick(self, which: Sequence[int]) -> "DistortionPatterns":
        """These layers, in this order."""
        return replace(self, layers=tuple(self.layers[i] for i in which))

    def plain(self, index: int) -> dict[str, Any]:
        """The layer by its index."""
        return {"pattern": index}

    def candidates(self, count: int, rng: np.random.Generator) -> list[dict[str, Any]]:
        """The first of them, which are the best."""
        return [self.plain(i) for i in range(min(count, len(self)))]

    def direction(self, sample: Sample, recipe: Mapping[str, Any]) -> Direction:
        """What the layer adds to the sample. Raises DistortionError."""
        layer = self.layers[pattern_index(recipe, len(self))]
        shared = replace(sample, id=SHARED)
        x = distort(self.distortion, shared, layer.level, layer.draw, self.seed)
        return in_codes(sample, np.subtract(x, sample.x, dtype=np.float64))
