"""Draw one episode of an agent: what it added to the input, what each query brought, and where it looked.

    python benchmarks/episode.py --agent ripple --image FOLDER --max-l2 3 --out docs/episode.png

Every query is one row shown to the model. The odds of places are those of the hand-made player and of the
agent.
"""

import argparse
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import matplotlib
import numpy as np
from numpy.typing import NDArray

from brittle.agent.player import open_agent, player_of
from brittle.core.classifier import rounded
from brittle.core.goal import Goal
from brittle.core.play import draw
from brittle.core.sample import Array, Sample
from brittle.core.search import Game
from brittle.core.seeds import generator
from brittle.tasks.audit.opening import OpenedAudit, make_board, open_audit
from brittle.tasks.audit.settings import AuditSettings

matplotlib.use("Agg")
from matplotlib import pyplot as plt

COLUMNS = 5


@dataclass(frozen=True)
class Turn:
    """One query: the operator, the input shown, its margin and L2, and the odds of places by both players."""

    operator: str
    x: Array
    margin: float
    l2: float
    kept: bool
    by_hand: NDArray[np.float64]
    by_agent: NDArray[np.float64]


@dataclass(frozen=True)
class Episode:
    """One game from the clean input on."""

    sample: Sample
    name: str
    clean: float
    turns: tuple[Turn, ...]
    counts: tuple[int, ...]


def play(opened: OpenedAudit, agent_file: str, number: int) -> Episode:
    """One game of the agent on one sample, by the rules of an audit."""
    agent = open_agent(agent_file)
    player = player_of(agent)
    sample = opened.dataset.open(opened.dataset.ids[number])
    answer = rounded(opened.model(sample.x[None]))
    goal = Goal(int(answer[0].argmax()))
    board = make_board(player.board, opened.grid, opened.palette, opened.settings.seed, sample)
    rng = generator(opened.settings.seed, sample.id, "agent")
    game = Game(sample, board, goal, opened.terms, answer[0], rng)
    moves = player.play(game)
    state, turns = moves.start, list[Turn]()
    x = np.empty(sample.spec.shape, np.float32)
    while len(turns) < opened.terms.budget - 1:
        by_hand = moves.moves(state)
        by_agent = agent.network(moves.operators, moves.observe(state), by_hand)
        move = draw(by_agent, rng)
        proposal = moves.propose(state, move, rng)
        if proposal is None:
            break
        board.render(proposal.row, x)
        margin = float(goal.margin(rounded(opened.model(x[None])))[0])
        before, state = state, moves.accept(state, proposal, margin)
        kept = before.margin is None or margin < before.margin
        places = [odds.sum(axis=(0, 2)) / odds.sum() for odds in (by_hand, by_agent)]
        l2 = float(np.linalg.norm(x - sample.x))
        turns.append(Turn(moves.operators[move.operator], x.copy(), margin, l2, kept, *places))
        if margin < 0 and not opened.terms.closest:
            break
    clean = float(goal.margin(answer)[0])
    return Episode(sample, opened.model.classes[goal.label], clean, tuple(turns), moves.places)


def figure(episode: Episode, answers: list[str]) -> Any:
    """The picture: inputs and what was added, the margin by query, and the odds of places."""
    turns = episode.turns
    at = np.unique(np.linspace(0, len(turns) - 1, COLUMNS).round().astype(int))
    drawn = plt.figure(figsize=(11, 9.5), layout="constrained")
    rows: Any = drawn.subfigures(3, 1, height_ratios=[4.4, 2.6, 2.2])
    _inputs(rows[0], episode, at, answers)
    _margins(rows[1], episode)
    _places(rows[2], episode, at)
    return drawn


def _inputs(where: Any, episode: Episode, at: NDArray[Any], answers: list[str]) -> None:
    axes = where.subplots(2, len(at), squeeze=False)
    for column, number in enumerate(at):
        turn = episode.turns[number]
        change = turn.x - episode.sample.x
        amplified = np.clip(0.5 + change * 0.4 / max(np.quantile(np.abs(change), 0.999), 1e-6), 0, 1)
        for axis, image in zip(axes[:, column], (turn.x, amplified), strict=True):
            axis.imshow(np.moveaxis(image, 0, -1).squeeze())
            axis.axis("off")
        axes[0, column].set_title(
            f"query {number + 2}: {turn.operator}\nL2 {turn.l2:.2f}, {answers[column]}", size=8
        )
    axes[1, 0].set_title("what is added, amplified", size=8, loc="left")


def _margins(where: Any, episode: Episode) -> None:
    axis = where.subplots()
    queries = np.arange(2, len(episode.turns) + 2)
    margins = np.array([t.margin for t in episode.turns])
    kinds = list(dict.fromkeys(t.operator for t in episode.turns))
    colours = plt.get_cmap("tab20")
    for i, kind in enumerate(kinds):
        for kept, marker in ((True, "o"), (False, "x")):
            which = [t.operator == kind and t.kept == kept for t in episode.turns]
            label = kind if kept or not any(t.operator == kind and t.kept for t in episode.turns) else None
            if any(which):
                axis.scatter(
                    queries[which], margins[which], s=18, marker=marker, color=colours(i % 20), label=label
                )
    axis.axhline(0, color="black", lw=0.8)
    axis.axhline(episode.clean, color="grey", lw=0.8, ls=":")
    axis.set_xlabel("query (dots are kept, crosses are not; dotted: the untouched input)", size=8)
    axis.set_ylabel(f"margin of “{episode.name}”, nats", size=8)
    axis.legend(fontsize=7, ncols=1, loc="center left", bbox_to_anchor=(1, 0.5), frameon=False)


def _places(where: Any, episode: Episode, at: NDArray[Any]) -> None:
    axes = where.subplots(2, len(at), squeeze=False)
    top = max(float(t.by_agent.max()) for t in (episode.turns[n] for n in at))
    for column, number in enumerate(at):
        turn = episode.turns[number]
        for axis, odds in zip(axes[:, column], (turn.by_hand, turn.by_agent), strict=True):
            axis.imshow(np.atleast_2d(odds.reshape(episode.counts)), vmin=0, vmax=top, cmap="viridis")
            axis.set_xticks([])
            axis.set_yticks([])
    axes[0, 0].set_ylabel("by hand", size=8)
    axes[1, 0].set_ylabel("agent", size=8)
    where.suptitle("odds of each place", size=8)


def main() -> None:
    """Play and draw."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("--agent", default="ripple", help="an agent file or a shipped name")
    parser.add_argument("--model", default="efficientnet-lite0")
    parser.add_argument("--image", type=Path, required=True)
    parser.add_argument("--max-l2", type=float)
    parser.add_argument("--budget", type=int, default=250)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--out", type=Path, required=True)
    args = parser.parse_args()
    words = {"model": args.model, "data": str(args.image), "budget": args.budget, "seed": args.seed}
    goal = "first" if args.max_l2 else "closest"
    opened = open_audit(
        AuditSettings.build({**words, "max_l2": args.max_l2, "goal": goal, "search": "random"})
    )
    episode = play(opened, args.agent, 0)
    at = np.unique(np.linspace(0, len(episode.turns) - 1, COLUMNS).round().astype(int))
    answers = [opened.model.classes[int(opened.model(episode.turns[n].x[None]).argmax())] for n in at]
    figure(episode, answers).savefig(args.out, dpi=80)
    print(f"{args.out}: {len(episode.turns) + 1} queries on “{episode.name}”")


if __name__ == "__main__":
    main()
