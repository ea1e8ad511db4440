"""GFCS: the gradients of surrogates first, and random directions of their outputs where these do not help.

Lord, Mueller and Bertinetto, "Attacking Deep Networks with Surrogate-Based Adversarial Black-Box Methods is
Easy", ICLR 2022 (arXiv 2203.08725), algorithm 1, with the settings of the authors' code (fiveai/GFCS): steps
of L2 2, either sign, kept when the margin falls; the second phase is SimBA with the directions of ODS
(Tashiro, Song and Ermon, NeurIPS 2020). What is ours: inputs are shown as a file holds them.
"""

from collections.abc import Iterator
from typing import ClassVar

import numpy as np

from brittle.core.errors import UsageError
from brittle.core.field import Field, as_input, norm, unit
from brittle.core.sample import Array
from brittle.core.search import Game, InputBoard, Search
from brittle.core.sphere import L2Sphere
from brittle.core.surrogate import Lead
from brittle.searches.radius import l2_radius
from brittle.settings import Settings, setting


class Gfcs(Settings):
    """Gradient First, Coimage Second, within an L2 distance; it needs surrogates.

    The radius is max_l2, or without one that of ripple.
    """

    name: ClassVar[str] = "gfcs"
    board: ClassVar[str] = "input"
    takes_surrogates: ClassVar[bool] = True
    needs_surrogates: ClassVar[bool] = True
    step: float = setting(2.0, "L2 of a step", gt=0)

    def __call__(self, game: Game[InputBoard]) -> Search:
        """Plays one sample, one row at a time, until its first flip."""
        if not game.leads:
            raise UsageError("gfcs needs surrogates; name some with --surrogate")
        sample, spec, sphere = game.sample, game.sample.spec, L2Sphere(game.sample)
        fields, radius = Field(spec), l2_radius(game)
        best, answer = np.zeros_like(fields.of(sample.x)), game.clean
        least = float(game.goal.margin(answer[None])[0])
        while True:
            for direction in self._directions(game, best, answer):
                kept = False
                for sign in (1, -1):
                    change = best + np.float32(sign * self.step) * direction
                    shown = sphere.at(unit(change), min(norm(change), radius))
                    answers = yield shown.codes[None]
                    if game.goal.flipped(answers)[0]:
                        return
                    margin = float(game.goal.margin(answers)[0])
                    if margin < least:
                        x = np.empty_like(sample.x)
                        spec.decode(shown.codes, x)
                        best, answer, least, kept = fields.of(x - sample.x), answers[0], margin, True
                        break
                if kept:
                    break

    def _directions(self, game: Game[InputBoard], best: Array, answer: Array) -> Iterator[Array]:
        """The margin's gradient on each surrogate, in random order; then random ones, for ever."""
        fields, rng, leads = Field(game.sample.spec), game.rng, game.leads
        x = np.clip(game.sample.x + as_input(best, game.sample.spec), *game.sample.spec.bounds)[None]
        rivals = game.goal.rivals(answer, 1)
        for turn in rng.permutation(len(leads)):
            yield -unit(fields.of(leads[turn].gradient(x, rivals)[0]))
        while True:
            lead: Lead = leads[rng.integers(len(leads))]
            weights = rng.uniform(-1, 1, lead.classes).astype(np.float32)
            yield unit(fields.of(lead.along(x, weights)[0]))
