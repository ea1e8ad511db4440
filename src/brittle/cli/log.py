"""brittle log: a finished audit into MLflow."""

import click

import brittle
from brittle.cli.console import EXIT_CODES, clear_errors, console, printable
from brittle.report import wording


@click.command(epilog=EXIT_CODES)
@click.argument("run", metavar="DIR")
@click.option("--experiment", metavar="NAME", help="Of the new run; made where there is none.")
@click.option("--run-id", metavar="ID", help="A run of MLflow to log to, in place of a new one.")
def log(run: str, experiment: str | None, run_id: str | None) -> None:
    """Log the finished audit in DIR to MLflow: the question, the figures with their intervals, the folder.

    MLFLOW_TRACKING_URI says where, as for every client of MLflow. If the audited model is
    models:/NAME/VERSION, that version is tagged with accuracy, ASR and L2. Needs the extra mlflow.
    """
    with clear_errors():
        found = brittle.log(run, experiment=experiment, run_id=run_id)
        where = f"run {found.run_id} of experiment {found.experiment_id}"
        console.print(printable(f"Logged: {wording.number(found.files)} files, {where}"), soft_wrap=True)
        if found.version:
            console.print(printable(f"Tagged: {found.version}"), soft_wrap=True)
