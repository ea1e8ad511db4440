"""What a training is asked, beside how it learns."""

from typing import Literal

from brittle.settings import Settings, setting


class TrainSettings(Settings):
    """What is learned on and played; how it is learned is in brittle.learning.settings."""

    first: int | None = setting(
        None,
        "only the first N samples; keep the rest for reports",
        group="data",
        metavar="N",
        unset="all",
        ge=1,
    )
    start: str | None = setting(
        None,
        "agents, rlab, explainer: go on from this one",
        group="training",
        metavar="FILE",
        unset="from scratch",
    )
    partner: str | None = setting(
        None,
        "temporal, spatial: the other of the two agents",
        group="training",
        metavar="FILE",
        unset="hand-made",
    )
    distance: Literal["l2", "map"] | None = setting(
        None,
        "agents: what closer means, map only on cells",
        group="search",
        metavar="NAME",
        unset="l2",
    )
    cell: str | None = setting(
        None,
        "agents, rlab: size of a cell",
        group="search",
        metavar="SIZE",
        unset="as brittle audit",
    )
    distortions: tuple[str, ...] = setting(
        (),
        "agents, rlab: a distortion of the palette; repeatable",
        group="search",
        option="--distortion",
        metavar="NAME",
        unset="all that suit; rlab: five natural ones",
        repeat=True,
    )
    surrogates: tuple[str, ...] = setting(
        (),
        "ripple: a local model that games learn from, as of brittle audit, never the one that is played; "
        "repeatable",
        group="search",
        option="--surrogate",
        metavar="NAME",
        unset="none",
        repeat=True,
    )
    budget: int | None = setting(
        None,
        "agents, explainer: rows of one game",
        group="search",
        metavar="N",
        unset="ripple 500, explainer up to 150, else 250",
        ge=3,
    )
    explainer: str | None = setting(
        None,
        "explainer: the player that the agent corrects, tide or survey",
        group="search",
        metavar="NAME",
        unset="tide",
    )
    classes: str | None = setting(
        None,
        "explainer: class names of the models, as brittle explain takes them",
        group="model",
        metavar="FILE",
        unset="the models' own, or numbers",
    )
    max_l2: float | None = setting(
        None,
        "agents, rlab: greatest L2 of a flip",
        group="search",
        metavar="F",
        unset="ripple 5 for a photo; else no limit",
        gt=0,
    )
    family: str | None = setting(
        None,
        "priors, acquisitions: of generated functions: hartmann6, mix10, ood10, d30",
        group="data",
        metavar="NAME",
        unset="none",
    )
    prior: str | None = setting(
        None,
        "acquisitions: the prior that they are for, learned on the same family",
        group="training",
        metavar="FILE",
        unset="none",
    )
