"""brittle audit: how little distortion flips each decision."""

import sys
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

import click

import brittle
from brittle.cli.console import EXIT_CODES, clear_errors, console, show_verdicts
from brittle.cli.live import live_progress
from brittle.cli.options import (
    GroupedCommand,
    config_option,
    option,
    set_option,
    settings_of,
    settings_options,
    taken,
)
from brittle.core.errors import RED
from brittle.report import wording
from brittle.tasks.audit.settings import AuditSettings
from brittle.tasks.gates import GateSettings

if TYPE_CHECKING:
    from brittle.report.severity import Severity
    from brittle.tasks.audit.estimate import Estimate

WITHIN_L2 = (
    "note: natural distortions were played. --search ripple is made for a first flip within an L2: "
    "it plays waves, and takes far fewer queries."
)


@click.command(cls=GroupedCommand, epilog=EXIT_CODES)
@click.argument("model", required=False)
@click.argument("data", required=False)
@settings_options(AuditSettings, GateSettings)
@set_option
@option("--agent", "search", "FILE", "A trained agent plays: a file of brittle train, cells or ripple.")
@option("--preset", "search", "NAME", "Distortions, cell and search of a published table; see list.")
@option("--estimate", "running", "", "Say what it would ask and take, and ask nothing.", is_flag=True)
@option("--price", "running", "F", "Price of 1,000 rows, for the estimate.", type=float)
@option("--junit", "gates", "FILE", "Write samples and gates as JUnit XML.")
@config_option
def audit(
    config: str | None,
    preset: str | None,
    estimate: bool,
    price: float | None,
    junit: str | None,
    **options: Any,
) -> None:
    """Audit MODEL on DATA.

    \b
    MODEL  model.onnx | package.module:function | hf:FOLDER | http(s)://address |
           models:/NAME/VERSION, runs:/ID/PATH or a folder of MLflow (ONNX) |
           efficientnet-lite0 (default) | ecg (heartbeats) | video (camera moves)
    DATA   folder of class folders | folder with labels.csv | arrays.npz (x, y) |
           folder with metadata.csv or .jsonl (imagefolder of Hugging Face) |
           image files without labels | parquet of images (Hugging Face) |
           photos (default: 20 labelled photos) |
           clips in such folders | camera (default for video; no extra) |
           WFDB records | csv tables of signals | ecg5000 (default for ecg)

    Exit 9: the run is finished and written, but a gate is red.
    """
    with clear_errors():
        values = AuditSettings.read(config) if config else {}
        if preset:
            values |= brittle.preset(preset, _rate(options["sampling_rate"]))
        given = settings_of(GateSettings, taken(GateSettings, values), taken(GateSettings, options))
        gates = brittle.gates(**given)
        settings = settings_of(AuditSettings, values, options)
        if estimate:
            for line in _estimated(brittle.estimate(price=price, **settings)):
                console.print(line, soft_wrap=True)
            return
        if price is not None:
            raise brittle.UsageError("expected --estimate beside --price")
        with live_progress(console) as watch:
            run = brittle.audit(watch=watch, **settings)
        if run.was_finished:
            console.print(_finished_before(run))
        summary = brittle.summary_of(run)
        console.print(brittle.summary_table(summary))
        if doubt := wording.doubt(summary):
            console.print(f"warning: {doubt}", style="bold yellow", soft_wrap=True)
        asked, named = run.manifest.settings, settings.get("search") or settings.get("agent")
        if asked["goal"] == "first" and asked["max_l2"] and not named:
            console.print(WITHIN_L2, soft_wrap=True)
        if settings.get("curves") and (curves := brittle.severity_beside(run)):
            console.print(_curves_in_words(curves), soft_wrap=True)
        console.print(f"Report: {run.path / 'report.html'}", soft_wrap=True)
        checked = gates.check(run)
        if junit:
            checked.write_junit(junit)
        show_verdicts(checked.verdicts)
        _refuse_empty(run)
        if checked.red:
            sys.exit(RED)


def _estimated(found: "Estimate") -> Iterator[str]:
    """An estimate in lines: rows, time, cost; each at most, and as it is likely where that is known."""

    def both(amount: Callable[[int], str]) -> str:
        likely = "" if found.likely_rows is None else f", likely {amount(found.likely_rows)}"
        return f"at most {amount(found.rows)}{likely}"

    samples = f"{wording.number(found.samples)} samples to play"
    requests = f"{wording.number(found.requests)} batches of {found.batch}"
    yield f"Rows: {both(wording.number)} ({samples}, {requests})"
    if rate := found.rows_per_second:
        time = both(lambda rows: wording.duration(rows / rate))
        yield f"Time: {time} at {wording.number(rate)} rows a second, measured {found.source}"
    else:
        seconds = wording.duration(found.requests / 10)
        yield f"Time: not measured, as nothing was sent; {seconds} for each 0.1 s that a request takes"
    if (price := found.price) is not None:
        yield f"Cost: {both(lambda rows: f'{rows * price / 1000:,.2f}')} at {price:g} for 1,000 rows"


def _curves_in_words(found: "Severity") -> str:
    """What the severity curves say on the whole, and what they cost."""
    words = f"Errors: {wording.percent(found.clean.share)} untouched"
    words += f", {wording.percent(found.mean(found.own))} under the distortions over the whole input"
    if found.corruptions:
        words += f", {wording.percent(found.mean(found.corruptions))} under the 15 corruptions"
    return f"{words} ({wording.number(found.rows)} rows beside the budget)"


def _finished_before(run: "brittle.Run") -> str:
    """When a run was finished that this command found so, and what it asked nevertheless."""
    when = datetime.fromisoformat(run.was_finished).astimezone(UTC)
    last = run.sessions()[-1]
    asked = 0 if "batch" in last else last.get("setup_rows", 0)
    rows = f"{asked} identity rows asked" if asked else "nothing asked"
    return f"finished on {when:%Y-%m-%d %H:%M} UTC, {rows}"


def _rate(text: str | None) -> float:
    """The sampling rate that a preset is for."""
    options = brittle.AuditSettings.build({"data_options": {"sampling_rate": text}}).data_options
    return options.sampling_rate or 300.0


def _refuse_empty(run: "brittle.Run") -> None:
    """An audit in which nothing could be played is an error for scripts."""
    summary = run.summary()
    if summary["samples"] and summary["failed"] == summary["samples"]:
        first = next(run.results())
        raise brittle.DataError(f"no sample could be played; the first, {first.sample}: {first.message}")
