"""Ways to explain: every explainer is its settings, and makes a generator for one sample."""

from typing import Any

from brittle.core.errors import UsageError
from brittle.core.explainer import ExplainerFactory
from brittle.core.registry import Registry
from brittle.settings import Settings

EXPLAINERS = Registry(
    "explainer",
    "brittle.explainers",
    {
        "survey": "brittle.explainers.survey.explainer:Survey",
        "tide": "brittle.explainers.tide:Tide",
        "occlusion": "brittle.explainers.occlusion:Occlusion",
        "rise": "brittle.explainers.rise:Rise",
        "rl-cam": "brittle.explainers.rl_cam:RlCam",
        "xaitk-rise": "brittle.explainers.peers.xaitk:XaitkRise",
        "xaitk-sliding-window": "brittle.explainers.peers.xaitk:XaitkSlidingWindow",
        "agent": "brittle.agent.explainer:AgentExplainer",
        "captum-grad-cam": "brittle.explainers.peers.captum:GradCam",
        "captum-integrated-gradients": "brittle.explainers.peers.captum:IntegratedGradients",
    },
)
USUAL_FILLS = ("blur", "flat")
"""The fills that are tried where none is named, and those that every kind of input has."""


def open_explainer(name: str, **settings: Any) -> ExplainerFactory:
    """The explainer of this name with its settings. Raises UsageError for an unknown name or setting."""
    member = EXPLAINERS.load(name)
    if isinstance(member, type) and issubclass(member, Settings):
        built: Any = member.build(settings, f"the explainer {name}")
    else:
        try:
            built = member(**settings)
        except (TypeError, ValueError) as error:
            raise UsageError(f"the explainer {name} cannot be set up: {error}") from error
    explainer: ExplainerFactory = built
    return explainer
