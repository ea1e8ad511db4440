"""The tuned numbers of hard sets."""

from dataclasses import dataclass


@dataclass(frozen=True)
class Tuning:
    """kappa: nats by which a surrogate errs that bring nothing more.

    waves: how many are drawn; chroma: standard deviation of a colour's channels about grey; bend_cycles: of
    bends, over the fewest that a wave has; bend_slope: of crests, at most.
    Choosing shared patterns: samples of the first round, in which all patterns are scored; share of them that
    go into the second, on the other samples; rows asked at once of one sample. learn_share: of the data that
    patterns are chosen on; most_learn: samples, at most.
    rms: the usual levels, as shares of the range: L2 3.9, 7.8 and 15.5 of 3 x 224 x 224.
    snr: the usual levels of signals, dB: the change doubles from one to the next, as with rms.
    budget, cells_budget: candidates of one sample, of shared patterns and on the cells board.
    draws: of a user's distortion that varies.
    """

    kappa: float = 5.0
    waves: int = 100
    chroma: float = 0.3
    bend_cycles: tuple[float, float] = (1 / 8, 3 / 4)
    bend_slope: tuple[float, float] = (0.3, 1.2)
    first_round: int = 5
    survivors: float = 0.15
    rows_at_once: int = 8
    learn_share: float = 1 / 3
    most_learn: int = 40
    rms: tuple[float, ...] = (0.01, 0.02, 0.04)
    snr: tuple[float, ...] = (18.0, 12.0, 6.0)
    budget: int = 8
    cells_budget: int = 100
    draws: int = 8


TUNING = Tuning()
