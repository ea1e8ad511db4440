"""How an explainer and the referee talk.

An explainer is a generator for one sample, as a search is. It yields keep-masks, (k, *sides) of 0 to 255, is
sent back the model's answers to them, (k, classes), and returns a map. It never touches the model, so it
cannot miscount.
"""

from collections.abc import Generator
from dataclasses import dataclass, field
from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray

from brittle.core.sample import Array, Sample
from brittle.core.veil import Masks


@dataclass(frozen=True)
class Attribution:
    """How much each element of an input matters: greater is more.

    map: (*sides,) over the spatial axes; only its order is used. sd: standard deviation of the map, in its
    units, None where the explainer states none.
    """

    map: Array
    sd: Array | None = None


@dataclass(frozen=True)
class Scene:
    """All that an explainer knows.

    explained: the class that is explained. clean, filled: the model's answers to the untouched sample and to
    its fill, (classes,). fill: what masked elements show, of the sample's shape. rows: most that it may show;
    one more fails the sample. measures: kept shares at which the curves of the returned map are taken.
    notes: what the explainer wants to say in its result, plain numbers.
    """

    sample: Sample
    fill: Array
    explained: int
    clean: Array
    filled: Array
    rows: int
    rng: np.random.Generator
    measures: tuple[float, ...]
    notes: dict[str, Any] = field(default_factory=dict)

    @property
    def sides(self) -> tuple[int, ...]:
        """The shape of a mask and of the map."""
        return tuple(self.sample.spec.shape[i] for i in self.sample.spec.spatial)

    def scores(self, answers: Array) -> NDArray[np.float64]:
        """The probability of the explained class in each answer, (n, classes) -> (n,)."""
        return np.asarray(answers[:, self.explained], np.float64)


Explainer = Generator[Masks, Array, Attribution]


class ExplainerFactory(Protocol):
    """A way to explain, with its settings."""

    @property
    def name(self) -> str: ...

    def __call__(self, scene: Scene) -> Explainer:
        """A new explainer for one sample."""
