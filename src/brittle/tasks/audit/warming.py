"""Let the agent of an audit learn on the audited model first, under a stated budget."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from functools import partial

from brittle.agent.file import TrainedAgent, write_agent
from brittle.agent.player import open_agent, player_of
from brittle.core.errors import DataError, UsageError
from brittle.core.play import Player
from brittle.core.sample import Sample
from brittle.core.search import Terms
from brittle.learning.curve import Update
from brittle.learning.episode import TrainingTask
from brittle.learning.learner import open_learner
from brittle.learning.settings import LearningSettings
from brittle.searches import open_search
from brittle.store.run import Run
from brittle.tasks.audit.opening import OpenedAudit, make_board

FILE = "agent.safetensors"
ROWS_A_SAMPLE, FEWEST, MOST = 100, 4, 64  # rows of a warm-up for each sample it learns from
WARM_GAMES, WARM_RATE = 8, 3e-4  # a warm-up is short: few games at once, careful strides

Watch = Callable[[Update], None]


def warmed_up(opened: OpenedAudit, run: Run, on_rows: Callable[[int], None]) -> OpenedAudit:
    """The audit with its agent after the warm-up; that is done once, and kept in the run folder.

    on_rows: told after every update how many rows the model was shown. Raises BrittleError.
    """
    file = run.path / FILE
    if not file.exists():
        agent = open_agent(str(opened.settings.search_settings.get("file", "shipped")))
        learned = warm_up(
            opened, agent, opened.settings.warm_up, _samples(opened), lambda update: on_rows(update.queries)
        )
        on_rows(learned.queries)
        write_agent(file, learned.agent)
    chosen = {**opened.settings.search_settings, "file": str(file)}
    settings = opened.settings.model_copy(update={"search_settings": chosen})
    return replace(opened, settings=settings, search=open_search("agent", **chosen))


def _samples(opened: OpenedAudit) -> list[Sample]:
    """The first samples of the audit that can be read."""
    wanted = min(MOST, max(FEWEST, opened.settings.warm_up // ROWS_A_SAMPLE))
    found: list[Sample] = []
    for name in opened.dataset.ids:
        try:
            found.append(opened.dataset.open(name))
        except DataError:
            continue
        if len(found) == wanted:
            break
    return found


@dataclass(frozen=True)
class WarmedUp:
    """An agent after its warm-up, the rows the audited model was shown for it, and the curve."""

    agent: TrainedAgent
    queries: int
    curve: tuple[Update, ...]


def warm_up(
    opened: OpenedAudit,
    agent: TrainedAgent,
    queries: int,
    samples: Sequence[Sample],
    watch: Watch = lambda _: None,
) -> WarmedUp:
    """Let an agent learn on the audited model itself, at most so many rows, from these of its samples.

    It plays by the terms of the audit. Raises DataError if the model is right about none of the samples,
    UsageError if the rows are too few to learn from.
    """
    games = max(1, min(WARM_GAMES, len(samples)))
    chosen = LearningSettings(
        queries=queries,
        games=games,
        rate=WARM_RATE,
        seed=opened.settings.seed,
        hidden=agent.network.shape.hidden,
    )
    task = training_task(opened, samples, player_of(agent), opened.terms)
    learned = open_learner()([task], chosen, agent.network, None, watch)
    if not learned.curve:
        raise UsageError(
            f"expected a warm-up of more queries than {queries} for {len(samples)} samples; "
            f"{len(samples) + 16 * games} are the least that teach anything"
        )
    card = {**agent.card, "warm_up": {"queries": learned.queries, "samples": [s.id for s in samples]}}
    return WarmedUp(replace(agent, network=learned.network, card=card), learned.queries, learned.curve)


def training_task(
    opened: OpenedAudit, samples: Sequence[Sample], player: Player, terms: Terms, least_l2: float = 1.0
) -> TrainingTask:
    """Games on an opened model; with its surrogates where the player learns whom to trust."""
    seed, power = opened.settings.seed, opened.settings.power
    board = partial(make_board, player.board, opened.grid, opened.palette, seed, power=power)
    task = TrainingTask(opened.model, samples, board, player, terms, opened.target, opened.settings.top_k)
    surrogates = opened.surrogates if getattr(player, "sees_trust", False) else ()
    return replace(task, surrogates=surrogates, least_l2=least_l2)
