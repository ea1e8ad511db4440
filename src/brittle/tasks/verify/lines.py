"""A line of results.jsonl against itself and the terms of its run: no file, no model."""

from collections.abc import Iterator
from itertools import pairwise

from brittle.core.result import Flip, Point, SearchResult, Status
from brittle.tasks.verify.question import Question

DIGIT = 1e-6
"""The last decimal of an L2 as a run stores it."""


def line_faults(result: SearchResult, question: Question) -> Iterator[str]:
    """What contradicts itself in one line."""
    yield from _settings_faults(result, question)
    yield from _status_faults(result, question)
    yield from _query_faults(result, question)
    if result.first and result.closest:
        yield from _flip_faults(result, question, result.first, result.closest)
    yield from _curve_faults(result, question)


def _settings_faults(result: SearchResult, question: Question) -> Iterator[str]:
    asked = question.settings
    for name, told, wanted in (
        ("search", result.search, asked.search),
        ("seed", result.seed, asked.seed),
    ):
        if told != wanted:
            yield f"{name} is {told} in its line, {wanted} in run.json"


def _status_faults(result: SearchResult, question: Question) -> Iterator[str]:
    status, label, predicted = result.status, result.label, result.predicted
    for name, flip in (("first", result.first), ("closest", result.closest)):
        if (flip is not None) != (status is Status.FLIPPED):
            yield f"its status is {status.value}, but it has {'a' if flip else 'no'} {name} flip"
    if status is Status.FAILED:
        return
    last = len(question.model.classes) - 1
    for name, index in (("label", question.label(result)), ("predicted", predicted)):
        if index is None or not 0 <= index <= last:
            yield f"{name} is {index}, expected a class of 0 to {last}"
    if result.top and result.top[0][0] != predicted:
        yield f"predicted is {predicted}, but the greatest of its top answers is {result.top[0][0]}"
    wrong = status is Status.MISCLASSIFIED
    agree = label in (None, predicted)
    if (agree and wrong) or (question.settings.top_k == 1 and not agree and not wrong):
        yield f"its status is {status.value}, but its label is {label} and predicted is {predicted}"


def _query_faults(result: SearchResult, question: Question) -> Iterator[str]:
    budget, queries = question.settings.budget, result.queries
    least = 0 if result.status is Status.FAILED else 1
    if not least <= queries <= budget:
        yield f"queries is {queries}, expected {least} to the budget of {budget}"
    if result.status is Status.MISCLASSIFIED and queries != 1:
        yield f"queries is {queries}, expected 1 of a sample that is not played"
    for name, flip in (("first", result.first), ("closest", result.closest)):
        if flip and not 2 <= flip.query < queries:  # 1 is the clean row, and a row after it verifies the flip
            yield f"{name}.query is {flip.query}, expected 2 to {queries - 1}: it had {queries} queries"


def _flip_faults(result: SearchResult, question: Question, first: Flip, closest: Flip) -> Iterator[str]:
    if first.query > closest.query:
        yield f"first.query is {first.query}, after closest.query, {closest.query}"
    by = "l2" if question.settings.power == 2 else "mean_absolute"
    if getattr(closest, by) > getattr(first, by) + DIGIT:
        yield f"closest.{by} is {getattr(closest, by)}, farther than first.{by}, {getattr(first, by)}"
    one = first.query == closest.query or first.file == closest.file
    if one and first != closest:
        yield "its first and closest flip have one query or file, but differ"


def _curve_faults(result: SearchResult, question: Question) -> Iterator[str]:
    """Its points ascend in queries, fall in margin and then in L2, and the flips are among them.

    Where the mean absolute change is what is lessened, L2 may rise.
    """
    curve = result.curve
    for before, after in pairwise(curve):
        if after.query <= before.query:
            yield f"its curve has query {after.query} after {before.query}"
        if not _falls(before, after, question.settings.power):
            yield f"its curve does not fall at query {after.query}"
    for point in curve:
        if not 2 <= point.query <= result.queries:
            yield f"its curve has query {point.query}, expected 2 to {result.queries}"
        if point.margin > 0 if point.l2 is not None else point.margin < 0:
            yield f"its curve has margin {point.margin} and l2 {point.l2} at query {point.query}"
    flips = {point.query: point.l2 for point in curve if point.l2 is not None}
    for name, flip in (("first", result.first), ("closest", result.closest)):
        if flip and flips.get(flip.query) is None:
            yield f"its curve has no flip at {name}.query, {flip.query}"
        elif flip and abs((flips[flip.query] or 0) - flip.l2) > DIGIT:
            yield f"{name}.l2 is {flip.l2}, its curve says {flips[flip.query]}"
    # With the whole budget spent there may be flips that no query was left to verify.
    last = result.closest.query if result.closest else 0
    if result.queries < question.settings.budget and max(flips, default=0) > last:
        yield f"its curve has a closer flip, at query {max(flips)}, than its closest"


def _falls(before: Point, after: Point, power: int) -> bool:
    if after.l2 is None:
        return before.l2 is None and after.margin <= before.margin
    return before.l2 is None or power != 2 or after.l2 <= before.l2
