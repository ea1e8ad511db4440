"""A hardening as rows of text, for the terminal and the page."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from rich.box import SIMPLE_HEAD
from rich.table import Table

from brittle.report.harden.attacks import ARMS, Attack, Change
from brittle.report.harden.verdict import within
from brittle.report.intervals import Interval
from brittle.report.wording import (
    NOTHING,
    TIGHT,
    duration,
    interval,
    number,
    percent,
    percent_interval,
    short_name,
)

MOST_CLASSES = 8
DECK = "hpe-"
MEASURED = {
    "clean": "Clean accuracy",
    "corruptions": "Right on corruptions",
    "white_box": "Right under PGD (white box)",
}
"""Shares right on the card; not every card has all of them."""
ARROWS = {True: "↑", False: "↓"}


@dataclass(frozen=True)
class Cell:
    """A value, and lines of small print below it."""

    value: str
    small: Sequence[str] = ()


@dataclass(frozen=True)
class AttackRow:
    """An attack: three models by one measure each, and the hardened one against the others."""

    name: str
    within: Sequence[Cell]
    queries: Sequence[Cell]
    l2: Sequence[Cell]
    against: Sequence[Cell]


def attack_rows(attacks: Sequence[Attack]) -> list[AttackRow]:
    """A row an attack."""
    return [
        AttackRow(
            attack.name,
            [Cell(percent(a.within), [percent_interval(a.within_interval)]) for a in _arms(attack)],
            [Cell(number(round(a.queries))) for a in _arms(attack)],
            [Cell(NOTHING if attack.at_limit else number(a.median_l2)) for a in _arms(attack)],
            [cell for name in ("before", "control") for cell in _against(attack, attack.against[name])],
        )
        for attack in attacks
    ]


def _arms(attack: Attack) -> list[Any]:
    return [attack.arms[name] for name in ARMS]


def _against(attack: Attack, change: Change) -> list[Cell]:
    """Points within the limit, and the ratio of L2; of an attack at the limit that of queries."""
    points = Cell(signed(100 * change.within), [signed_interval(change.within_interval, 100)])
    if attack.at_limit:
        return [points, _times(change.queries, change.queries_interval, "queries")]
    return [
        points,
        _times(
            change.l2,
            change.l2_interval,
            f"L2, {number(change.pairs)} {'pair' if change.pairs == 1 else 'pairs'}",
        ),
    ]


def _times(value: float | None, sure: Interval | None, of: str) -> Cell:
    if value is None:
        return Cell(NOTHING)
    return Cell(f"×{TIGHT}{value:.2f}", [interval(sure), of])


def signed(value: float) -> str:
    """A difference, to a tenth."""
    return f"{value:+.1f}".replace("-", "−")


def signed_interval(found: Interval | None, scale: float = 1) -> str:
    """The interval of a difference, scaled; empty without one."""
    return f"{signed(scale * found.low)} to {signed(scale * found.high)}" if found else ""


def share_rows(measured: Mapping[str, Any]) -> list[tuple[str, str, str]]:
    """Share right of each model, and the hardened one's difference to it; measured: a block of the card."""
    rows = []
    for arm in ARMS:
        against = measured["against"].get(arm)
        words = ""
        if against:
            low_high = against["interval"]
            sure = f" ({signed_interval(Interval(*low_high))})" if low_high else ""
            words = f"{signed(against['points'])} points{sure}"
        rows.append((arm, percent(measured[arm]), words))
    return rows


def lost_classes(card: Mapping[str, Any]) -> list[tuple[str, ...]]:
    """The classes that lost most right answers, and how many of how many."""
    lost = [c for c in card["clean"]["classes"] if c["after"] < c["before"]]
    lost.sort(key=lambda c: (c["after"] - c["before"]) / c["samples"])
    return [
        (str(c["name"]), number(c["samples"]), *(percent(c[arm] / c["samples"]) for arm in ARMS))
        for c in lost[:MOST_CLASSES]
    ]


