"""Log a finished audit to MLflow: its question, its figures, and its folder.

Nothing of it is a secret: run.json holds no headers and no queries of addresses, and answers of the model,
locks and what watchers are told stay here.
"""

import os
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from math import isfinite
from pathlib import Path, PurePosixPath
from tempfile import TemporaryDirectory
from time import time
from typing import Any

import brittle
from brittle.core.errors import DiskError, ModelError, RunError, UsageError
from brittle.models.mlflow import clear_errors, fetched, load_mlflow
from brittle.models.mlflow_folder import onnx_file
from brittle.models.onnx import file_digest
from brittle.report.gates.figures import MAY_BE_SURE, figure_of
from brittle.report.summary import summary_of
from brittle.store import live
from brittle.store.run import Run
from brittle.store.seal import files_below

NAME = "brittle"
"""The folder of what is logged, and how its parameters, metrics and tags begin."""
STAYS = ("lock", "live", "console.txt", "answers.sqlite", "answers.sqlite-wal", "answers.sqlite-shm")
LONGEST = 500  # characters of a parameter that every server takes
AT_ONCE = 100  # parameters in one request
HEADLINES = ("accuracy", "asr", "l2.median", "robustness")
REGISTERED = re.compile(r"models:/(?P<name>[^/@]+)(?:/(?P<version>[0-9]+)|@(?P<alias>[^/@]+))")


@dataclass(frozen=True)
class Logged:
    """Where an audit was logged. files: how many. version: of a registered model that was tagged, or ""."""

    run_id: str
    experiment_id: str
    files: int
    version: str


def log(folder: str | Path, *, experiment: str | None = None, run_id: str | None = None) -> Logged:
    """Log a finished audit to the MLflow of MLFLOW_TRACKING_URI.

    experiment: by name, made where there is none. run_id: a run of MLflow to log to, such as that of the
    training. Without both, a new run in MLFLOW_EXPERIMENT_NAME, MLFLOW_EXPERIMENT_ID, or the default one.
    Where the audited model is of the registry, its version is tagged. Raises RunError, DiskError,
    MissingExtraError.
    """
    if experiment is not None and run_id is not None:
        raise UsageError("expected an experiment for a new run, or the id of a run, got both")
    run = Run.open(folder)
    summary = _summary(run)
    files = sorted(files_below(run.path, STAYS))
    mlflow = load_mlflow("logging to MLflow")
    with clear_errors("take the audit", DiskError):
        client = mlflow.MlflowClient()
        into = client.get_run(run_id) if run_id else _new_run(client, run, experiment)
        try:
            _send(client, mlflow.entities, into.info.run_id, run, summary)
            for file in files:
                place = str(PurePosixPath(NAME, file).parent)
                client.log_artifact(into.info.run_id, str(run.path / file), place)
        except BaseException:
            if not run_id:
                client.set_terminated(into.info.run_id, "FAILED")
            raise
        if not run_id:
            client.set_terminated(into.info.run_id)
        version = _tag_version(client, run, {**_tags(summary), f"{NAME}.run_id": into.info.run_id})
    return Logged(into.info.run_id, into.info.experiment_id, len(files), version)


def _summary(run: Run) -> dict[str, Any]:
    """The figures of a finished audit. Raises RunError."""
    if run.manifest.verb != "audit":
        raise RunError(f"expected the run of brittle audit, but {run.path} is of {run.manifest.verb}")
    if live.is_in_use(run.path):
        raise RunError(f"a command works on {run.path}; log it when that is done")
    run.summary()  # refuses one that has not finished
    return summary_of(run).to_dict()


def _new_run(client: Any, run: Run, experiment: str | None) -> Any:
    name = experiment or os.environ.get("MLFLOW_EXPERIMENT_NAME")
    found = client.get_experiment_by_name(name) if name else None
    if found is not None:
        id = found.experiment_id
    else:
        id = client.create_experiment(name) if name else os.environ.get("MLFLOW_EXPERIMENT_ID", "0")
    about = run.manifest
    return client.create_run(id, run_name=f"{NAME}: {about.model['name']} on {about.data['name']}"[:LONGEST])


def _send(client: Any, entities: Any, id: str, run: Run, summary: Mapping[str, Any]) -> None:
    """Parameters and metrics."""
    now = round(time() * 1000)
    params = [entities.Param(f"{NAME}.{name}", value[:LONGEST]) for name, value in _params(run)]
    metrics = [entities.Metric(f"{NAME}/{name}", value, now, 0) for name, value in _metrics(summary)]
    client.log_batch(id, metrics=metrics)
    for start in range(0, len(params), AT_ONCE):
        client.log_batch(id, params=params[start : start + AT_ONCE])


def _params(run: Run) -> Iterator[tuple[str, str]]:
    """The question of the run, by dotted name, with the digests of model and data."""
    about = run.manifest
    yield "version", brittle.__version__
    yield from _flat("", about.settings)
    yield from _flat("model.", {"sha256": about.model["sha256"]})
    yield from _flat(
        "data.", {name: about.data[name] for name in ("samples", "sha256") if name in about.data}
    )
    yield from _flat("agent.", {"name": (about.agent or {}).get("name")})


def _flat(start: str, values: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
    """Values by dotted name; what says nothing is left out."""
    for name, value in values.items():
        if isinstance(value, Mapping):
            yield from _flat(f"{start}{name}.", value)
        elif isinstance(value, list | tuple) and value:
            yield f"{start}{name}", ", ".join(map(str, value))
        elif value not in (None, "", [], ()):
            yield f"{start}{name}", str(value)


def _metrics(summary: Mapping[str, Any]) -> Iterator[tuple[str, float]]:
    """The figures that gates know, and the ends of their 95 % intervals; infinite ones are left out."""
    for name in sorted(MAY_BE_SURE):
        figure = figure_of(summary, name)
        ends = figure.interval
        told = {name: figure.value}
        if ends is not None:
            told |= {f"{name}.low": ends.low, f"{name}.high": ends.high}
        yield from (
            (key, float(value)) for key, value in told.items() if value is not None and isfinite(value)
        )


def _tags(summary: Mapping[str, Any]) -> dict[str, str]:
    """The headlines, as texts."""
    metrics = dict(_metrics(summary))
    ends = ("", ".low", ".high")
    names = [f"{name}{end}" for name in HEADLINES for end in ends if f"{name}{end}" in metrics]
    return {f"{NAME}.{name}": f"{metrics[name]:.6g}" for name in names}


def _tag_version(client: Any, run: Run, tags: Mapping[str, str]) -> str:
    """Tag the version of the registry that was audited; "" where there is none, or it holds another graph.

    An alias may have moved since the audit, and a run may be a stranger's.
    """
    about = run.manifest.model
    found = REGISTERED.fullmatch(str(about["name"]))
    if found is None:
        return ""
    name = found["name"]
    version = found["version"] or str(client.get_model_version_by_alias(name, found["alias"]).version)
    model = f"models:/{name}/{version}"
    if _digest(model) != about["sha256"]:
        return ""
    for key, value in tags.items():
        client.set_model_version_tag(name, version, key, value)
    return model


def _digest(model: str) -> str:
    """Of the graph that the registry has by this address; "" where it has none."""
    with TemporaryDirectory(prefix="brittle-") as place:
        try:
            return file_digest(str(onnx_file(fetched(model, Path(place)), model)))
        except ModelError:
            return ""
