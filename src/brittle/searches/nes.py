"""NES: the gradient is estimated from pairs of opposite noise, then a step goes by its sign.

Ilyas, Engstrom, Athalye and Lin, "Black-box Adversarial Attacks with Limited Queries and Information", ICML
2018 (arXiv 1804.08598), section 2.2, with the settings of the authors' code (limited-blackbox-attacks, of
labsix): momentum, and a rate that is halved where the mean loss is higher than four steps ago. What is ours:
the noise is at least one code, since in 8 bits the published 0.001 would change one value of twenty.
"""

from typing import ClassVar

import numpy as np

from brittle.core.sample import Array
from brittle.core.search import Game, InputBoard, Search
from brittle.searches.losses import cross_entropy
from brittle.searches.radius import linf_radius
from brittle.settings import Settings, setting

PLATEAU = 5  # steps without a fall of the loss, until the rate falls
DROP = 2.0  # by what the rate is divided then
LEAST_RATE = 5e-5  # as a share of the span


class Nes(Settings):
    """NES within an L-infinity distance: gradients estimated from pairs of opposite noise, then signed steps.

    eps: radius as a share of the span; less where a change by it everywhere were farther than max_l2.
    """

    name: ClassVar[str] = "nes"
    board: ClassVar[str] = "input"
    eps: float = setting(0.05, "L-infinity radius, as a share of the span", gt=0)
    samples: int = setting(50, "rows of one gradient estimate, half of them each way", ge=2, multiple_of=2)
    sigma: float = setting(0.001, "noise, as a share of the span; at least one code", gt=0)
    rate: float = setting(0.01, "first step, as a share of the span", gt=0)
    momentum: float = setting(0.9, "share of the last gradient that is kept", ge=0, lt=1)

    def __call__(self, game: Game[InputBoard]) -> Search:
        """Plays one sample until its first flip: a request of all pairs, then a row for the step."""
        spec, x, radius = game.sample.spec, game.sample.x, linf_radius(game, self.eps, self.name)
        sigma, rate = np.float32(max(self.sigma * spec.span, spec.code)), self.rate * spec.span
        low, high = np.maximum(x - radius, spec.bounds[0]), np.minimum(x + radius, spec.bounds[1])
        gradient, means, current = np.zeros_like(x), list[float](), x
        while True:
            noise = game.rng.standard_normal((self.samples // 2, *spec.shape), np.float32)
            answers = yield spec.encode(np.concatenate([current + sigma * noise, current - sigma * noise]))
            losses = cross_entropy(game.goal, answers).astype(np.float32)
            gradient *= np.float32(self.momentum)
            gradient += np.float32(1 - self.momentum) * self._estimate(losses, noise, sigma)
            means = [*means, float(losses.mean())][-PLATEAU:]
            if len(means) == PLATEAU and means[-1] > means[0]:
                rate, means = max(rate / DROP, LEAST_RATE * spec.span), []
            current = np.clip(current - np.float32(rate) * np.sign(gradient), low, high)
            if game.goal.flipped((yield spec.encode(current)[None]))[0]:
                return

    def _estimate(self, losses: Array, noise: Array, sigma: np.float32) -> Array:
        """The mean of each noise times the loss that it led to, over sigma."""
        apart = losses[: len(noise)] - losses[len(noise) :]
        return np.asarray(np.einsum("n,n...->...", apart / (np.float32(self.samples) * sigma), noise))
