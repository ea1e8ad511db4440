"""The learner of agents, behind the extra that it needs."""

from importlib.util import find_spec
from typing import Any

from brittle.core.errors import MissingExtraError


def open_learner() -> Any:
    """learning.ppo.learn, loaded when it is needed. Raises MissingExtraError without the extra train."""
    for package in ("torch", "stable_baselines3", "gymnasium"):
        if find_spec(package) is None:
            raise MissingExtraError("training an agent", "train")
    from brittle.learning.ppo import learn  # noqa: PLC0415

    return learn
