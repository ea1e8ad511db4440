"""What a hardening brought, in words; attacks that were not trained on decide."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from brittle.report.harden.attacks import Attack
from brittle.report.wording import TIGHT, number


@dataclass(frozen=True)
class Verdict:
    """gained: whether it is hardening's own gain; words: the finding, one sentence or two."""

    gained: bool
    words: str


def verdict_of(card: Mapping[str, Any], attacks: Sequence[Attack]) -> Verdict:
    """The finding. Clearly fewer flips than the original and than the control count as a gain."""
    if card["share"] is None:
        return Verdict(False, f"Not hardened: the original's weights came back. {_why(card)}")
    judges = [attack for attack in attacks if not attack.trained_on]
    clean = f"Clean accuracy: {_points(card['clean']['against']['before'])} against the original."
    if not judges:
        return Verdict(False, f"No verdict: every attack here was trained on. {clean}")
    won = [a.name for a in judges if a.against["before"].is_fewer and a.against["control"].is_fewer]
    partly = [a.name for a in judges if a.against["before"].is_fewer and a.name not in won]
    if won:
        rest = f" ({', '.join(won)})" if len(won) < len(judges) else ""
        return Verdict(
            True,
            f"Harder to flip by attacks that it was not trained on{rest}: fewer samples flip within "
            f"{within(card)} than of the original and of the control. {clean}",
        )
    if partly:
        return Verdict(
            False,
            "Harder to flip than the original by attacks that it was not trained on, but not clearly harder "
            f"than the control, which learned from clean samples alone. {clean}",
        )
    return Verdict(False, f"No clear gain under attacks that it was not trained on. {clean}")


def within(card: Mapping[str, Any]) -> str:
    """The limit in words; where patchwork found no flips there is none."""
    return "any L2" if card["limit"] is None else f"L2{TIGHT}{number(card['limit'])}"


def _why(card: Mapping[str, Any]) -> str:
    """Why no weights were taken, and what would change that."""
    keep, needed = card["settings"]["keep_clean"], card["samples_needed"]
    said = next((str(alarm) for alarm in reversed(card["alarms"])), "")
    more = (
        f" About {number(needed)} samples to choose by would show whether {number(keep)} points are kept; "
        f"there were {number(card['split']['choose'])}."
        if needed
        else ""
    )
    return f"{said[:1].upper()}{said[1:]}.{more}"


def _points(found: Mapping[str, Any]) -> str:
    """A difference in points, with its interval."""
    low_high = found["interval"]
    sure = f" (95{TIGHT}% interval {low_high[0]:+.1f} to {low_high[1]:+.1f})" if low_high else ""
    return f"{found['points']:+.2f} points{sure}".replace("-", "−")
