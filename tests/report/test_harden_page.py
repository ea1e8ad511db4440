"""The report of a hardening: what decides, what is paired, and that strangers' names stay text."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest

from brittle.core.result import Status
from brittle.report.curves import Curve
from brittle.report.harden.attacks import Arm, Attack, Change
from brittle.report.harden.page import HardeningReport, render
from brittle.report.harden.tables import deck_rows, hardening_table, lost_classes, transfer_rows
from brittle.report.harden.verdict import verdict_of
from brittle.report.harden.white_box import masking, white_box_row
from brittle.report.intervals import Interval

HOSTILE = "</style><script>alert(1)</script>"
FEWER, SAME = Interval(-0.5, -0.1), Interval(-0.2, 0.1)


def arm(*l2: float, wrong: int = 0) -> Arm:
    """An attack's flips at these distances of ten samples."""
    at = np.sort(np.array([0.0] * wrong + list(l2)))
    return Arm(10, wrong, 0.5, Interval(0.2, 0.8), 0.9, 40.5, 2.0, 1.5, Curve(at, 10))


def change(within: Interval) -> Change:
    return Change(-0.3, within, 1.5, Interval(1.2, 1.9), 9, 1.4, Interval(1.1, 1.8))


def attack(
    name: str, trained_on: bool = False, before: Interval = FEWER, control: Interval = FEWER, **more: Any
) -> Attack:
    """An attack with these intervals against the original and the control."""
    arms = {"before": arm(0.5, 1.5), "control": arm(0.7, 2.0), "after": arm(1.0, 3.0, wrong=1)}
    against = {"before": change(before), "control": change(control)}
    return Attack(name, name, trained_on, False, 2.5, 250, arms, against, **more)


def card(**more: Any) -> dict[str, Any]:
    """A card of a hardening that took a share of 0.4."""
    classes = [
        {"name": HOSTILE, "samples": 50, "before": 40, "control": 41, "after": 30},
        {"name": "other", "samples": 50, "before": 40, "control": 41, "after": 45},
    ]
    points = [
        {"share": share, "clean": 0.9, "lost": lost, "lost_at_most": lost + 0.3, "distance": 0.2 + share}
        for share, lost in ((0.0, 0.0), (0.4, 0.1), (1.0, 2.0))
    ]
    against = {"points": -1.5, "interval": [-2.5, 0.1]}
    found: dict[str, Any] = {
        "model": {"name": HOSTILE, "sha256": "ab"},
        "data": {"name": HOSTILE, "sha256": "cd"},
        "test": None,
        "settings": {"keep_clean": 0.5, "seed": 0, "batch": 64},
        "split": {"learn": 800, "choose": 100, "report": 100, "doubles_left_out": 1},
        "trainable": 12345,
        "steps": 100,
        "seconds": 12.5,
        "epsilon": 0.5,
        "limit": 2.5,
        "share": 0.4,
        "shares_of_a_batch": {"near": 0.5, "flips": 0.0},
        "odds_of_distortions": {"snow": 0.25, HOSTILE: 0.75},
        "clean": {
            "samples": 100,
            "before": 0.8,
            "control": 0.82,
            "after": 0.75,
            "against": {"before": against, "control": against},
            "classes": classes,
        },
        "corruptions": {
            "samples": 60,
            "before": 0.4,
            "control": 0.5,
            "after": 0.52,
            "against": {"before": {"points": 12.0, "interval": [9.0, 15.5]}, "control": against},
            "by_corruption": [{"name": "jpeg_compression", "before": 0.1, "control": 0.2, "after": 0.3}],
        },
        "white_box": {
            "limit": 2.5,
            "samples": 10,
            "starts": 3,
            "steps": 20,
            "before": 0.1,
            "control": 0.2,
            "after": 0.4,
            "against": {"before": {"points": 30.0, "interval": [10.0, 50.0]}, "control": against},
            "curve": [
                {"l2": l2, "before": 1 - l2 / 3, "control": 1 - l2 / 4, "after": 1 - l2 / 5}
                for l2 in (0.0, 1.25, 2.5)
            ],
            "held": [f"s{number}" for number in range(4)],
        },
        "line": points,
        "samples_needed": None,
        "alarms": [HOSTILE],
        "limits": [HOSTILE],
        "versions": {"brittle": "0.1"},
        "command": ["harden", HOSTILE],
    }
    return {**found, **more}


