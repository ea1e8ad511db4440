"""The search of two agents that play a clip together: a temporal one and a spatial one."""

from collections.abc import Hashable
from typing import Any, ClassVar, Literal, Self, cast

from pydantic import model_validator

from brittle.agent.file import TrainedAgent
from brittle.agent.network import Network
from brittle.agent.player import agent_path, check_fit, open_agent, shown_by
from brittle.core.canvas import Canvas
from brittle.core.errors import UsageError
from brittle.core.play import play_out
from brittle.core.search import Game, Search
from brittle.searches.patchwork.search import Patchwork
from brittle.searches.temporal_spatial.play import Both
from brittle.searches.temporal_spatial.roles import SpatialPlay, TemporalPlay
from brittle.searches.temporal_spatial.runs import AXIS
from brittle.settings import Settings, setting

Role = Literal["temporal", "spatial"]
NONE = "none"


class TemporalSpatial(Settings):
    """Two trained agents on clips: a temporal one chooses frames, a spatial one the cells in them.

    After Babu et al., "Robustness Evaluation for Video Models with Reinforcement Learning", arXiv 2506.05431
    (2025). Both choose before each query, and every row counts. Whole layers are shown first, as patchwork
    does.
    """

    name: ClassVar[str] = "temporal-spatial"
    board: ClassVar[str] = "cells"
    needs: ClassVar[tuple[str, ...]] = (AXIS,)
    temporal: str = setting(
        "temporal", 'an agent file of brittle train --board temporal; "temporal" ships; "none" is hand-made'
    )
    spatial: str = setting(
        "spatial", 'an agent file of brittle train --board spatial; "spatial" ships; "none" is hand-made'
    )
    learns: Role = setting("temporal", "whose moves an agent chooses that brittle train makes")

    @model_validator(mode="after")
    def _fits(self) -> Self:
        """A file that is missing, damaged or of another player is found before anything is played."""
        for role, file in self._files.items():
            agent = open_agent(file)
            if agent.player != self.name or agent.settings.get("learns") != role:
                raise UsageError(
                    f"expected a {role} agent (brittle train --board {role}), but that in '{file}' plays "
                    f"{agent.player}"
                )
            alone = TemporalSpatial(temporal=NONE, spatial=NONE, learns=role)
            check_fit(agent, shown_by(cast(Hashable, alone)), self.name, agent_path(file))
        return self

    @property
    def _files(self) -> dict[Role, str]:
        """The files of those that are trained."""
        files: dict[Role, str] = {"temporal": self.temporal, "spatial": self.spatial}
        return {role: file for role, file in files.items() if file != NONE}

    @property
    def _agents(self) -> dict[Role, TrainedAgent]:
        return {role: open_agent(file) for role, file in self._files.items()}

    @property
    def about(self) -> dict[str, Any] | None:
        """What a run says of the agents; None where both are hand-made."""
        told = [agent.about for agent in self._agents.values()]
        if not told:
            return None
        return {
            "name": ", ".join(str(one["name"]) for one in told),
            "player": self.name,
            "models": sorted({model for one in told for model in one["models"]}),
            "data": told[0]["data"],
            "queries": sum(int(one["queries"] or 0) for one in told),
        }

    def play(self, game: Game[Canvas]) -> TemporalPlay | SpatialPlay:
        """The moves of one game for the agent that learns; the other one plays as its file says."""
        both, networks = self._both(game), self._networks
        if self.learns == "temporal":
            return TemporalPlay(both, networks.get("spatial"))
        return SpatialPlay(both, networks.get("temporal"), int(game.rng.integers(2**63)))

    def __call__(self, game: Game[Canvas]) -> Search:
        """Plays one sample, one row at a time."""
        if self._files:
            game.notes["agent"] = ", ".join(agent.name for agent in self._agents.values())
        networks = self._networks
        return play_out(
            TemporalPlay(self._both(game), networks.get("spatial")), game, networks.get("temporal")
        )

    def _both(self, game: Game[Canvas]) -> Both:
        patchwork = Patchwork()
        return Both(game, patchwork.prices, patchwork.thompson)

    @property
    def _networks(self) -> dict[Role, Network]:
        return {role: agent.network for role, agent in self._agents.items()}
