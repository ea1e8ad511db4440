"""The command line: options in, one Python call, tables and exit codes out. No logic."""

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from itertools import groupby
from pathlib import Path
from typing import Any

import click
from rich.console import Console
from rich.table import Table

import brittle
from brittle.core.errors import BrittleError
from brittle.live import live_progress, live_training

INTERRUPTED = 130
EXIT_CODES = """
\b
Exit codes: 0 done; 1 a flip did not hold, or another error; 2 usage; 3 data;
4 model; 5 run folder; 6 an extra is missing; 7 disk; 130 interrupted.
"""
MODEL_OPTIONS = (
    *("output", "layout", "mean", "std", "classes", "threads"),
    *("header", "body", "timeout", "retries", "rate"),
)
DATA_OPTIONS = ("limit", "size", "bounds", "labels", "sampling_rate", "leads", "windows", "beat_at")

console = Console(highlight=False)
errors = Console(stderr=True, highlight=False)


@contextmanager
def clear_errors() -> Iterator[None]:
    """Every error that is meant for the user as one line, with its exit code."""
    try:
        yield
    except BrittleError as error:
        errors.print("[bold red]error:[/]", end=" ")
        errors.print(str(error), markup=False, soft_wrap=True)
        sys.exit(error.exit_code)
    except KeyboardInterrupt:
        errors.print("interrupted: what is finished is kept; the same command continues")
        sys.exit(INTERRUPTED)


