"""The explainer that plays a trained agent: a hand-made player whose moves the agent chooses."""

from collections.abc import Hashable
from functools import lru_cache
from typing import Any, ClassVar, Protocol, Self, cast

import numpy as np
from pydantic import model_validator

from brittle.agent.file import TrainedAgent
from brittle.agent.network import Shape, shape_of
from brittle.agent.player import agent_path, check_fit, open_agent
from brittle.core.curves import MEASURES
from brittle.core.errors import UsageError
from brittle.core.explainer import Explainer, ExplainerFactory, Scene
from brittle.core.sample import InputSpec, Sample
from brittle.explainers import open_explainer
from brittle.explainers.player import ExplainerPlay, play_out
from brittle.settings import Settings, setting


class ExplainerPlayer(ExplainerFactory, Protocol):
    """An explainer whose moves an agent can choose: the hand-made ones of images and of signals."""

    def play(self, scene: Scene) -> ExplainerPlay[Any, Any]:
        """The moves of one explanation."""

    def most_rows(self, budget: int) -> int:
        """Rows that a move shows at most, of an explanation of so many."""


class AgentExplainer(Settings):
    """A trained agent: the explainer named in its file, each move drawn from corrected odds."""

    name: ClassVar[str] = "agent"
    file: str = setting(
        "shipped", 'an agent file of brittle train --kind explainer, or one that ships: "tide" (as "shipped")'
    )

    @model_validator(mode="after")
    def _fits(self) -> Self:
        """A file that is missing, damaged or of another player is found before anything is played."""
        player = player_of(self.trained)
        shown, path = _shown_by(cast(Hashable, player)), agent_path(self.file, "explainer")
        check_fit(self.trained, shown, player.name, path)
        return self

    @property
    def trained(self) -> TrainedAgent:
        """What the file holds."""
        return open_agent(self.file, "explainer")

    @property
    def about(self) -> dict[str, Any]:
        """What a run says of the agent."""
        return self.trained.about

    def __call__(self, scene: Scene) -> Explainer:
        """Explains one sample, in at most scene.rows rows."""
        scene.notes["agent"] = self.trained.name
        return play_out(player_of(self.trained).play(scene), scene, self.trained.network)


def player_of(agent: TrainedAgent) -> ExplainerPlayer:
    """The hand-made player that an agent corrects. Raises UsageError where this brittle has none such."""
    return as_player(open_explainer(agent.player, **agent.settings))


def as_player(explainer: ExplainerFactory) -> ExplainerPlayer:
    """An explainer whose moves an agent can choose. Raises UsageError if it is no such explainer."""
    if not hasattr(explainer, "play"):
        raise UsageError(
            f"an agent cannot play {explainer.name}: expected an explainer with moves, tide or survey"
        )
    return cast(ExplainerPlayer, explainer)


@lru_cache(maxsize=8)
def _shown_by(hashable: Hashable) -> Shape:
    """What a player shows, seen of a sample that nobody explains."""
    spec = InputSpec((1, 16, 16), ("channel", "height", "width"), bits=8)
    sample = Sample("blank", np.full(spec.shape, 0.5, np.float32), 0, spec)
    clean, filled = np.array([0.7, 0.3], np.float32), np.array([0.3, 0.7], np.float32)
    rng = np.random.default_rng(0)
    scene = Scene(sample, np.zeros_like(sample.x), 0, clean, filled, 100, rng, MEASURES)
    return shape_of(cast(ExplainerPlayer, hashable).play(scene))
