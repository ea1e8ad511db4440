"""The page of a hardening: one HTML file that needs nothing but itself."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from markupsafe import Markup

from brittle.report.harden.attacks import Attack, attack_of, plain
from brittle.report.harden.corruptions import corruption_rows
from brittle.report.harden.figures import distance_charts, line_charts
from brittle.report.harden.tables import (
    attack_rows,
    deck_rows,
    lost_classes,
    pairs,
    share_rows,
    transfer_rows,
)
from brittle.report.harden.verdict import Verdict, verdict_of, within
from brittle.report.harden.white_box import masking, white_box_row
from brittle.report.template import rendered
from brittle.report.wording import NO_INTERVAL, number, short_name
from brittle.store.files import write_whole
from brittle.store.run import Run

TITLES = {
    False: "Not trained on: these decide",
    True: "Trained on: they play with the distortions that batches are made of",
}

WHITE_BOX = "White box, not an audit: it sees the weights, and should find at least what the others find"


@dataclass(frozen=True)
class HardeningReport:
    """The card of a hardening, its attacks in their order, and the verdict."""

    card: Mapping[str, Any]
    attacks: Sequence[Attack]
    verdict: Verdict

    def to_dict(self) -> dict[str, Any]:
        """Plain data, for JSON."""
        return {
            **self.card,
            "gained": self.verdict.gained,
            "verdict": self.verdict.words,
            "attacks": {attack.name: plain(attack) for attack in self.attacks},
        }


def hardening_report(card: Mapping[str, Any], runs: Mapping[str, Mapping[str, Run]]) -> HardeningReport:
    """The report of runs by model ("before", "control", "after") and attack. Raises RunError.

    Its card has the alarm that the runs give before those of the training, the last of which may say why no
    weights were taken.
    """
    alarms = list(dict.fromkeys([*masking(card, runs["after"]), *card["alarms"]]))
    card = {**card, "alarms": alarms}
    names = list(runs["before"])
    attacks = [
        attack_of(name, {arm: found[name] for arm, found in runs.items()}, card["limit"]) for name in names
    ]
    return HardeningReport(card, attacks, verdict_of(card, attacks))


def write_page(path: Path, report: HardeningReport) -> None:
    """Write the page. Raises DiskError."""
    write_whole(path, render(report))


def render(report: HardeningReport) -> str:
    """The page as text; the same for the same report."""
    card, attacks = report.card, report.attacks
    groups = [
        (title, attack_rows([a for a in attacks if a.trained_on is trained]))
        for trained, title in TITLES.items()
    ]
    white_box, corruptions = card.get("white_box"), card.get("corruptions")
    apart = [attack for attack in attacks if not attack.at_limit]
    if white_box:
        groups.append((WHITE_BOX, [white_box_row(white_box)]))
    contents = {
        "model": short_name(str(card["model"]["name"])),
        "data": card["data"]["name"],
        "card": card,
        "verdict": report.verdict,
        "limit": within(card),
        "audited": next((attack.arms["before"].samples for attack in attacks), 0),
        "clean": share_rows(card["clean"]),
        "corruptions": corruptions and share_rows(corruptions),
        "by_corruption": corruptions and corruption_rows(corruptions),
        "lost": lost_classes(card),
        "groups": [(title, rows) for title, rows in groups if rows],
        "curves": [Markup(found) for found in distance_charts(apart, white_box)],
        "radii": ", ".join(number(point["l2"]) for point in (white_box or {}).get("curve", [])[1:]),
        "line": [Markup(found) for found in line_charts(card)],
        "deck": deck_rows(attacks),
        "transfer": transfer_rows(card),
        "pairs": pairs(card),
        "links": [(a.name, [(arm, f"{arm}/{a.folder}/report.html") for arm in a.arms]) for a in attacks],
        "no_interval": NO_INTERVAL,
    }
    return rendered("harden/harden.html.j2", contents)