def report(about: Mapping[str, Any], *attacks: Attack) -> HardeningReport:
    return HardeningReport(about, attacks, verdict_of(about, attacks))


@pytest.mark.parametrize(
    ("attacks", "gained", "words"),
    [
        (
            [attack("ripple"), attack("patchwork", True, SAME, SAME)],
            True,
            "Harder to flip by attacks that it was",
        ),
        (
            [attack("ripple", control=SAME), attack("patchwork", True)],
            False,
            "not clearly harder than the control",
        ),
        ([attack("ripple", before=SAME, control=SAME)], False, "No clear gain"),
        ([attack("patchwork", True)], False, "No verdict"),
        ([attack("ripple"), attack("square-l2", before=SAME, control=SAME)], True, "not trained on (ripple)"),
    ],
)
def test_attacks_that_were_not_trained_on_decide(attacks: list[Attack], gained: bool, words: str) -> None:
    found = verdict_of(card(), attacks)
    assert (found.gained, words in found.words) == (gained, True), found.words
    assert "Clean accuracy: −1.50 points" in found.words


def test_where_the_original_came_back_the_verdict_says_how_many_samples_it_takes() -> None:
    found = verdict_of(card(share=None, samples_needed=4200), [attack("ripple")])
    assert not found.gained and "the original's weights came back" in found.words
    assert "About 4,200 samples to choose by would show whether 0.500 points are kept" in found.words


def test_the_page_escapes_names_and_needs_nothing_else() -> None:
    page = render(report(card(), attack("ripple"), attack(HOSTILE, True)))
    assert "<script" not in page and page.count("</style>") == 1
    assert "&lt;script&gt;" in page and "src=" not in page
    assert page == render(report(card(), attack("ripple"), attack(HOSTILE, True)))


@dataclass(frozen=True)
class Played:
    """A run, as far as its results go: closest flips by sample; None for one that held."""

    l2: Mapping[str, float | None]

    def results(self) -> list[Any]:
        """One a sample."""
        return [
            SimpleNamespace(
                sample=sample,
                status=Status.SURVIVED if l2 is None else Status.FLIPPED,
                first=SimpleNamespace(query=3),
                closest=SimpleNamespace(l2=l2),
            )
            for sample, l2 in self.l2.items()
        ]


def flips(*within: int) -> Any:
    """A run of ten samples that flips these within the limit, the others beyond it."""
    return Played({f"s{number}": 2.4 if number in within else 2.6 for number in range(10)})


@pytest.mark.parametrize(
    ("runs", "alarms"),
    [
        ({"ripple": flips(*range(4, 10))}, 0),  # what PGD flips too
        ({"ripple": flips(4, 5, 6), "square-l2": flips(7, 8, 9)}, 0),
        ({"ripple": flips(*range(10))}, 1),
        ({"ripple": flips(0, 1, 5, 6, 7), "square-l2": flips(2, 3, 4, 8, 9)}, 1),  # together
        ({"ripple": flips(3, *range(4, 10))}, 0),  # one more may be chance
    ],
)
def test_it_is_an_alarm_where_black_boxes_find_clearly_more_than_pgd(
    runs: Mapping[str, Any], alarms: int
) -> None:
    found = masking(card(), runs)
    assert len(found) == alarms
    if found:
        assert "flip 100\u00a0%" in found[0] and "PGD only 60.0\u00a0%" in found[0]
        assert "gradients may be masked (Athalye et al., ICML 2018)" in found[0]
    assert not masking(card(white_box=None), runs)


