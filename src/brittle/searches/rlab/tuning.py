"""The tuned constants of rlab, in one place; what a user may change are the settings of Rlab."""

from dataclasses import dataclass


@dataclass(frozen=True)
class Tuning:
    """What the agent may choose, how rewards and its view are scaled; an agent is bound to these values."""

    # What may be chosen: numbers of cells, as shares of all cells, at least one cell where above 0
    add_shares: tuple[float, ...] = (0.0, 1 / 64, 1 / 32, 1 / 16, 1 / 8, 1 / 4, 1 / 2)
    remove_shares: tuple[float, ...] = (0.0, 1 / 32, 1 / 8)

    # Reward: change of dilution over change of L2
    l2_unit_rms: float = 0.01  # RMS change, relative to the span, of one L2 unit: L2 3.9 for a photo
    least_l2_change: float = 0.25  # L2 units; smaller changes, and falls of L2, are counted as this
    largest_reward: float = 2.0  # of one move, either way

    # View
    effect_quantiles: tuple[float, ...] = (1.0, 0.9, 0.75, 0.5, 0.25, 0.0)  # of what single cells bring
    credit_quantile: float = 0.9  # of a sweep's drops that its layer is credited with
    least_layer_l2: float = 0.1  # L2 units; the credit of a layer is divided by its L2, at least by this
    least_texture_l2: float = 0.01  # L2 units; a layer that changes less is seen as of this L2
    feature_limit: float = 3.0  # features are clipped to this, either way


TUNING = Tuning()
