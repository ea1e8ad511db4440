"""Figures of a score by hand: mCE, RMS at half error, Kendall's tau."""

from typing import Any

import pytest

from brittle.report.board.agreement import agreements, kendall_tau
from brittle.store.scores import Count, LevelCount, ScoredModel, ScoreEntry


def entry(clean: int, *right: int, name: str = "net", **more: Any) -> ScoreEntry:
    """Of 10 images, two kinds at two levels each, of RMS 0.1 and 0.2; right: by kind, then by level."""
    places = [(kind, level) for kind in ("a", "b") for level in ("1", "2")]
    levels = tuple(
        LevelCount(kind=kind, level=level, rms=int(level) / 10, right=hits, of=10)
        for (kind, level), hits in zip(places, right, strict=True)
    )
    told: dict[str, Any] = {
        "name": name,
        "model": ScoredModel(name=name, sha256="a" * 64),
        "benchmark": "b" * 64,
        "seen_by_builder": False,
        "hold_out": False,
        "samples": 10,
        "rows_shown": 50,
        "clean": Count(right=clean, of=10),
        "levels": levels,
    }
    return ScoreEntry(**{**told, **more})


def test_errors_are_means_over_kinds_and_levels() -> None:
    found = entry(9, 8, 6, 4, 2)
    assert found.mean_error == pytest.approx((0.2 + 0.4 + 0.6 + 0.8) / 4)
    assert found.relative_error == pytest.approx(0.5 - 0.1)


def test_mce_is_the_mean_over_kinds_of_shares_of_summed_errors() -> None:
    ours, reference = entry(9, 8, 6, 4, 2), entry(9, 6, 4, 6, 6)
    assert ours.mce(reference) == pytest.approx(((0.2 + 0.4) / (0.4 + 0.6) + (0.6 + 0.8) / (0.4 + 0.4)) / 2)
    assert reference.mce(reference) == 1
    assert ours.mce(entry(9, 10, 10, 5, 5)) is None, "no error under a"


@pytest.mark.parametrize(
    ("clean", "right", "rms"),
    [
        (8, (8, 2, 8, 2), 0.1 + 0.1 * (0.8 - 0.4) / (0.8 - 0.2)),
        (8, (0, 0, 4, 0), 0.1 * (0.8 - 0.4) / (0.8 - 0.2)),
        (8, (4, 3, 4, 3), 0.1),
        (8, (8, 5, 8, 5), None),
        (0, (0, 0, 0, 0), None),
    ],
)
def test_rms_at_half_error(clean: int, right: tuple[int, ...], rms: float | None) -> None:
    assert entry(clean, *right).rms_at_half_error == (None if rms is None else pytest.approx(rms))


def test_kendall_tau_by_hand() -> None:
    assert kendall_tau([1, 2, 3], [1, 2, 3]) == 1
    assert kendall_tau([1, 2, 3], [3, 2, 1]) == -1
    assert kendall_tau([1, 2, 3, 4], [1, 2, 4, 3]) == pytest.approx(4 / 6)
    # Of 6 pairs 4 agree and 1 does not; one is tied on the left.
    assert kendall_tau([1, 1, 2, 3], [1, 2, 4, 3]) == pytest.approx((4 - 1) / (5 * 6) ** 0.5)
    assert kendall_tau([1, 1, 1], [1, 2, 3]) is None


def test_orders_of_two_models_are_no_orders() -> None:
    models = [
        entry(clean, *[clean - 2] * 4, name=str(clean), halves=(0.1 * clean, 0.2)) for clean in (5, 7, 9)
    ]
    first, second = agreements(models)
    assert (first.tau, first.models, second.tau, second.models) == (1, 3, None, 3)
    assert agreements(models[:2])[0].tau is None
