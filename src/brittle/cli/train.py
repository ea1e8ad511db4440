"""brittle train: learn offline what searches use."""

from typing import Any

import click

import brittle
from brittle.cli.console import EXIT_CODES, clear_errors, console
from brittle.live import live_training


@click.command(epilog=EXIT_CODES)
@click.option("--kind", type=click.Choice(["tile"]), required=True, help="What is learned.")
@click.option("--model", "models", metavar="MODEL", multiple=True, required=True, help="Local; repeatable.")
@click.option("--data", metavar="DATA", required=True, help="Labelled samples, as brittle audit takes them.")
@click.option("--first", type=int, metavar="N", help="Only the first N samples; keep the rest for reports.")
@click.option("--tiles", type=int, metavar="K", help="How many tiles share the work. [4]")
@click.option("--side", type=int, metavar="N", help="Elements along each axis of a tile. [56]")
@click.option("--steps", type=int, metavar="N", help="Steps of gradient ascent. [120]")
@click.option("--batch", type=int, metavar="N", help="Samples a step. [12]")
@click.option("--max-l2", type=float, metavar="F", help="Length of the change. [5 for a photo]")
@click.option("--seed", type=int, metavar="N", help="The same seed gives the same file. [0]")
@click.option("--out", metavar="FILE", required=True, help="The .safetensors file to write.")
def train(kind: str, models: tuple[str, ...], data: str, out: str, **options: Any) -> None:
    """Learn offline what searches use: tiles for ripple, on local models that give gradients.

    \b
    MODEL  model.onnx (plain convolutional) | package.module:function that returns a torch.nn.Module |
           efficientnet-lite1 | efficientnet-lite2
    """
    given = {key: value for key, value in options.items() if value is not None}
    with clear_errors(), live_training(console, given.get("steps")) as watch:
        file = brittle.train_tiles(list(models), data, out, watch=watch, **given)
    console.print(f"Tiles: {file} (card and curve beside it)", soft_wrap=True)
