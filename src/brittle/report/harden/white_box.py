"""PGD, which sees the weights, beside black-box searches, which do not: its row, and the alarm."""

from collections.abc import Mapping
from typing import Any

from brittle.report.harden.attacks import AGAINST, ARMS, found_of
from brittle.report.harden.tables import AttackRow, Cell, signed, signed_interval
from brittle.report.intervals import Interval, newcombe, wilson
from brittle.report.wording import NOTHING, TIGHT, number, percent, percent_interval
from brittle.store.run import Run


def masking(card: Mapping[str, Any], runs: Mapping[str, Run]) -> list[str]:
    """An alarm, a line, where black-box searches flip clearly more of the hardened model's samples than PGD.

    runs: of the hardened model, by attack. A sample counts as flipped where any of them flips it within the
    limit; the shares are paired (Newcombe), of the samples that any of them could play.
    """
    white_box = card.get("white_box")
    if not white_box:
        return []
    closest: dict[str, float] = {}
    for run in runs.values():
        for sample, found in found_of(run, 0).items():
            closest[sample] = min(found.l2, closest.get(sample, found.l2))
    flipped, held = {s for s, l2 in closest.items() if l2 <= white_box["limit"]}, set(white_box["held"])
    both, black, white = len(flipped - held), len(flipped & held), len(closest.keys() - flipped - held)
    sure = newcombe(both, black, white, len(closest) - both - black - white)
    if sure is None or sure.low <= 0:
        return []
    return [
        f"Within L2{TIGHT}{number(white_box['limit'])} black-box searches flip "
        f"{percent((both + black) / len(closest))} of the audited samples after hardening, PGD only "
        f"{percent((both + white) / len(closest))}: gradients may be masked (Athalye et al., ICML 2018), and "
        "other attacks may find more than these."
    ]


def white_box_row(white_box: Mapping[str, Any]) -> AttackRow:
    """PGD among the attacks, as shares flipped; white_box: that block of the card."""
    n, nothing = white_box["samples"], [Cell(NOTHING)] * len(ARMS)
    flipped = [round((1 - white_box[arm]) * n) for arm in ARMS]
    return AttackRow(
        f"PGD, {white_box['starts']} starts of {white_box['steps']} steps",
        [Cell(percent(hits / n), [percent_interval(wilson(hits, n))]) for hits in flipped],
        nothing,
        nothing,
        [cell for arm in AGAINST for cell in (_fewer(white_box["against"][arm]), Cell(NOTHING))],
    )


def _fewer(against: Mapping[str, Any]) -> Cell:
    """Points flipped more, from points right more."""
    low_high = against["interval"]
    sure = Interval(-low_high[1], -low_high[0]) if low_high else None
    return Cell(signed(0 - against["points"]), [signed_interval(sure)])
