"""The files of a run: what is written reads back, old ones too, and damaged ones give one line."""

import json
from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from brittle.core.errors import RunError
from brittle.store.records import SessionLine, SummaryFile, read_record, read_result, result_text
from report.made_up import flipped

LINE = result_text(flipped("a", first=10, l2=1.0))


def test_a_result_reads_back_what_was_written() -> None:
    result = flipped("a", first=10, l2=1.0)
    assert result_text(read_result(result_text(result), "it")) == result_text(result)
    read = read_result(LINE, "it")
    assert {**vars(read), "format": None} == {**vars(result), "format": None}


def test_results_of_older_runs_are_read() -> None:
    old = json.loads(LINE)
    del old["format"]
    for key in ("first", "closest"):
        old[key]["colours"] = old[key].pop("assignment")
    assert read_result(json.dumps(old), "it") == read_result(LINE, "it")


def test_a_record_of_another_format_is_refused() -> None:
    text = json.dumps({**json.loads(LINE), "format": 2})
    with pytest.raises(RunError, match="line 3: expected format 1, got 2; use the brittle that wrote it"):
        read_result(text, "line 3")


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("{", "line 3 is damaged"),
        ("[1]", "line 3 is damaged .expected an object, got list"),
        ("[" * 100_000, "line 3 is damaged"),
        ('{"sample": "a"}', "line 3 is damaged .label: Field required"),
        (LINE.replace('"queries":', '"queries":"many","q":'), "line 3 is damaged .queries: "),
        (LINE.replace('"flipped"', '"eaten"'), "line 3 is damaged .status: "),
    ],
)
def test_a_damaged_line_is_named(text: str, words: str) -> None:
    with pytest.raises(RunError, match=words) as caught:
        read_result(text, "line 3")
    assert "\n" not in str(caught.value)


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3),
    max_leaves=5,
)


@given(
    st.dictionaries(st.sampled_from(sorted(json.loads(LINE))), JSON, min_size=1),
    st.sampled_from(["", "closest"]),
)
def test_no_line_raises_anything_but_a_run_error(changes: dict[str, Any], where: str) -> None:
    data = json.loads(LINE)
    (data[where] if where else data).update(changes)
    for read in (
        lambda text: read_result(text, "it"),
        lambda text: read_record(SessionLine, text, "it"),
        lambda text: read_record(SummaryFile, text, "it"),
    ):
        try:
            read(json.dumps(data))
        except RunError as error:
            assert "\n" not in str(error)


def test_a_flip_without_an_assignment_reads_back() -> None:
    result = flipped("a", first=10, l2=1.0)
    assert result.closest
    bare = replace(result, closest=replace(result.closest, assignment=None))
    read = read_result(result_text(bare), "it")
    assert read.closest and read.closest.assignment is None
