"""One sample from its first query to its files in a hard set: clean, build, levels, check.

A sample run, as that of an audit: it yields requests for rows and is sent the answers. A row is shown to
every surrogate, and their answers stand side by side.
"""

from collections.abc import Callable, Generator, Sequence
from dataclasses import dataclass
from time import perf_counter
from typing import Any, Literal, Protocol

import numpy as np
from numpy.typing import NDArray

from brittle.core.distance import l2
from brittle.core.errors import DataError, DiskError
from brittle.core.goal import Goal, JointGoal
from brittle.core.hard_result import Distances, Ending, HardResult, Piece
from brittle.core.request import Request, SampleRun, asked
from brittle.core.sample import Array, Sample
from brittle.core.sample_run import now, why
from brittle.core.scaling import Change, fill
from brittle.core.search import Board, InputBoard, Search

DIGITS = 6
"""Decimals of distances and margins, as they are stored."""
Rank = tuple[float, ...]
Keep = Literal["all", "any"]
"""Which samples are kept: that all surrogates get right untouched, or that any of them does."""


class LeftOut(DataError):
    """Why a sample is not in the set."""


@dataclass(frozen=True)
class Play:
    """How a change of one sample is sought.

    search yields moves on board; change: what a move does, at any distance. rank: of a move and its margin,
    the least is kept; best: a rank that nothing beats, where there is one. budget: most rows.
    """

    board: Board
    search: Search
    change: Callable[[NDArray[Any]], Change]
    rank: Callable[[NDArray[Any], float], Rank]
    budget: int
    best: Rank | None = None


class Way(Protocol):
    """A kind of change. name: of its folder. goal: what is lowered, from that of all surrogates."""

    @property
    def name(self) -> str: ...

    def goal(self, joint: JointGoal) -> Goal:
        """What is to be lowered."""

    def __call__(self, sample: Sample, goal: Goal, clean: Array) -> Play:
        """How it is sought for one sample; clean: all surrogates' answer to it."""


class Level(Protocol):
    """A distance. name: of its folder."""

    @property
    def name(self) -> str: ...

    def share(self, sample: Sample, own: float) -> Callable[[Array], float]:
        """What share of the level an input fills; own: L2 of the change as it was found."""


class Files(Protocol):
    """Where the files of a set are kept."""

    def write(self, sample: Sample, x: Array, kind: str = "", level: str = "") -> tuple[str, str, Array]:
        """Store an input, the untouched one without a kind: its file, its SHA-256, what the file holds."""


@dataclass(frozen=True)
class BuildRules:
    """What all sample runs share. joint: the goal of a label. measure: distances of an input."""

    joint: Callable[[int], JointGoal]
    ways: Sequence[Way]
    levels: Sequence[Level]
    files: Files
    measure: Callable[[Sample, Array], Distances]
    surrogates: Sequence[str]
    keep: Keep = "all"
    seed: int = 0


def build_sample(name: str, open_sample: Callable[[], Sample], rules: BuildRules) -> SampleRun[HardResult]:
    """The run of one sample. What does not fit is left out, what fails is FAILED; nothing is raised."""
    return (yield from ended(name, rules.seed, lambda known: _build(open_sample, rules, known)))


def ended(
    name: str, seed: int, play: Callable[[dict[str, Any]], Generator[Request, Array, dict[str, Any]]]
) -> SampleRun[HardResult]:
    """The result of a phase for one sample, however it ends. play: told what is known, which holds rows."""
    start, began = perf_counter(), now()
    known: dict[str, Any] = {"label": None, "rows": {}}
    try:
        known.update((yield from play(known)), status=Ending.DONE)
    except DiskError:
        raise
    except Exception as error:
        status = Ending.LEFT_OUT if isinstance(error, LeftOut) else Ending.FAILED
        known.update(status=status, message=why(error), pieces=(), clean="", clean_sha256="")
    seconds = round(perf_counter() - start, 3)
    return HardResult(sample=name, seed=seed, seconds=seconds, started=began, finished=now(), **known)


def rows(request: Request, known: dict[str, Any], account: str) -> Generator[Request, Array, Array]:
    """Answers to a request, counted under the name of an account. Raises DataError for NaN."""
    known["rows"].setdefault(account, 0)
    return (yield from asked(request, known["rows"], account))


