"""The benchmark that does not search: how severe a common corruption must be to flip a decision."""

from typing import ClassVar

from brittle.core.errors import UsageError
from brittle.core.search import Game, InputBoard, Search
from brittle.searches.peers.imagenet_c import CORRUPTIONS, SEVERITIES, as_image, as_photo, corrupt
from brittle.searches.peers.mosaic import IMAGE
from brittle.settings import Settings


class Corruptions(Settings):
    """The 15 corruptions of ImageNet-C, severity 1 to 5, one draw of each: no search, the least that flips.

    Hendrycks and Dietterich, 2019 (arXiv 1903.12261). `severity` and `corruption` in the result's notes name
    the first flip. Where the closest flip is asked for, all 75 are tried.
    """

    name: ClassVar[str] = "corruptions"
    board: ClassVar[str] = "input"

    def __call__(self, game: Game[InputBoard]) -> Search:
        """Plays one sample, one row at a time, weak severities first."""
        spec = game.sample.spec
        if spec.axes != IMAGE:
            raise UsageError(f"corruptions need inputs of {', '.join(IMAGE)}, got {', '.join(spec.axes)}")
        photo = as_photo(game.sample.x, spec)
        flipped = False
        for severity in range(1, SEVERITIES + 1):
            for name in CORRUPTIONS:
                if not flipped:
                    # Written before the answer comes: at the first flip the game may be over.
                    game.notes.update(severity=severity, corruption=name)
                answers = yield as_image(corrupt(photo, name, severity, game.rng), spec)[None]
                flipped = flipped or bool(game.goal.flipped(answers)[0])
        if not flipped:
            game.notes.clear()
