"""Options that several commands take, in groups, and how they become settings."""

import json
from collections.abc import Callable
from typing import Any, TypeVar

import click

from brittle.core.errors import UsageError

C = TypeVar("C", bound=Callable[..., Any])
Group = Callable[[C], C]

MODEL_OPTIONS = (
    *("output", "layout", "mean", "std", "classes", "threads"),
    *("header", "body", "timeout", "retries", "rate"),
)
DATA_OPTIONS = ("limit", "size", "bounds", "labels", "sampling_rate", "leads", "windows", "beat_at")


def together(*options: Callable[[Any], Any]) -> Callable[[C], C]:
    """Several options as one decorator, shown in this order."""

    def decorate(command: C) -> C:
        for option in reversed(options):
            command = option(command)
        return command

    return decorate


game_options = together(
    click.option(
        "--distortion", "distortions", metavar="NAME", multiple=True, help="Repeatable. [all that suit]"
    ),
    click.option("--draws", type=int, metavar="N", help="Random draws of every distortion. [1]"),
    click.option("--domain", metavar="NAME", help="Kind of input expected: image, ecg. [what the data are]"),
    click.option("--cell", metavar="SIZE", help="HxW pixels, or 10ms of signal. [1/14 of a side; 33 ms]"),
    click.option("--budget", type=int, metavar="N", help="Most rows the model is shown for a sample. [1000]"),
    click.option("--max-l2", type=float, metavar="F", help="Greatest L2 distance that a flip may have."),
    click.option("--target", metavar="CLASS", help="Name or index of the class to reach."),
    click.option("--top-k", type=int, metavar="K", help="The label must leave the top K classes. [1]"),
    click.option("--goal", type=click.Choice(["first", "closest"]), help="End at the first flip? [closest]"),
    click.option("--seed", type=int, metavar="N", help="The same seed gives the same run. [0]"),
)
data_options = together(
    click.option("--limit", type=int, metavar="N", help="Only N samples; of image files spread evenly."),
    click.option("--size", metavar="HxW", help="Resize images to this. [what the model takes]"),
    click.option("--bounds", metavar="LOW,HIGH", help="Least and greatest value of the data. [detected]"),
    click.option("--labels", metavar="FILE", help="labels.csv that lies elsewhere than the data."),
    click.option("--sampling-rate", type=float, metavar="HZ", help="What the model takes; resample to it."),
    click.option("--leads", metavar="NAME[,NAME]", help="Leads of the records. [the first ones]"),
    click.option("--windows", type=int, metavar="N", help="Windows taken of a record. [1]"),
    click.option("--beat-at", type=int, metavar="N", help="Place of the R peak in its window. [a third]"),
)
model_options = together(
    click.option("--output", metavar="KIND", help="The model answers logits or probabilities. [detected]"),
    click.option("--layout", metavar="KIND", help="channels_first or channels_last. [detected]"),
    click.option("--mean", metavar="M[,M,M]", help="What the model wants subtracted from [0, 1] values."),
    click.option("--std", metavar="S[,S,S]", help="What the model wants divided by."),
    click.option("--classes", metavar="FILE", help="Class names: one a line, or JSON."),
    click.option("--threads", type=int, metavar="N", help="Threads of the engine. [all CPUs]"),
    click.option("--header", metavar="NAME=VARIABLE", help="HTTP header, value in an environment variable."),
    click.option("--body", metavar="KIND", help="How an endpoint is asked: json or npy. [json]"),
    click.option("--timeout", type=float, metavar="S", help="Seconds to wait for an endpoint. [30]"),
    click.option("--retries", type=int, metavar="N", help="Further tries after a failed request. [4]"),
    click.option("--rate", type=float, metavar="F", help="Most requests to an endpoint a second."),
)
running_options = together(
    click.option("--batch", type=int, metavar="N", help="Rows shown at once. [measured]"),
    click.option("--workers", type=int, metavar="N", help="Processes that share the samples. [1]"),
    click.option("--keep-answers", is_flag=True, default=None, help="Never ask the same thing twice."),
    click.option("--config", metavar="FILE", help="Settings in YAML or TOML; options given here win."),
)


def settings_of(values: dict[str, Any], options: dict[str, Any]) -> dict[str, Any]:
    """Settings of a file, overruled by the options that were given."""
    given = given_of(options)
    merged = dict(values)
    pairs = given.pop("pairs", ())
    if pairs:
        merged["search_settings"] = {**(merged.get("search_settings") or {}), **dict(map(_pair, pairs))}
    for group, names in (("model_options", MODEL_OPTIONS), ("data_options", DATA_OPTIONS)):
        nested = {name: given.pop(name) for name in names if name in given}
        if nested:
            merged[group] = {**merged.get(group, {}), **nested}
    return {**merged, **given}


def _pair(text: str) -> tuple[str, Any]:
    """NAME=VALUE; the value as JSON where it is, else as text. Raises UsageError."""
    name, equals, value = text.partition("=")
    if not (name and equals):
        raise UsageError(f"expected --set NAME=VALUE, got '{text}'")
    try:
        return name, json.loads(value)
    except ValueError:
        return name, value


def given_of(options: dict[str, Any]) -> dict[str, Any]:
    """The options that were given."""
    return {key: value for key, value in options.items() if value not in (None, ())}
