"""For tests of models: assert that an audit found no more than it may."""

from collections.abc import Mapping
from pathlib import Path

import brittle


def assert_robust(
    run: "brittle.Run",
    *,
    over: Mapping[str, float] | None = None,
    under: Mapping[str, float] | None = None,
    against: str | Path | None = None,
    sure: bool = False,
) -> None:
    """Raise AssertionError where a gate is red; its text names the figures, and the nearest flips.

    over, under: limits by the dotted names of summary.json, such as {"asr": .4} and {"l2.median": 2.5}.
    against, sure: as of brittle.gates. Raises UsageError where there is no gate at all, RunError.
    """
    __tracebackhide__ = True  # pytest then shows the line of the test
    checked = brittle.gates(fail_over=over, fail_under=under, against=against, sure=sure).check(run)
    if not checked.verdicts:
        raise brittle.UsageError("expected limits over or under, or a run against, got nothing to assert")
    if checked.red:
        raise AssertionError(checked.message())
