"""brittle train: learn offline what searches use."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import click

import brittle
from brittle.cli.console import EXIT_CODES, clear_errors, console
from brittle.cli.live import live_training
from brittle.cli.options import GroupedCommand, given_of, option, settings_options
from brittle.learning.settings import (
    AcquisitionSettings,
    DuelingSettings,
    LearningSettings,
    PriorSettings,
    TileSettings,
)
from brittle.tasks.train.settings import TrainSettings


@click.command(cls=GroupedCommand, epilog=EXIT_CODES)
@click.argument("more", nargs=-1, metavar="[MODEL]...")
@option(
    "--board",
    "training",
    "NAME",
    "An agent that plays on this board: cells, ripple, or of clips temporal or spatial.",
)
@option(
    "--kind",
    "training",
    "NAME",
    "What else is learned: explainer, an agent; tile, for ripple; prior, for ripple or optimise; "
    "acquisition, for optimise; or rlab.",
)
@option("--models,--model", "model", "MODEL", "A model to learn on; repeatable.", multiple=True)
@option("--data", "data", "DATA", "Labelled samples, as brittle audit takes them; not with --family.")
@settings_options(
    TrainSettings,
    agents=LearningSettings,
    rlab=DuelingSettings,
    tiles=TileSettings,
    priors=PriorSettings,
    acquisitions=AcquisitionSettings,
)
@option("--out", "running", "FILE", "The .safetensors file to write.", required=True)
def train(
    more: tuple[str, ...],
    board: str | None,
    kind: str | None,
    models: tuple[str, ...],
    data: str | None,
    out: str,
    **options: Any,
) -> None:
    """Learn offline what searches and explainers use: agents (--board), or another --kind.

    An interrupted training goes on when the same command is given again.

    \b
    MODEL  as brittle audit takes it. Tiles need gradients: model.onnx (no recurrent or quantised one) |
           package.module:function that returns a torch.nn.Module | efficientnet-lite1 | efficientnet-lite2
    """
    with clear_errors(), live_training(console) as watch:
        if (board is None) == (kind is None):
            raise brittle.UsageError(
                "expected --board cells, ripple, temporal or spatial, or --kind explainer, tile, prior, "
                "acquisition or rlab, and one of them"
            )
        if kind not in (None, "explainer", "rlab", "tile", "prior", "acquisition"):
            raise brittle.UsageError(
                f"there is no kind '{kind}'; expected explainer, tile, prior, acquisition or rlab"
            )
        given = given_of(options)
        common = TrainSettings.build({k: v for k, v in given.items() if k in TrainSettings.model_fields})
        given |= common.model_dump(include=set(given))
        learned_on = [*models, *more]
        if kind == "prior":
            file = brittle.train_prior(learned_on, data, out, watch=watch, **given)
        elif kind == "acquisition":
            file = _train_acquisition(out, given, watch)
        elif data is None:
            raise brittle.UsageError("expected labelled samples to learn on; name them with --data")
        elif board:
            file = _train_agent(learned_on, data, out, board, given, watch)
        elif kind == "explainer":
            file = _train_explainer(learned_on, data, out, given, watch)
        elif kind == "rlab":
            file = brittle.train_rlab(learned_on, data, out, watch=watch, **given)
        else:
            file = brittle.train_tiles(learned_on, data, out, watch=watch, **given)
    console.print(f"Learned: {file} (card and curve beside it)", soft_wrap=True)


def _train_agent(
    models: list[str],
    data: str,
    out: str,
    board: str,
    given: dict[str, Any],
    watch: Callable[..., None],
) -> Path:
    """An agent; its cells and palette are an audit's."""
    audit: dict[str, Any] = {
        name: given.pop(name) for name in ("cell", "distance", "distortions") if name in given
    }
    return brittle.train_agent(models, data, out, board, audit=audit, watch=_limited(watch, given), **given)


def _train_explainer(
    models: list[str], data: str, out: str, given: dict[str, Any], watch: Callable[..., None]
) -> Path:
    """An agent that explains."""
    asked = {"model_options": {"classes": given.pop("classes")}} if "classes" in given else {}
    return brittle.train_explainer(models, data, out, asked=asked, watch=_limited(watch, given), **given)


def _train_acquisition(out: str, given: dict[str, Any], watch: Callable[..., None]) -> Path:
    """An acquisition, of a family and a prior."""
    if not {"family", "prior"} <= set(given):
        raise brittle.UsageError(
            "expected --family and --prior, a file of brittle train --kind prior of that family"
        )
    return brittle.train_acquisition(given.pop("family"), given.pop("prior"), out, watch=watch, **given)


def _limited(watch: Callable[..., None], given: dict[str, Any]) -> Callable[[Any], None]:
    """The watch that knows how many queries there are."""
    limit = LearningSettings.build({"queries": given["queries"]} if "queries" in given else {}).queries
    return lambda now: watch(now, limit)