def deck_rows(attacks: Sequence[Attack]) -> list[tuple[str, list[str]]]:
    """HPE's ECG rows: mean queries, mean L2 of closest flips and ASR; arrows say how they moved."""
    rows = []
    for attack in attacks:
        if not attack.name.startswith(DECK):
            continue
        before, after = attack.arms["before"], attack.arms["after"]
        rows.append(
            (
                attack.name.removeprefix(DECK),
                [
                    number(before.queries),
                    number(before.mean_l2),
                    percent(before.asr),
                    _moved(before.queries, after.queries),
                    _moved(before.mean_l2, after.mean_l2),
                    percent(after.asr),
                ],
            )
        )
    return rows


def transfer_rows(card: Mapping[str, Any]) -> list[tuple[str, list[tuple[str, str, list[str]]]]]:
    """By attack, and by the model whose flips they are: how many, and the share that each model errs on."""
    rows = []
    for name, of_attack in (card.get("transfer") or {}).items():
        lines = [
            (arm, number(found["flips"]), [percent(found[other] / found["flips"]) for other in ARMS])
            for arm, found in of_attack.items()
            if found["flips"]
        ]
        if lines:
            rows.append((str(name), lines))
    return rows


def _moved(before: float | None, after: float | None) -> str:
    if before is None or after is None or before == after:
        return number(after)
    return f"{number(after)}{TIGHT}{ARROWS[after > before]}"


def pairs(card: Mapping[str, Any]) -> list[tuple[str, str]]:
    """The card in words."""
    split, settings = card["split"], card["settings"]
    shares = ", ".join(
        f"{name} {percent(share)}" for name, share in card["shares_of_a_batch"].items() if share
    )
    test = card["test"]
    return [
        ("Model", f"{short_name(str(card['model']['name']))}, SHA-256 {card['model']['sha256']}"),
        ("Data", f"{card['data']['name']}, SHA-256 {card['data']['sha256']}"),
        (
            "Report's samples",
            f"{test['name']}, SHA-256 {test['sha256']}" if test else "of the data, by a hash of their ids",
        ),
        (
            "Split",
            f"{split['learn']:,} to learn from, {split['choose']:,} to choose by, "
            f"{split['report']:,} to report on; "
            f"{split['doubles_left_out']:,} left out, as the report has the same input",
        ),
        ("Numbers that are learned", f"{card['trainable']:,}"),
        (
            "Training",
            f"{card['steps']:,} steps of {settings['batch']} rows, twice; {duration(card['seconds'])}",
        ),
        ("A hardened batch", f"{shares or 'clean'}; the rest is clean"),
        *_odds(card),
        ("Largest L2 of a moved row", number(card["epsilon"])),
        ("Seed", str(settings["seed"])),
        ("Versions", ", ".join(f"{name} {found}" for name, found in card["versions"].items())),
        ("Command", " ".join(map(str, card["command"]))),
    ]


def _odds(card: Mapping[str, Any]) -> list[tuple[str, str]]:
    """How likely a row is to draw each distortion, the likeliest first, where earlier flips say that."""
    odds = card.get("odds_of_distortions")
    if not odds:
        return []
    likeliest = sorted(odds.items(), key=lambda pair: -pair[1])
    return [("Odds of distortions", ", ".join(f"{name} {percent(share)}" for name, share in likeliest))]


def hardening_table(report: Any) -> Table:
    """The numbers for a terminal of 80 columns."""
    table = Table(
        box=SIMPLE_HEAD,
        caption=f"flipped: within {within(report.card)}, wrong ones among them; control: clean training",
    )
    table.add_column("Measure")
    for heading in ("before", "control", "after", "after / before"):
        table.add_column(heading, justify="right")
    for key, name in MEASURED.items():
        measured = report.card.get(key)
        if measured:
            points = f"{signed(measured['against']['before']['points'])} points"
            style = "bold" if key == "clean" else None
            table.add_row(name, *(percent(measured[arm]) for arm in ARMS), points, style=style)
    for attack in report.attacks:
        change = attack.against["before"]
        name = f"{attack.name}{' (trained on)' if attack.trained_on else ''}"
        points = f"{signed(100 * change.within)} points"
        table.add_row(f"{name}: flipped", *(percent(a.within) for a in _arms(attack)), points)
        if not attack.at_limit:
            ratio = "" if change.l2 is None else f"× {change.l2:.2f}"
            table.add_row("… median L2", *(number(a.median_l2) for a in _arms(attack)), ratio)
        table.add_row(
            "… queries", *(number(round(a.queries)) for a in _arms(attack)), f"× {change.queries:.2f}"
        )
    return table
