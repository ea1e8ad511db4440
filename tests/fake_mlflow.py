"""A store of MLflow in memory, as far as brittle speaks to one, and folders as mlflow.onnx writes them."""

import shutil
from dataclasses import dataclass, field
from pathlib import Path
from types import SimpleNamespace
from typing import Any, NamedTuple

MLMODEL = """\
flavors:
  onnx: {data: model.onnx, onnx_version: 1.23.2, providers: [CPUExecutionProvider], code: null}
  python_function: {data: model.onnx, loader_module: mlflow.onnx, python_version: 3.11.7}
mlflow_version: 3.17.2
"""


def saved(folder: Path, graph: str | Path, about: str = MLMODEL) -> Path:
    """A folder of MLflow with this graph."""
    folder.mkdir(parents=True)
    shutil.copy(graph, folder / "model.onnx")
    (folder / "MLmodel").write_text(about)
    return folder


class Param(NamedTuple):
    key: str
    value: str


class Metric(NamedTuple):
    key: str
    value: float
    timestamp: int
    step: int


@dataclass
class Logged:
    """One run of the store."""

    info: SimpleNamespace
    name: str = ""
    status: str = "RUNNING"
    params: dict[str, str] = field(default_factory=dict)
    metrics: dict[str, float] = field(default_factory=dict)
    files: list[str] = field(default_factory=list)


class FakeMlflow:
    """The module: models by address, runs, experiments, and the tags and aliases of a registry."""

    entities = SimpleNamespace(Param=Param, Metric=Metric)

    def __init__(self) -> None:
        self.models: dict[str, Path] = {}
        self.runs: dict[str, Logged] = {}
        self.experiments: dict[str, str] = {}
        self.aliases: dict[tuple[str, str], int] = {}
        self.tags: dict[tuple[str, str], dict[str, str]] = {}
        self.places: list[Path] = []
        self.artifacts = SimpleNamespace(download_artifacts=self._download)
        self.full = False

    def MlflowClient(self) -> "FakeMlflow":
        return self

    def _download(self, artifact_uri: str, dst_path: str) -> str:
        self.places.append(Path(dst_path))
        if artifact_uri not in self.models:
            raise RuntimeError(
                f"RESOURCE_DOES_NOT_EXIST at https://me:secret@host/api:\n{artifact_uri} not found"
            )
        return str(shutil.copytree(self.models[artifact_uri], Path(dst_path) / "model"))

    def get_experiment_by_name(self, name: str) -> Any:
        id = self.experiments.get(name)
        return id and SimpleNamespace(experiment_id=id)

    def create_experiment(self, name: str) -> str:
        self.experiments[name] = str(len(self.experiments) + 1)
        return self.experiments[name]

    def create_run(self, experiment_id: str, run_name: str) -> Logged:
        id = f"run{len(self.runs)}"
        self.runs[id] = Logged(SimpleNamespace(run_id=id, experiment_id=experiment_id), run_name)
        return self.runs[id]

    def get_run(self, run_id: str) -> Logged:
        return self.runs[run_id]

    def log_batch(self, run_id: str, metrics: Any = (), params: Any = ()) -> None:
        assert len(params) <= 100
        self.runs[run_id].metrics |= {one.key: one.value for one in metrics}
        self.runs[run_id].params |= {one.key: one.value for one in params}

    def log_artifact(self, run_id: str, local_path: str, artifact_path: str) -> None:
        if self.full:
            raise OSError("the store is full")
        assert Path(local_path).is_file()
        self.runs[run_id].files.append(f"{artifact_path}/{Path(local_path).name}")

    def set_terminated(self, run_id: str, status: str = "FINISHED") -> None:
        self.runs[run_id].status = status

    def get_model_version_by_alias(self, name: str, alias: str) -> Any:
        return SimpleNamespace(version=self.aliases[name, alias])

    def set_model_version_tag(self, name: str, version: str, key: str, value: str) -> None:
        self.tags.setdefault((name, version), {})[key] = value
