"""Games on whole inputs of every kind, for searches that make their inputs themselves."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from brittle.core.field import Field
from brittle.core.goal import Goal
from brittle.core.referee import Referee
from brittle.core.result import SearchResult
from brittle.core.sample import Array, InputSpec, Sample
from brittle.core.sample_run import Rules, play_sample
from brittle.core.search import Game, InputBoard, Search, Terms
from tiny import MemoryArchive, TinyModel

IMAGE = InputSpec((3, 16, 16), ("channel", "height", "width"), bits=8)
KINDS = [
    IMAGE,
    InputSpec((1, 12, 10), ("channel", "height", "width"), bits=8),
    InputSpec((5, 9, 3), ("height", "width", "channel"), (-1.0, 1.0)),
    InputSpec((1, 300), ("channel", "time"), (-5.0, 5.0)),
    InputSpec((12, 500), ("channel", "time"), (-2.0, 2.0), bits=16),
    InputSpec((40,), ("time",), (0.0, 2.0), bits=8),
    InputSpec((3, 2, 8, 8), ("channel", "frame", "height", "width"), bits=8),
]


def model_of(spec: InputSpec = IMAGE) -> TinyModel:
    """A linear model that listens to three waves for each class."""
    model, fields, rng = TinyModel(spec=spec, gain=30 / spec.span), Field(spec), np.random.default_rng(1)
    waves = [[fields.wave(fields.random_waves(1, rng)) for _ in range(3)] for _ in model.classes]
    model.weights = np.stack([as_given(spec, np.sum(three, axis=0)) for three in waves])
    return model


def as_given(spec: InputSpec, change: Array) -> Array:
    """A field, (channels, *sides), with the axes of an input."""
    return change[0] if "channel" not in spec.axes else np.moveaxis(change, 0, spec.axes.index("channel"))


def as_field(spec: InputSpec, x: Array) -> Array:
    """An input with the axes of a field."""
    return x[None] if "channel" not in spec.axes else np.moveaxis(x, spec.axes.index("channel"), 0)


def sample_of(number: int = 0, spec: InputSpec = IMAGE, spread: float = 0.2) -> Sample:
    """A random input about the middle of its bounds, labelled as the model has it; spread: of the span."""
    change = np.random.default_rng([9, number]).uniform(-spread, spread, spec.shape).astype(np.float32)
    x = spec.decode(spec.encode(np.mean(spec.bounds) + spec.span * change))
    return Sample(f"s{number}", x, int(model_of(spec)(x[None])[0].argmax()), spec)


@dataclass
class Listening:
    """A search, and every input that it shows."""

    search: Any
    shown: list[Array] = field(default_factory=list)

    @property
    def name(self) -> str:
        return str(self.search.name)

    @property
    def board(self) -> str:
        return str(self.search.board)

    def __call__(self, game: Game[InputBoard]) -> Search:
        search = self.search(game)
        moves = next(search)
        while True:
            for move in moves:
                self.shown.append(np.empty(game.sample.spec.shape, np.float32))
                game.board.render(move, self.shown[-1])
            answers = yield moves
            try:
                moves = search.send(answers)
            except StopIteration:
                return


def play(
    search: Any,
    spec: InputSpec = IMAGE,
    batch: int = 8,
    count: int = 4,
    target: int | None = None,
    **terms: Any,
) -> tuple[list[SearchResult], TinyModel, Referee]:
    """Results in the order of the samples, the model and the referee behind them."""
    model = model_of(spec)
    rules = Rules(search, InputBoard, Terms(**{"budget": 150, **terms}), MemoryArchive(spec), target=target)
    referee, samples = Referee(model, batch), [sample_of(i, spec) for i in range(count)]
    runs = (play_sample(s.id, lambda s=s: s, rules) for s in samples)  # type: ignore[misc]
    return sorted(referee.play(runs), key=lambda r: r.sample), model, referee


def changes(search: Any, spec: InputSpec = IMAGE, spread: float = 0.2, **terms: Any) -> list[Array]:
    """What is changed in every input that a search shows of one sample, in the order shown."""
    listening, sample = Listening(search), sample_of(0, spec, spread)
    rules = Rules(listening, InputBoard, Terms(**{"budget": 150, **terms}), MemoryArchive(spec))
    list(Referee(model_of(spec)).play([play_sample(sample.id, lambda: sample, rules)]))
    low, high = spec.bounds
    assert all(low <= x.min() and x.max() <= high for x in listening.shown)
    return [x - sample.x for x in listening.shown]


def told(search: Any, answers: Sequence[Sequence[float]], game: Game[InputBoard]) -> list[Array]:
    """The moves that a search makes when it is given these answers, one more than there are answers."""
    playing = search(game)
    moves = [next(playing)[0].copy()]
    for answer in answers:
        moves.append(playing.send(np.array([answer], np.float32))[0].copy())
    return moves


def game_of(
    sample: Sample, goal: Goal | None = None, clean: Sequence[float] = (0.6, 0.3, 0.1), **terms: Any
) -> Game[InputBoard]:
    """A game on one sample. clean: what the model answers to it."""
    given = Terms(**{"budget": 150, **terms})
    return Game(
        sample,
        InputBoard(sample),
        goal or Goal(0),
        given,
        np.array(clean, np.float32),
        np.random.default_rng(0),
    )


def counted_for_any_batch(search: Any, batches: Sequence[int] = (3, 32), **terms: Any) -> list[SearchResult]:
    """Results of a search whose every row was counted, and which other batch sizes give again."""
    one, model, referee = play(search, batch=1, **terms)
    assert sum(r.queries for r in one) == model.rows == referee.rows
    for batch in batches:
        assert plain(play(search, batch=batch, **terms)[0]) == plain(one)
    return one


def plain(results: list[SearchResult]) -> list[dict[str, Any]]:
    """Results without their times."""
    times = ("seconds", "started", "finished")
    return [{k: v for k, v in r.to_dict().items() if k not in times} for r in results]