@click.group(epilog=EXIT_CODES, context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(brittle.__version__)
def cli() -> None:
    """How little natural distortion flips your classifier's decisions, and at what cost in queries."""


@cli.command(epilog=EXIT_CODES)
@click.argument("model", required=False)
@click.argument("data", required=False)
@click.option("--search", metavar="NAME", help="How flips are looked for; see brittle list. [random]")
@click.option(
    "--distortion", "distortions", metavar="NAME", multiple=True, help="Repeatable. [all that suit]"
)
@click.option("--draws", type=int, metavar="N", help="Random draws of every distortion. [1]")
@click.option("--domain", metavar="NAME", help="Kind of input expected: image, ecg. [what the data are]")
@click.option("--preset", metavar="NAME", help="Distortions, cell and search of a published table; see list.")
@click.option("--cell", metavar="SIZE", help="HxW pixels, or 10ms of a signal. [1/14 of each side; 33 ms]")
@click.option("--budget", type=int, metavar="N", help="Most rows the model is shown for a sample. [1000]")
@click.option("--max-l2", type=float, metavar="F", help="Greatest L2 distance that a flip may have.")
@click.option("--target", metavar="CLASS", help="Name or index of the class to reach.")
@click.option("--top-k", type=int, metavar="K", help="The label must leave the top K classes. [1]")
@click.option("--goal", type=click.Choice(["first", "closest"]), help="End at the first flip? [closest]")
@click.option("--seed", type=int, metavar="N", help="The same seed gives the same run. [0]")
@click.option("--limit", type=int, metavar="N", help="Only N samples; of image files spread evenly.")
@click.option("--size", metavar="HxW", help="Resize images to this. [what the model takes]")
@click.option("--bounds", metavar="LOW,HIGH", help="Least and greatest value of the data. [detected]")
@click.option("--labels", metavar="FILE", help="labels.csv that lies elsewhere than the data.")
@click.option("--sampling-rate", type=float, metavar="HZ", help="What the model takes; resample to it.")
@click.option("--leads", metavar="NAME[,NAME]", help="Leads of the records. [the first ones]")
@click.option("--windows", type=int, metavar="N", help="Windows taken of a record. [1]")
@click.option("--beat-at", type=int, metavar="N", help="Place of the R peak in a beat's window. [a third]")
@click.option("--output", metavar="KIND", help="The model answers logits or probabilities. [detected]")
@click.option("--layout", metavar="KIND", help="channels_first or channels_last. [detected]")
@click.option("--mean", metavar="M[,M,M]", help="What the model wants subtracted from [0, 1] values.")
@click.option("--std", metavar="S[,S,S]", help="What the model wants divided by.")
@click.option("--classes", metavar="FILE", help="Class names: one a line, or JSON.")
@click.option("--threads", type=int, metavar="N", help="Threads of the engine. [all CPUs]")
@click.option("--header", metavar="NAME=VARIABLE", help="HTTP header, its value in an environment variable.")
@click.option("--body", metavar="KIND", help="How an endpoint is asked: json or npy. [json]")
@click.option("--timeout", type=float, metavar="S", help="Seconds to wait for an endpoint. [30]")
@click.option("--retries", type=int, metavar="N", help="Further tries after a failed request. [4]")
@click.option("--rate", type=float, metavar="F", help="Most requests to an endpoint a second.")
@click.option("--batch", type=int, metavar="N", help="Rows shown at once. [measured]")
@click.option("--workers", type=int, metavar="N", help="Processes that share the samples. [1]")
@click.option("--keep-answers", is_flag=True, default=None, help="Never ask the same thing twice.")
@click.option("--config", metavar="FILE", help="Settings in YAML or TOML; options given here win.")
@click.option("--out", metavar="DIR", help="Run folder; the same command continues it. [runs/...]")
def audit(config: str | None, preset: str | None, **options: Any) -> None:
    """Audit MODEL on DATA.

    \b
    MODEL  model.onnx | package.module:function | http(s)://address |
           efficientnet-lite0 (default) | ecg (heartbeats)
    DATA   folder of class folders | folder with labels.csv | arrays.npz (x, y) |
           image files without labels | photos (default: 20 labelled photos) |
           WFDB records | csv tables of signals | ecg5000 (default for ecg)
    """
    with clear_errors():
        values = brittle.AuditSettings.read(config) if config else {}
        values |= brittle.preset(preset, options["sampling_rate"] or 300.0) if preset else {}
        with live_progress(console) as watch:
            run = brittle.audit(watch=watch, **_settings(values, options))
        console.print(brittle.summary_table(brittle.summary_of(run)))
        console.print(f"Report: {run.path / 'report.html'}", soft_wrap=True)
        _refuse_empty(run)


def _settings(values: dict[str, Any], options: dict[str, Any]) -> dict[str, Any]:
    """Settings of a file, overruled by the options that were given."""
    given = {key: value for key, value in options.items() if value not in (None, ())}
    merged = dict(values)
    for group, names in (("model_options", MODEL_OPTIONS), ("data_options", DATA_OPTIONS)):
        nested = {name: given.pop(name) for name in names if name in given}
        if nested:
            merged[group] = {**merged.get(group, {}), **nested}
    return {**merged, **given}


def _refuse_empty(run: "brittle.Run") -> None:
    """An audit in which nothing could be played is an error for scripts."""
    summary = run.summary()
    if summary["samples"] and summary["failed"] == summary["samples"]:
        first = next(run.results())
        raise brittle.DataError(f"no sample could be played; the first, {first.sample}: {first.message}")


@cli.command(epilog=EXIT_CODES)
@click.argument("run", metavar="DIR")
def report(run: str) -> None:
    """Write report.html and the tables of the run DIR again, from the run alone."""
    with clear_errors():
        console.print(f"Report: {brittle.rewrite_report(run)}", soft_wrap=True)


@cli.command(epilog=EXIT_CODES)
@click.argument("run", metavar="DIR")
@click.argument("model", required=False)
def verify(run: str, model: str | None) -> None:
    """Replay every flip of the run DIR and ask MODEL again; exit 1 if one does not hold."""
    with clear_errors():
        verification = brittle.verify(run, model)
    if not verification.same_model:
        console.print("note: this is not the model file that was audited (another SHA-256)")
    for check in verification.broken:
        console.print(f"does not hold: {check.sample} ({check.file}): {check.message}", markup=False)
    held = len(verification.checks) - len(verification.broken)
    console.print(f"{held} of {len(verification.checks)} flips hold ({verification.rows} rows asked)")
    sys.exit(1 if verification.broken else 0)


@cli.command(epilog=EXIT_CODES)
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


@cli.command(epilog=EXIT_CODES)
@click.argument("targets", nargs=-1, required=True, metavar="MODEL DATA | DIR DIR ...")
@click.option("--search", "searches", metavar="NAME", multiple=True, help="Repeatable; see brittle list.")
@click.option("--budget", type=int, metavar="N", help="Most rows the model is shown for a sample. [1000]")
@click.option("--max-l2", type=float, metavar="F", help="Greatest L2 distance that a flip may have.")
@click.option("--target", metavar="CLASS", help="Name or index of the class to reach.")
@click.option("--goal", type=click.Choice(["first", "closest"]), help="End at the first flip? [closest]")
@click.option("--cell", metavar="SIZE", help="Size of a cell, for searches that play on cells.")
@click.option("--seed", type=int, metavar="N", help="The same seed gives the same runs. [0]")
@click.option("--limit", type=int, metavar="N", help="Only N samples; of image files spread evenly.")
@click.option("--batch", type=int, metavar="N", help="Rows shown at once. [measured]")
@click.option("--config", metavar="FILE", help="Settings in YAML or TOML; options given here win.")
@click.option("--out", metavar="DIR", help="Folder of the runs and of compare.html. [runs/compare]")
def compare(
    targets: tuple[str, ...], searches: tuple[str, ...], config: str | None, out: str | None, **options: Any
) -> None:
    """Audit MODEL on DATA with each --search, or set finished runs side by side.

    \b
    brittle compare MODEL DATA --search random --search square-l2 --out DIR
    brittle compare DIR DIR ...    the first run is what the others are held against
    """
    with clear_errors():
        if searches:
            found = _compare_searches(targets, searches, config, out or "runs/compare", options)
        else:
            found = brittle.compare_runs(targets, out)
            out = out or str(found.runs[0].path.resolve().parent)
        console.print(brittle.comparison_table(found.contenders))
        for warning in found.warnings:
            console.print(f"not comparable: {warning}", markup=False, soft_wrap=True)
        console.print(f"Page: {Path(out or 'runs/compare') / 'compare.html'}", soft_wrap=True)


def _compare_searches(
    targets: tuple[str, ...], searches: tuple[str, ...], config: str | None, out: str, options: dict[str, Any]
) -> "brittle.Comparison":
    """Play every search, a bar for each."""
    if len(targets) != 2:
        raise brittle.UsageError(f"expected MODEL and DATA before --search, got {' '.join(targets)}")
    values = brittle.AuditSettings.read(config) if config else {}
    settings = _settings(values, {**options, "model": targets[0], "data": targets[1]})
    with live_progress(console) as watch:
        return brittle.compare(searches=searches, out=out, watch=watch, **settings)


@cli.command("list")
def list_members() -> None:
    """Distortions, searches, model doors, data readers and domains, with one line each."""
    with clear_errors():
        for kind, entries in groupby(brittle.catalogue(), key=lambda entry: entry.kind):
            heading = kind + ("es" if kind.endswith("ch") else "s")
            table = Table(title=heading, title_justify="left", show_header=False, box=None)
            for entry in entries:
                table.add_row(f"  {entry.name}", entry.line)
            console.print(table)


def main() -> None:
    """Entry point of the command `brittle`."""
    sys.path.append(str(Path.cwd()))  # package.module:function of the user's own folder
    cli()
