"""The rivals of benchmarks/tune.py, and the figures of its table."""

import json
from pathlib import Path

import numpy as np
import pytest

from brittle.searches.tune.families import FAMILIES
from tune import strengths, table
from tune_rivals import Bisection, Ladder
from whole_inputs import IMAGE, game_of, play, sample_of, told

HOLDS, FLIPS = (0.6, 0.3, 0.1), (0.3, 0.6, 0.1)
BANDING = FAMILIES["banding"]


def test_the_ladder_shows_ten_members_at_each_of_twenty_rising_levels() -> None:
    sample = sample_of(0)
    shown = told(Ladder("dead_pixels"), [HOLDS] * 199, game_of(sample, budget=999))
    changed = [int((IMAGE.decode(x) != sample.x).any(axis=0).sum()) for x in shown]
    assert len(shown) == 200
    # Pixels that have a bound's value already do not change, so counts are a little less than levels.
    expected = np.repeat([max(1, round(0.001 * 300 ** (k / 19) * 256)) for k in range(20)], 10)
    assert (np.array(changed) <= expected).all() and changed[-1] > 0.9 * expected[-1]
    results, _, _ = play(Ladder("dead_pixels"), closest=False, budget=202, count=3)
    assert any(r.first for r in results)
    for result in results:
        if result.first is None:
            assert not result.notes and result.queries == 201
        else:
            rung = FAMILIES["dead_pixels"].level.strength((result.notes or {})["dead_pixels_level"]) * 19
            assert rung == pytest.approx((result.first.query - 2) // 10, abs=1e-6)


def test_the_bisection_halves_below_a_flip_and_leaves_a_member_that_holds() -> None:
    game = game_of(sample_of(0))
    shown = told(Bisection("banding"), [HOLDS, FLIPS, FLIPS, HOLDS, HOLDS, HOLDS], game)
    strongest = [np.abs(IMAGE.decode(x) - sample_of(0).x).max() for x in shown]
    level = BANDING.level
    wanted = [level.at(s) for s in (1, 1, 0.5, 0.25, 0.375, 0.4375, 0.47)]
    assert strongest == pytest.approx(wanted, abs=0.006)
    assert game.notes["banding_level"] == pytest.approx(level.at(0.5))


def test_a_table_pairs_samples_and_a_miss_lies_a_step_above_all(tmp_path: Path) -> None:
    out, level = tmp_path / "t.jsonl", BANDING.level
    with out.open("w") as file:
        for number in range(9):
            for method, strength in (("tune", 0.2 + 0.01 * number), ("ladder", 0.5 if number else None)):
                notes = {} if strength is None else {"banding_level": level.at(strength)}
                row = {"model": "m", "family": "banding", "method": method, "sample": f"s{number}"}
                status = "flipped" if notes else "survived"
                file.write(json.dumps({**row, "status": status, "rows": 50, "notes": notes}) + "\n")
        file.write(
            json.dumps({**row, "sample": "alone", "status": "flipped", "rows": 9, "notes": notes}) + "\n"
        )
    rows = [json.loads(line) for line in out.read_text().splitlines()]
    found = strengths(rows, "banding")
    assert len(found["tune"]) == len(found["ladder"]) == 9
    assert found["ladder"]["s0"] == pytest.approx(1 + 1 / 19)
    line = list(table(out, "ladder"))[2]
    assert f"| 9 | {level.at(0.24):.3g} (0) | {level.at(0.5):.3g} (1) | -0.32" in line
    assert line.endswith("| 1.00 | 50, 50 |")
