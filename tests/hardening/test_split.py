"""The split: by the id alone, groups together, in the shares that were asked for."""

import random

from brittle.hardening.split import split

IDS = [f"img/{i:05}.png" for i in range(3000)]


def test_every_sample_has_one_side_whatever_the_order_and_the_others() -> None:
    whole = split(IDS, 0)
    shuffled = random.Random(1).sample(IDS, len(IDS))
    assert split(shuffled + shuffled[:7], 0) == whole
    assert split(IDS[500:900], 0) == {name: whole[name] for name in IDS[500:900]}
    assert split(IDS, 1) != whole


def test_sides_have_their_shares() -> None:
    sides = list(split(IDS, 0, choose=0.2, report=0.1).values())
    assert 0.17 < sides.count("choose") / len(IDS) < 0.23
    assert 0.08 < sides.count("report") / len(IDS) < 0.12
    assert set(split(IDS, 0, choose=0.1, report=0.0).values()) == {"learn", "choose"}


def test_a_group_is_on_one_side() -> None:
    groups = {name: f"patient {i % 50}" for i, name in enumerate(IDS)}
    found = split(IDS, 0, groups)
    sides = [{found[name] for name in IDS if groups[name] == group} for group in {*groups.values()}]
    assert all(len(side) == 1 for side in sides)
    assert set().union(*sides) == {"learn", "choose", "report"}
