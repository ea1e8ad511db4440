"""How well each surrogate predicted so far: the fall of the margin on it, against the audited model's."""

from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from brittle.core.sample import Array
from brittle.core.surrogate import Lead

Floats = NDArray[np.float64]
FORGETTING = 0.85  # weight of what is known, beside 1 for the newest answer
CAUTION = 1.0  # answers of no correlation, beside those that were heard


@dataclass
class Watched:
    """A lead whose margin is kept at every row that it is asked on the way; nats."""

    lead: Lead
    margins: list[float] = field(default_factory=list)

    @property
    def name(self) -> str:
        """Of the lead."""
        return self.lead.name

    @property
    def rows(self) -> int:
        """Of the lead."""
        return self.lead.rows

    @property
    def margin(self) -> float:
        """Of the lead."""
        return self.lead.margin

    @property
    def classes(self) -> int:
        """Of the lead."""
        return self.lead.classes

    def gradient(self, x: Array, rivals: Sequence[int] = ()) -> Array:
        """As of the lead."""
        found = self.lead.gradient(x, rivals)
        self.margins.append(self.lead.margin)
        return found

    def along(self, x: Array, weights: Array) -> Array:
        """As of the lead."""
        return self.lead.along(x, weights)

    @property
    def fall(self) -> float:
        """From the first row of these to the last, nats; NaN where there are not two."""
        return self.margins[0] - self.margins[-1] if len(self.margins) > 1 else np.nan


@dataclass(frozen=True)
class Trust:
    """What was predicted and what was answered, as decaying sums over the rows that each surrogate led to.

    sums: (6, 2, leads), the second axis leaps and follows; the first one: of rows, falls predicted, falls
    answered, the squares of both, their products.
    """

    sums: Floats

    def after(self, anew: bool, predicted: Floats, answered: float) -> "Trust":
        """With one more row. predicted: falls, (leads,), NaN of who was not asked; answered: nats."""
        asked, row = np.isfinite(predicted), 0 if anew else 1
        fall = np.where(asked, predicted, 0)
        newest = [asked * 1.0, fall, asked * answered, fall**2, asked * answered**2, fall * answered]
        sums = self.sums.copy()
        sums[:, row] = np.where(asked, FORGETTING * sums[:, row] + np.stack(newest), sums[:, row])
        return Trust(sums)

    @property
    def ratio(self) -> Floats:
        """Fall answered for one nat predicted, (2, leads), within -1 to 1; 0 where nothing was heard."""
        _, predicted, answered, *_ = self.sums
        return np.asarray(np.clip(answered / np.maximum(np.abs(predicted), 1e-9), -1, 1))

    @property
    def correlation(self) -> Floats:
        """Of both falls, (2, leads), the nearer to 0 the fewer were heard."""
        heard, predicted, answered, squares, answered_squares, products = self.sums
        count = np.maximum(heard, 1e-9)
        spread = (squares - predicted**2 / count) * (answered_squares - answered**2 / count)
        found = (products - predicted * answered / count) / np.sqrt(np.maximum(spread, 1e-12))
        return np.asarray(np.clip(found, -1, 1) * heard / (heard + CAUTION))

    @property
    def most(self) -> int:
        """The surrogate that is trusted most: the greatest ratio over both kinds, the first of equals."""
        _, predicted, answered, *_ = self.sums.sum(axis=1)
        return int((answered / np.maximum(np.abs(predicted), 1e-9)).argmax())


def no_trust(leads: int) -> Trust:
    """Nothing was heard yet."""
    return Trust(np.zeros((6, 2, leads)))
