"""Play one phase of a benchmark: a run in the working folder, that goes on where it stopped."""

import json
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import TypeVar

from brittle.benchmarking.patterns import Patterns
from brittle.benchmarking.sharing import Scores, ranking, survivors
from brittle.benchmarking.tuning import TUNING
from brittle.core.errors import DataError
from brittle.core.rows import Rows
from brittle.store.run import Run
from brittle.tasks.benchmark.opening import WORK, OpenedPhase, done, open_phase
from brittle.tasks.playing.progress import Progress
from brittle.tasks.playing.session import Verb, finish_run


@dataclass(frozen=True)
class Standing:
    """Where a benchmark stands. what: the phase, in words; now: of its samples."""

    what: str
    now: Progress


Watch = Callable[[Standing], None]
P = TypeVar("P", bound=OpenedPhase)


def play_phase(opened: OpenedPhase, what: str, folder: str, watch: Watch) -> Run:
    """Play what is missing of a phase. folder: its name in the working folder. Raises BrittleError."""
    run = Run.begin(opened.root / WORK / folder, opened.manifest(), opened.settings.to_text())
    try:
        finish_run(BENCHMARK, opened, run, lambda now: watch(Standing(what, now)))
    finally:
        run.close()
        meter = opened.backend.meter  # the next phase has books of its own
        meter.rows, meter.purpose = Rows(), "setup"
    return run


def why_none(run: Run) -> str:
    """What most samples of a phase that has none were left out for."""
    reasons = Counter(found.message for found in run.hard_results())
    reason, count = reasons.most_common(1)[0]
    return f"of {count} of {reasons.total()} samples: {reason}"


def besides(run: Run, width: int) -> dict[str, int]:
    """Rows of a phase besides its accounts. width: models that a row is shown to.

    setup: to know a model and its best batch. retried: once more. interrupted: for samples that a stopped
    command left, and that were played anew. looked_up: answered by the cache, so fewer were shown.
    """
    shown = run.rows()
    asked = width * sum(found.queries for found in run.hard_results())
    return {
        "setup": shown.setup,
        "retried": shown.retried,
        "interrupted": shown.asked - asked,
        "looked_up": shown.looked_up,
    }


def first_round(learn: Sequence[str]) -> int:
    """Samples on which all patterns are scored."""
    return min(len(learn), max(TUNING.first_round, len(learn) // 4))


def surviving(patterns: Sequence[Patterns], run: Run, keep: int) -> tuple[tuple[Patterns, ...], "Table"]:
    """Patterns that go into the second round, and their scores in the first. Raises DataError."""
    results = [found.scores or {} for found in done(run)]
    if not results:
        raise DataError(
            f"no sample to choose shared patterns on; {why_none(run)}; give other data, or some with "
            "--learn-on"
        )
    chosen, table = [], Table([{} for _ in results])
    for one in patterns:
        best = [i for i, _ in ranking(results, one.name)][: survivors(len(one), keep)]
        chosen.append(one.pick(best))
        for row, result in zip(table.rows, results, strict=True):
            row[one.name] = tuple(result[one.name][i] for i in best)
    return tuple(chosen), table


@dataclass
class Table:
    """Scores of patterns by sample and kind."""

    rows: list[dict[str, Scores]]

    def with_run(self, run: Run) -> "Table":
        """With the samples of another round, of the same patterns."""
        return Table([*self.rows, *(dict(found.scores or {}) for found in done(run))])

    def best(self, patterns: Sequence[Patterns], keep: int) -> tuple[tuple[Patterns, ...], "Chosen"]:
        """The best patterns of each kind, at most `keep`, and what was found of them."""
        picked, about = [], {}
        for one in patterns:
            order = ranking(self.rows, one.name)[:keep]
            picked.append(one.pick([i for i, _ in order]))
            about[one.name] = {
                "scores": [round(score, 4) if score < float("inf") else None for _, score in order],
                "samples": len(self.rows),
            }
        return tuple(picked), about


Chosen = Mapping[str, Mapping[str, object]]
"""By kind: mean score of each shared pattern, nats, and the samples that it is over."""


def write_summary(run: Run) -> None:
    """summary.json of a phase: how samples ended, and their rows by account."""
    endings, rows = Counter[str](), Counter[str]()
    for found in run.hard_results():
        endings[found.status.value] += 1
        rows.update(found.rows)
    summary = {"format": 1, "samples": dict(sorted(endings.items())), "rows": dict(sorted(rows.items()))}
    run.write("summary.json", json.dumps(summary, indent=1) + "\n")


BENCHMARK = Verb(open_phase, write_summary)


def with_batch(opened: P, batch: int | None) -> P:
    """A phase that shows as many rows at once as an earlier one, and does not measure that again."""
    if opened.settings.batch or not batch:
        return opened
    return replace(opened, settings=opened.settings.model_copy(update={"batch": batch}))
