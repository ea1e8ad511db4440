"""The tuned constants of the survey, in one place."""

from dataclasses import dataclass


@dataclass(frozen=True)
class Tuning:
    """Values chosen on photos of the training half and on planted regions, not meant to be set by users.

    A tuple of three gives a value for each size of a move.
    """

    # Soundings
    cells: int = 196  # most cells that a map is fitted on: 14 x 14 of an image
    places: int = 49  # most coarse places
    first_soundings: tuple[float, ...] = (24.0, 0.0, 60.0)  # rows that come first: keep, take, scatter
    more_soundings: tuple[float, ...] = (0.12, 0.2, 0.42)  # shares of the other rows
    least_budget: int = 120  # rows below which all are random masks, and no map is measured
    size_odds: tuple[float, ...] = (0.1, 0.8, 0.1)
    keep_widths: tuple[float, ...] = (0.35, 0.5, 0.65)  # of windows kept alone, as shares of a side
    take_widths: tuple[float, ...] = (0.25, 0.35, 0.5)  # of windows taken away
    edge: float = 0.5  # share of its width over which a window fades
    jitter: float = 0.5  # of a window's centre about that of its place, in places
    grids: tuple[int, ...] = (5, 7, 10)  # cells of a random mask along each axis of an image

    # Where the answers add up
    folds: int = 5  # in which a regression foretells soundings that it has not seen
    adds_up: float = 0.998  # least share of their variance that it must foretell
    fine_odds: tuple[float, ...] = (0.05, 0.15, 0.8)  # of each size of a sounding, from there on

    # Recombination
    slim: float = 1e-5  # odds of what the hand-made player has no reason to do, beside 1
    recombinations: tuple[float, ...] = (1.0, 1.5, 0.5, 0.5)  # odds of blend, splice, raise, lower
    credit_rate: float = 0.3  # weight of the newest gain in an operator's mean gain
    credit_floor: float = 0.3  # odds of an operator that has gained nothing, beside the best one's
    memory: int = 24  # best measured maps that are kept
    elite: int = 5  # best measured maps that others are made of
    blend: tuple[float, float] = (0.2, 0.6)  # least and greatest weight of the lesser map
    splices: int = 4  # from which one is drawn, the likeliest at the least size
    bump_widths: tuple[float, ...] = (0.1, 0.15, 0.25)  # sigma of a raised or lowered place, share of a side
    bump: float = 0.4  # its height, in ranks
    smooth: float = 0.5  # sigma that maps of cells are smoothed with, in cells

    # Outlines of what was found
    enough: float = 0.9  # share of the clean probability that few elements must keep, and take away
    few: float = 0.17  # most elements that are few, as a share
    margin: float = 0.15  # of a box about what was found, as a share of its sides
    least_part: float = 0.15  # of a part that gets a box, as a share of the greatest part
    most_parts: int = 3  # boxes
    outline_share: float = 0.5  # of the rows, most that outlines are drawn with
    outline_rows: int = 8  # of one move
    outline_least: int = 24  # rows below which an outline is not fitted
    outline_grids: tuple[int, ...] = (4, 5, 7)  # cells of a random mask along each axis of a box
    outline_cells: int = 196  # most cells that an outline is fitted on
    count_for: float = 0.5  # least effect of a box that counts, as a share of the greatest, log-odds
    plateau: float = 0.1  # share of the elements of a box that are its greatest
    beneath: float = 0.3  # height of the coarse map beside that of the fine one
    trust: float = 0.01  # how much worse than the best an outlined map may measure, and be the result

    # The result
    temperature: float = 0.05  # a map that measures this much worse counts e times less in the mean


TUNING = Tuning()