def test_pgd_has_a_row_of_its_own_in_shares_flipped() -> None:
    row = white_box_row(card()["white_box"])
    assert [cell.value for cell in row.within] == ["90.0\u00a0%", "80.0\u00a0%", "60.0\u00a0%"]
    assert row.against[0].value == "−30.0" and row.against[0].small == ["−50.0 to −10.0"]
    page = render(report(card(), attack("ripple")))
    assert "White box, not an audit" in page and row.name in page
    assert "White box, not an audit" not in render(report(card(white_box=None), attack("ripple")))


def test_a_path_of_somebodys_machine_is_a_name_on_the_page() -> None:
    older = card(model={"name": "/home/me/models/net.onnx", "sha256": "ab"})
    page = render(report(older, attack("ripple")))
    assert "/home/me" not in page and "<dd>net.onnx, SHA-256 ab</dd>" in page


def test_pgd_has_a_curve_where_the_card_has_one() -> None:
    page = render(report(card(), attack("ripple")))
    assert "PGD: share flipped against L2" in page and "PGD was played within 1.25, 2.50 only" in page
    older = {name: value for name, value in card()["white_box"].items() if name != "curve"}
    page = render(report(card(white_box=older), attack("ripple")))
    assert "PGD: share" not in page and "PGD was played" not in page and "White box, not an audit" in page
    at_limit = replace(attack("ripple"), at_limit=True)
    assert "Lines: before, control, after" in render(report(card(), at_limit))


def test_corruptions_have_a_section_of_images_only() -> None:
    page = render(report(card(), attack("ripple")))
    assert "Common corruptions" in page and "+12.0 points (+9.0 to +15.5)" in page
    assert "jpeg compression" in page
    assert "orruption" not in render(report(card(corruptions=None), attack("ripple")))


@pytest.mark.parametrize("more", [{"share": None}, {"limit": None}, {"line": []}, {"alarms": []}])
def test_the_page_stands_without_what_may_be_missing(more: dict[str, Any]) -> None:
    bare = replace(
        attack("ripple"), limit=None, arms={name: arm() for name in ("before", "control", "after")}
    )
    assert "</html>" in render(report(card(**more), bare))


def test_classes_are_told_that_lost_right_answers() -> None:
    assert lost_classes(card()) == [(HOSTILE, "50", "80.0\u00a0%", "82.0\u00a0%", "60.0\u00a0%")]


def test_rows_of_the_ecg_table_have_arrows() -> None:
    one = attack("hpe-motion_artefact-10ms", True)
    more = {**one.arms, "after": replace(one.arms["after"], queries=80.0, mean_l2=1.0)}
    [(name, values)] = deck_rows([attack("ripple"), replace(one, arms=more)])
    assert name == "motion_artefact-10ms"
    assert values == ["40.5", "2", "90.0\u00a0%", "80\u00a0↑", "1\u00a0↓", "90.0\u00a0%"]


def test_transfer_is_a_share_of_the_flips_of_each_model() -> None:
    found = {"before": {"flips": 4, "before": 4, "control": 1, "after": 0}, "control": {"flips": 0}}
    told = card(transfer={HOSTILE: found, "ripple": {"before": {"flips": 0}}})
    assert transfer_rows(told) == [(HOSTILE, [("before", "4", ["100\u00a0%", "25.0\u00a0%", "0\u00a0%"])])]
    page = render(report(told, attack("ripple")))
    assert "nothing is attacked anew" in page and HOSTILE not in page
    assert "<h2>Transfer</h2>" not in render(report(card(), attack("ripple")))


def test_the_terminal_has_a_table() -> None:
    table = hardening_table(report(card(), attack("ripple"), attack("patchwork", True)))
    assert table.row_count == 9
