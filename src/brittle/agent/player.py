"""The search that plays a trained agent: a hand-made player whose moves the agent chooses."""

from collections.abc import Hashable, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Any, ClassVar, Self, cast

import numpy as np
from pydantic import model_validator

from brittle.agent.file import AGAIN, TrainedAgent, read_agent
from brittle.agent.network import Shape, shape_of
from brittle.agent.partial import Partial
from brittle.core.canvas import Canvas, Palette
from brittle.core.errors import UsageError, did_you_mean
from brittle.core.goal import Goal
from brittle.core.grid import Grid
from brittle.core.paths import exists
from brittle.core.play import Player, play_out
from brittle.core.sample import Array, InputSpec, Sample
from brittle.core.search import Board, Game, InputBoard, Search, SearchFactory, Terms
from brittle.distortions import open_distortion
from brittle.searches import open_search
from brittle.settings import Settings, setting

SHIPPED = Path(__file__).parent / "shipped"
DEFAULTS = {"search": "cells", "explainer": "tide"}
TRAINED_AXES = ("channel", "height", "width")  # of the inputs that the default agent learned on


class Agent(Settings):
    """A trained agent: the hand-made player named in its file, each move drawn from corrected odds."""

    name: ClassVar[str] = "agent"
    file: str = setting(
        "shipped",
        'an agent file of brittle train, or one that ships: "cells" (as "shipped") or "ripple"',
    )

    @model_validator(mode="after")
    def _fits(self) -> Self:
        """A file that is missing, damaged or of another player is found before anything is played."""
        player = player_of(self.trained)
        check_fit(self.trained, shown_by(cast(Hashable, player)), player.name, agent_path(self.file))
        return self

    @property
    def trained(self) -> TrainedAgent:
        """What the file holds."""
        return open_agent(self.file)

    @property
    def board(self) -> str:
        """The board of its player."""
        return player_of(self.trained).board

    @property
    def needs(self) -> tuple[str, ...]:
        """The axes that its player chooses along."""
        return tuple(getattr(player_of(self.trained), "needs", ()))

    @property
    def takes_surrogates(self) -> bool:
        """Whether its player does."""
        return bool(getattr(player_of(self.trained), "takes_surrogates", False))

    @property
    def needs_surrogates(self) -> bool:
        """Whether it has learned whom of them to trust."""
        return bool(getattr(player_of(self.trained), "sees_trust", False))

    @property
    def about(self) -> dict[str, Any]:
        """What a run says of the agent: its name, its player, and what training it took."""
        return self.trained.about

    def __call__(self, game: Game[Any]) -> Search:
        """Plays one sample, one row at a time."""
        game.notes["agent"] = self.trained.name
        return play_out(player_of(self.trained).play(game), game, Partial(self.trained.network))


def is_at_home(spec: InputSpec) -> bool:
    """Whether the default agent learned on inputs of this kind."""
    return spec.axes == TRAINED_AXES


def open_agent(file: str | Path, kind: str = "search") -> TrainedAgent:
    """The agent of a file or of a shipped name, of this kind, read once. Raises UsageError."""
    path = agent_path(file, kind)
    try:
        stamp = path.stat().st_mtime_ns
    except (OSError, ValueError):
        stamp = 0
    return _read(path, kind, stamp)


def agent_path(file: str | Path, kind: str = "search") -> Path:
    """The file of an agent; "shipped" is the default of its kind.

    Raises UsageError where a text is neither a file nor a shipped name.
    """
    shipped = {path.stem: path for path in sorted(SHIPPED.glob("*.safetensors"))}
    name = DEFAULTS[kind] if file == "shipped" else str(file)
    if name in shipped:
        return shipped[name]
    if Path(name).suffix or exists(name):
        return Path(name)
    known = did_you_mean(name, shipped) if shipped else f"none ship; {AGAIN[kind]}"
    raise UsageError(f"expected an agent file (.safetensors) or the name of one, got '{name}'; {known}")


@lru_cache(maxsize=8)
def _read(path: Path, kind: str, stamp: int) -> TrainedAgent:
    return read_agent(path, kind)


def player_of(agent: TrainedAgent) -> Player:
    """The hand-made player that an agent corrects. Raises UsageError where this brittle has none such."""
    return as_player(open_search(agent.player, **settings_of(agent.player, agent.settings)))


def settings_of(player: str, settings: Mapping[str, Any]) -> dict[str, Any]:
    """The settings of a player that an agent learns on or plays: ripple's without a learned prior, as agents
    learned before there was one."""
    return {**({"prior": "none"} if player == "ripple" else {}), **settings}


def as_player(search: SearchFactory[Any]) -> Player:
    """A search whose moves an agent can choose. Raises UsageError if it is no such search."""
    if not hasattr(search, "play"):
        raise UsageError(
            f"an agent cannot play {search.name}: expected a search with moves, patchwork or ripple"
        )
    return cast(Player, search)


def check_fit(agent: TrainedAgent, found: Shape, player: str, path: Path) -> None:
    """Raise UsageError unless a player of this brittle shows, as found, what the agent was trained to see."""
    expected = agent.network.shape
    for name in ("world", "operators", "places", "sizes"):
        wanted, shown = getattr(expected, name), getattr(found, name)
        if wanted != shown:
            what = "sizes of moves" if name == "sizes" else f"features of {name}"
            raise UsageError(
                f"'{path}' was trained with {wanted} {what}, but the player {player} of this brittle "
                f"has {shown}; train it again"
            )


@dataclass(frozen=True)
class BlankLead:
    """A lead of a game that nobody plays."""

    name: str = "blank"
    rows: int = 0
    margin: float = 0.0
    classes: int = 2

    def gradient(self, x: Array, rivals: Sequence[int] = ()) -> Array:
        """None."""
        return np.zeros_like(x)

    def along(self, x: Array, weights: Array) -> Array:
        """None."""
        return np.zeros_like(x)


@lru_cache(maxsize=8)
def shown_by(hashable: Hashable) -> Shape:
    """What a player shows, seen in a game that nobody plays."""
    player = cast(Player, hashable)
    chosen = tuple(getattr(player, "needs", ()))
    axes = ("channel", *chosen, "height", "width")
    spec = InputSpec((1, *(4 for _ in chosen), 16, 16), axes, bits=8)
    sample = Sample("blank", np.full(spec.shape, 0.5, np.float32), 0, spec)
    palette = Palette((open_distortion("gaussian_noise"),))
    cells = player.board == "cells"
    grid = Grid(spec, (*(1 for _ in chosen), 4, 4))
    board: Board = Canvas(sample, grid, palette, 0) if cells else InputBoard(sample)
    clean, rng = np.array([0.7, 0.3], np.float32), np.random.default_rng(0)
    leads = (BlankLead(),) if getattr(player, "sees_trust", False) else ()
    return shape_of(player.play(Game(sample, board, Goal(0), Terms(100), clean, rng, leads=leads)))
