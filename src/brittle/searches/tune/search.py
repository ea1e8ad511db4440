"""The least level of a distortion that flips, and which member of its family does."""

from typing import ClassVar, Self

from pydantic import model_validator

from brittle.core.distance import l2
from brittle.core.errors import UsageError, did_you_mean
from brittle.core.sample import Codes
from brittle.core.search import Game, InputBoard, Search
from brittle.core.seeds import generator
from brittle.searches.tune.families import FAMILIES, fitting
from brittle.searches.tune.family import Family
from brittle.searches.tune.hunt import Hunt, Trial
from brittle.searches.tune.tuning import TUNING
from brittle.settings import Settings, setting

ALL = "all"


class Tune(Settings):
    """The least level at which a natural distortion flips: its place, size, direction, colour are tuned.

    The result's notes say the least level of every distortion that flipped, NAME_level, in its unit, and in
    NAME_at which member of its family that was; FAMILIES[NAME](x, spec, level, free) makes it again.
    """

    name: ClassVar[str] = "tune"
    board: ClassVar[str] = "input"
    distortion: str = setting(
        ALL, f"one of {', '.join(FAMILIES)}; several with + between; all: those that fit, which take turns"
    )
    queries: int = setting(50, "rows shown of each distortion, at most", ge=1)

    @model_validator(mode="after")
    def _names_are_known(self) -> Self:
        """Raise UsageError now if there is no such distortion, and not when the first sample is played."""
        for name in self._names:
            if name not in FAMILIES:
                raise UsageError(f"tune knows no distortion '{name}'; {did_you_mean(name, [ALL, *FAMILIES])}")
        return self

    @property
    def _names(self) -> list[str]:
        return [] if self.distortion == ALL else list(dict.fromkeys(self.distortion.split("+")))

    @property
    def needs(self) -> tuple[str, ...]:
        """Axes that the named distortions cannot do without."""
        return tuple(dict.fromkeys(axis for name in self._names for axis in FAMILIES[name].needs))

    def __call__(self, game: Game[InputBoard]) -> Search:
        """Plays one sample, one row at a time, until every distortion had its share."""
        clean = float(game.goal.margin(game.clean[None])[0])
        seed, spec, shown = int(game.rng.integers(2**32)), game.sample.spec, 0
        hunts = [Hunt(f, spec, clean, self.queries, generator(seed, f.name)) for f in self._families(game)]
        for hunt in self.queries * hunts:
            found = None if hunt.ended else next_trial(hunt, game)
            if found is None:
                hunt.ended = True
                continue
            trial, codes = found
            shown += 1
            if not game.terms.closest and shown < game.terms.budget - 2:
                note(game, hunt.family, trial)  # before the answer: at the first flip the game is over
            hunt.tell(trial, float(game.goal.margin((yield codes[None]))[0]))
            note(game, hunt.family, hunt.least)

    def _families(self, game: Game[InputBoard]) -> list[Family]:
        """What is played, in turns. Raises UsageError where a distortion does not fit the input."""
        spec = game.sample.spec
        for name in self._names:
            if not FAMILIES[name].fits(spec):
                raise UsageError(
                    f"{name} does not fit this input of {', '.join(spec.axes)}, {spec.shape}: it needs "
                    f"{', '.join(FAMILIES[name].needs)}, signals their sampling rate, a colour three channels"
                )
        chosen = [FAMILIES[name] for name in self._names] or list(fitting(spec))
        if not chosen:
            raise UsageError(f"tune has no distortion for inputs of {', '.join(spec.axes)} without a rate")
        return chosen


def next_trial(hunt: Hunt, game: Game[InputBoard]) -> tuple[Trial, Codes] | None:
    """What a hunt asks for, and its codes; weaker where it lies beyond max_l2. None: all is beyond."""
    for _ in range(TUNING.tries_within):
        trial = hunt.ask()
        codes = rendered(hunt.family, trial, game)
        if is_within(codes, game):
            return trial, codes
        found = strongest_within(hunt, trial, game)
        if found is not None:
            return found
        hunt.tell(hunt.weaker(trial, 0.0), hunt.clean)  # cannot be shown: as good as no change
    return None


def strongest_within(hunt: Hunt, trial: Trial, game: Game[InputBoard]) -> tuple[Trial, Codes] | None:
    """The strongest that lies within max_l2 of what a trial is at other levels, by bisection."""
    found, low, high = None, 0.0, trial.strength
    tried = low  # the weakest first: where that is beyond, all are
    for _ in range(TUNING.halvings):
        weaker = hunt.weaker(trial, tried)
        codes = rendered(hunt.family, weaker, game)
        if is_within(codes, game):
            found, low = (weaker, codes), tried
        elif found is None:
            return None
        else:
            high = tried
        tried = (low + high) / 2
    return found


def rendered(family: Family, trial: Trial, game: Game[InputBoard]) -> Codes:
    """The input that a trial stands for."""
    spec = game.sample.spec
    return spec.encode(family(game.sample.x, spec, trial.level, trial.free))


def is_within(codes: Codes, game: Game[InputBoard]) -> bool:
    """Whether an input lies within the L2 distance that a flip may have."""
    limit = game.terms.max_l2
    return limit is None or l2(game.sample.x, game.sample.spec.decode(codes)) <= limit


def note(game: Game[InputBoard], family: Family, trial: Trial | None) -> None:
    """Say in the result which member of a family flipped at the least level; nothing where none did."""
    if trial is not None:
        game.notes.update({f"{family.name}_level": trial.level, f"{family.name}_at": trial.said()})
    else:
        for what in ("level", "at"):
            game.notes.pop(f"{family.name}_{what}", None)