def ask_clean(
    sample: Sample,
    joint: Callable[[int], JointGoal],
    surrogates: Sequence[str],
    keep: Keep,
    known: dict[str, Any],
) -> Generator[Request, Array, tuple[JointGoal, Array]]:
    """The goal of a sample that surrogates get right, all or any, and their answer. Raises LeftOut."""
    known["label"] = sample.label
    if sample.label is None:
        raise LeftOut("it has no label; a hard set needs one")
    goal = joint(sample.label)
    clean = (yield from rows(Request(InputBoard(sample), sample.x[None]), known, "clean"))[0]
    wrong = [name for name, m in zip(surrogates, goal.margins(clean[None])[0], strict=True) if not m > 0]
    if wrong and (keep == "all" or len(wrong) == len(surrogates)):
        raise LeftOut(f"untouched, it is wrong for {', '.join(wrong)}")
    return goal, clean


def _build(
    open_sample: Callable[[], Sample], rules: BuildRules, known: dict[str, Any]
) -> Generator[Request, Array, dict[str, Any]]:
    sample = open_sample()
    joint, clean = yield from ask_clean(sample, rules.joint, rules.surrogates, rules.keep, known)
    drawn: list[tuple[_Found, str, Array, float]] = []
    for way in rules.ways:
        found = yield from _seek(way, sample, joint, clean, known)
        for level in rules.levels:
            reached = fill(sample, found.change.direction, level.share(sample, found.l2))
            if reached is None:
                raise LeftOut(f"{way.name} cannot be brought to the level {level.name}")
            drawn.append((found, level.name, reached.x, reached.scale))
    file, digest, _ = rules.files.write(sample, sample.x)
    pieces = []
    for found, level_name, x, scale in drawn:
        pieces.append((yield from _check(found, level_name, x, scale, sample, joint, rules, known)))
    return {"clean": file, "clean_sha256": digest, "pieces": tuple(pieces)}


@dataclass(frozen=True)
class _Found:
    """The change of one kind that is kept. l2: of the candidate; queries: candidates asked."""

    kind: str
    change: Change
    l2: float
    queries: int


def _seek(
    way: Way, sample: Sample, joint: JointGoal, clean: Array, known: dict[str, Any]
) -> Generator[Request, Array, _Found]:
    """Let a way play; the move of the least rank. Raises LeftOut where there is none."""
    goal = way.goal(joint)
    play = way(sample, goal, clean)
    kept: tuple[Rank, NDArray[Any]] | None = None
    shown, answers = 0, None
    try:
        while shown < play.budget and not (kept and play.best and kept[0] <= play.best):
            moves = next(play.search) if answers is None else play.search.send(answers)
            moves = moves[: play.budget - shown]
            answers = yield from rows(Request(play.board, moves), known, "build")
            shown += len(moves)
            for move, margin in zip(moves, goal.margin(answers), strict=True):
                rank = play.rank(move, float(margin))
                if kept is None or rank < kept[0]:
                    kept = rank, np.array(move)
    except StopIteration:
        pass
    finally:
        play.search.close()
    if kept is None or not np.isfinite(kept[0]).all():
        raise LeftOut(f"{way.name} found nothing within {play.budget} candidates")
    x = np.empty(sample.spec.shape, np.float32)
    play.board.render(kept[1], x)
    return _Found(way.name, play.change(kept[1]), l2(sample.x, x), shown)


def _check(
    found: _Found,
    level: str,
    x: Array,
    scale: float,
    sample: Sample,
    joint: JointGoal,
    rules: BuildRules,
    known: dict[str, Any],
) -> Generator[Request, Array, Piece]:
    """Write one file, read it back, and ask every surrogate for it alone."""
    file, digest, held = rules.files.write(sample, x, found.kind, level)
    request = Request(InputBoard(sample), held[None], alone=True)
    answer = yield from rows(request, known, "check")
    return Piece(
        kind=found.kind,
        level=level,
        file=file,
        sha256=digest,
        distances=rules.measure(sample, held),
        recipe={**found.change.recipe, "scale": scale},
        margins=tuple(round(float(m), DIGITS) for m in joint.margins(answer)[0]),
        queries=found.queries,
    )
