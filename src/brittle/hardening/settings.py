"""What a user may set of how a model is hardened; reading it needs no torch."""

from typing import Literal

from brittle.settings import Settings, setting


class HardeningSettings(Settings):
    """How new weights are learned, and how much clean accuracy they may cost.

    method: "auto" is the recipe, the others are rivals that tables compare it with. near, cells, natural:
    shares of the recipe, which the other methods do not read.
    """

    steps: int | None = setting(
        None,
        "gradient steps of each of the two trainings; the same number gives the same weights",
        group="training",
        metavar="N",
        unset="as many as --minutes has room for",
        ge=1,
    )
    minutes: float = setting(
        15.0, "time of both trainings, turned into steps once", group="training", metavar="F", gt=0
    )
    keep_clean: float = setting(
        0.5,
        "points of clean accuracy that may be lost, with 95 % confidence",
        group="training",
        metavar="F",
        ge=0,
        le=100,
    )
    epsilon: float | None = setting(
        None,
        "largest L2 of the rows moved along a gradient",
        group="training",
        metavar="F",
        unset="eight times the median first-order distance to a flip",
        gt=0,
    )
    method: Literal["auto", "near", "mixed", "pgd", "augmix", "flips"] = setting(
        "auto", "what batches are made of: auto, near, mixed, pgd, augmix or flips", group="training"
    )
    near: float | None = setting(
        None,
        "share of a batch that is moved along a gradient",
        group="training",
        metavar="F",
        unset="half, a third of signals",
        ge=0,
        le=1,
    )
    cells: float | None = setting(
        None,
        "share of a batch whose cells are distorted where a gradient says so",
        group="training",
        metavar="F",
        unset="none, a third of signals",
        ge=0,
        le=1,
    )
    natural: float = setting(
        0.33,
        "share of the other rows that are distorted at random",
        group="training",
        metavar="F",
        ge=0,
        le=1,
    )
    mirror: bool = setting(False, "learn on images mirrored left to right too", group="training")
    batch: int = setting(64, "rows of a gradient step", group="training", metavar="N", ge=1)
    rate: float = setting(1e-3, "learning rate of AdamW", group="training", metavar="F", gt=0)
    seed: int = setting(0, "the same seed gives the same weights", group="training", metavar="N", ge=0)
