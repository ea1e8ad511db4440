"""Assignments of thousands of cells are short in a line, read back exactly, and hostile ones are one line."""

import base64
import json
import zlib
from dataclasses import replace

import jsonschema
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from brittle.core.errors import RunError
from brittle.store.recipes import LONG, MOST_CELLS, packed, unpacked
from brittle.store.records import read_result, result_schema, result_text
from report.made_up import flipped


@given(st.lists(st.integers(0, 2**15 - 1), max_size=50))
def test_what_is_packed_is_unpacked(assignment: list[int]) -> None:
    assert unpacked(packed(assignment)) == assignment


def test_a_long_assignment_is_short_in_its_line() -> None:
    cells = np.zeros((16, 28, 28), int)
    cells[3:9, 4:11, 5:20] = 7
    cells[10, 20:, 2:9] = 31
    result = flipped("a", first=10, l2=1.0)
    assert result.closest
    result = replace(result, closest=replace(result.closest, assignment=tuple(cells.ravel().tolist())))
    text = result_text(result)
    assert len(text) < 1500
    read = read_result(text, "it")
    assert read.closest and result.closest
    assert read.closest.assignment == result.closest.assignment
    jsonschema.validate(json.loads(text), result_schema())


def test_short_assignments_stay_numbers() -> None:
    result = flipped("a", first=10, l2=1.0)
    assert result.closest
    for cells, kind in ((LONG, list), (LONG + 1, str)):
        one = replace(result, closest=replace(result.closest, assignment=(1,) * cells))
        assert isinstance(json.loads(result_text(one))["closest"]["assignment"], kind)


BOMB = base64.b85encode(zlib.compress(b"\0" * (2 * MOST_CELLS + 2))).decode()
CUT = base64.b85encode(zlib.compress(b"\0" * 200)[:-4]).decode()
ODD = base64.b85encode(zlib.compress(b"\0" * 3)).decode()


@pytest.mark.parametrize("text", ["", "no base85 \u00e9", "abc", BOMB, CUT, ODD])
def test_a_hostile_assignment_is_one_line(text: str) -> None:
    data = json.loads(result_text(flipped("a", first=10, l2=1.0)))
    data["closest"]["assignment"] = text
    with pytest.raises(RunError, match="line 3 is damaged") as caught:
        read_result(json.dumps(data), "line 3")
    assert "\n" not in str(caught.value)
