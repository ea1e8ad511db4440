"""Games that a referee plays to their ends: what came of them, without times."""

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any

from brittle.core.referee import Referee
from brittle.core.result import SearchResult
from brittle.core.sample import Sample
from brittle.core.sample_run import play_sample
from brittle.core.search import Game, InputBoard, Search
from tiny import SPEC, MemoryArchive, TinyModel, tiny_rules, tiny_samples


@dataclass(frozen=True)
class Wild:
    """Inputs at random, any number a request, for ever."""

    name: str = "wild"
    board: str = "input"
    most: int = 9

    def __call__(self, game: Game[InputBoard]) -> Search:
        while True:
            count = int(game.rng.integers(1, self.most + 1))
            reach = game.rng.uniform(0, 1, (count, 1, 1, 1))
            yield game.sample.x + reach * game.rng.normal(size=(count, *SPEC.shape))


def referee_results(
    search: Any,
    batch: int,
    count: int = 8,
    model: Any = None,
    samples: Any = None,
    board: Callable[[Sample], Any] | None = None,
    lanes: int = 1,
    **terms: Any,
) -> tuple[list[SearchResult], Referee, MemoryArchive]:
    """Play tiny samples; their results in order of their ids, who played them, and what was kept."""
    model = model or TinyModel()
    archive = MemoryArchive()
    rules = tiny_rules(search, archive, **terms)
    if search.board == "input":
        rules = replace(rules, board=InputBoard)
    if board:
        rules = replace(rules, board=board)
    samples = samples or tiny_samples(count, TinyModel())
    referee = Referee(model, batch, lanes=lanes)
    results = list(referee.play(play_sample(s.id, lambda s=s: s, rules) for s in samples))  # type: ignore[misc]
    return sorted(results, key=lambda r: r.sample), referee, archive


def plain(result: SearchResult) -> dict[str, Any]:
    """A result without its times."""
    return {k: v for k, v in result.to_dict().items() if k not in ("seconds", "started", "finished")}
