"""brittle train: learn offline what searches use."""

from typing import Any

import click

import brittle
from brittle.cli.console import EXIT_CODES, clear_errors, console
from brittle.cli.live import live_training
from brittle.cli.options import given_of
from brittle.learning.settings import LearningSettings


@click.command(epilog=EXIT_CODES)
@click.argument("more", nargs=-1, metavar="[MODEL]...")
@click.option("--board", type=click.Choice(["cells", "ripple"]), help="An agent that plays on this board.")
@click.option("--kind", type=click.Choice(["tile", "rlab"]), help="Tiles for ripple, or the agent of rlab.")
@click.option("--models", "--model", "models", metavar="MODEL", multiple=True, help="Learned on; repeatable.")
@click.option("--data", metavar="DATA", required=True, help="Labelled samples, as brittle audit takes them.")
@click.option("--first", type=int, metavar="N", help="Only the first N samples; keep the rest for reports.")
@click.option("--cell", metavar="SIZE", help="Agents: size of a cell. [as brittle audit; rlab: 7 a side]")
@click.option("--distortion", "distortions", metavar="NAME", multiple=True, help="Agents: of the palette.")
@click.option("--max-l2", type=float, metavar="F", help="Length of the change. [5 for a photo; cells: none]")
@click.option("--seed", type=int, metavar="N", help="The same seed gives the same file. [0]")
@click.option("--start", metavar="FILE", help="Agents: go on from this one.")
@click.option("--queries", type=int, metavar="N", help="Agents: most rows shown to all models. [100000]")
@click.option("--budget", type=int, metavar="N", help="Agents: rows of one game. [cells 250; ripple 500]")
@click.option("--games", type=int, metavar="N", help="Agents: games at once. [32]")
@click.option("--rate", type=float, metavar="F", help="Agents: learning rate. [0.001]")
@click.option(
    "--gamma", type=float, metavar="F", help="Agents: discount of a query. [ripple 0.99; cells 0.995]"
)
@click.option("--rounds", type=int, metavar="N", help="rlab: rounds of playing and learning. [6]")
@click.option("--updates", type=int, metavar="N", help="rlab: of its network a round. [200]")
@click.option(
    "--most", type=float, metavar="F", help="rlab: random choices in the first round, as a share. [1]"
)
@click.option("--price", type=float, metavar="F", help="rlab: what a step costs, in reward. [0.8]")
@click.option("--tiles", type=int, metavar="K", help="Tiles: how many share the work. [4]")
@click.option("--side", type=int, metavar="N", help="Tiles: elements along each axis. [56]")
@click.option("--steps", type=int, metavar="N", help="Tiles: steps of gradient ascent. [120]")
@click.option("--batch", type=int, metavar="N", help="Tiles: samples a step. [12] Agents: moves. [256]")
@click.option("--out", metavar="FILE", required=True, help="The .safetensors file to write.")
def train(
    more: tuple[str, ...],
    board: str | None,
    kind: str | None,
    models: tuple[str, ...],
    data: str,
    out: str,
    **options: Any,
) -> None:
    """Learn offline what searches use: agents (--board), tiles or the agent of rlab (--kind).

    An interrupted training goes on when the same command is given again.

    \b
    MODEL  as brittle audit takes it. Tiles need gradients: model.onnx (plain convolutional) |
           package.module:function that returns a torch.nn.Module | efficientnet-lite1 | efficientnet-lite2
    """
    given = given_of(options)
    learned_on = [*models, *more]
    with clear_errors(), live_training(console) as watch:
        if (board is None) == (kind is None):
            raise brittle.UsageError(
                "expected --board cells or ripple, or --kind tile or rlab, and one of them"
            )
        if board:
            audit = {key: given.pop(key) for key in ("cell", "distortions") if key in given}
            given |= {
                "audit": audit,
                "board": board,
                "watch": lambda now: watch(now, given.get("queries", LearningSettings.queries)),
            }
            file = brittle.train_agent(learned_on, data, out, **given)
        elif kind == "rlab":
            file = brittle.train_rlab(learned_on, data, out, watch=watch, **given)
        else:
            file = brittle.train_tiles(learned_on, data, out, watch=watch, **given)
    console.print(f"Learned: {file} (card and curve beside it)", soft_wrap=True)
