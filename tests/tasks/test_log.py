"""Models of MLflow through audit, verify and log; the last test with MLflow itself, where it is installed."""

import json
import shutil
import sys
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import onnx
import pytest
from click.testing import CliRunner, Result

import brittle
from brittle.cli import cli
from brittle.core.errors import DiskError, MissingExtraError, RunError, UsageError
from fake_mlflow import FakeMlflow, saved

ADDRESS = "models:/digits/3"
SETTINGS: dict[str, Any] = {"budget": 30, "search": "patchwork", "data_options": {"limit": 12}, "batch": 16}


@pytest.fixture
def store(monkeypatch: pytest.MonkeyPatch, digits: Path, tmp_path: Path) -> FakeMlflow:
    """In place of the package, with the digits as a model."""
    fake = FakeMlflow()
    monkeypatch.setitem(sys.modules, "mlflow", fake)
    for name in ("MLFLOW_EXPERIMENT_NAME", "MLFLOW_EXPERIMENT_ID"):
        monkeypatch.delenv(name, raising=False)
    fake.models[ADDRESS] = saved(tmp_path / "registry" / "3", digits / "digits.onnx")
    return fake


@pytest.fixture(scope="module")
def plain(digits: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The same audit of the file itself."""
    return audited(digits / "digits.onnx", digits, tmp_path_factory.mktemp("plain") / "run")


def audited(model: object, digits: Path, out: Path) -> Path:
    brittle.audit(model, digits / "digits.npz", out=out, **SETTINGS)
    return out


def lines(run: Path) -> list[dict[str, Any]]:
    """results.jsonl without times."""
    found = [json.loads(line) for line in (run / "results.jsonl").read_text().splitlines()]
    return [{k: v for k, v in row.items() if k not in ("seconds", "started", "finished")} for row in found]


def said(*words: object) -> Result:
    return CliRunner().invoke(cli, [str(word) for word in words], catch_exceptions=False)


def test_an_address_is_audited_as_its_file_and_opened_only_if_it_is_given_again(
    plain: Path, digits: Path, tmp_path: Path, store: FakeMlflow
) -> None:
    run = audited(ADDRESS, digits, tmp_path / "run")
    assert lines(run) == lines(plain)
    asked = len(store.places)
    refused = said("verify", run)
    assert refused.exit_code == 2 and "give it again after the run" in refused.stderr
    assert len(store.places) == asked
    held = said("verify", run, ADDRESS)
    assert held.exit_code == 0 and "checks hold" in held.stdout
    assert not any(place.exists() for place in store.places)


def test_a_folder_is_data_and_opened_by_verify_itself(plain: Path, digits: Path, tmp_path: Path) -> None:
    folder = saved(tmp_path / "model", digits / "digits.onnx")
    run = audited(folder, digits, tmp_path / "run")
    assert lines(run) == lines(plain) and said("verify", run).exit_code == 0
    graph = onnx.load(folder / "model.onnx")
    graph.graph.node[1].attribute.append(onnx.helper.make_attribute("alpha", 1.5))
    onnx.save(graph, folder / "model.onnx")
    assert said("verify", run).exit_code == 1  # another model now


@pytest.mark.parametrize("name", ["hf:{folder}", "hf:net.onnx", "HTTP://host/net.onnx"])
def test_what_only_looks_like_a_file_is_not_opened(name: str, plain: Path, tmp_path: Path) -> None:
    run = Path(shutil.copytree(plain, tmp_path / "run"))
    about = json.loads((run / "run.json").read_text())
    about["model"]["name"] = name.format(folder=tmp_path)
    (run / "run.json").write_text(json.dumps(about))
    assert said("verify", run).exit_code == 2


def test_question_figures_and_folder_are_logged(plain: Path, tmp_path: Path, store: FakeMlflow) -> None:
    run = Path(shutil.copytree(plain, tmp_path / "run"))
    for passing in ("console.txt", "answers.sqlite", "live/watched"):
        (run / passing).parent.mkdir(exist_ok=True)
        (run / passing).write_text("stays")
    told = said("log", run)
    assert told.exit_code == 0, told.output
    (logged,) = store.runs.values()
    about, summary = json.loads((run / "run.json").read_text()), brittle.Run.open(run).summary()
    assert logged.status == "FINISHED" and logged.info.experiment_id == "0"
    assert logged.params["brittle.budget"] == "30" and logged.params["brittle.data_options.limit"] == "12"
    assert logged.params["brittle.model.sha256"] == about["model"]["sha256"]
    assert logged.params["brittle.search"].startswith("patchwork") and "brittle.max_l2" not in logged.params
    low, high = summary["asr_interval"]
    assert logged.metrics["brittle/asr"] == pytest.approx(summary["asr"])
    assert logged.metrics["brittle/asr.low"] == pytest.approx(low)
    assert logged.metrics["brittle/asr.high"] == pytest.approx(high)
    assert logged.metrics["brittle/l2.median"] == pytest.approx(summary["l2"]["median"])
    assert logged.metrics["brittle/queries.total"] == summary["queries"]["total"]
    here = [file for file in run.rglob("*") if file.is_file() and "stays" not in file.read_text("latin-1")]
    here = [file for file in here if file.name != "lock"]
    assert sorted(logged.files) == sorted(f"brittle/{file.relative_to(run).as_posix()}" for file in here)
    assert "brittle/report.html" in logged.files and any("/flips/" in file for file in logged.files)
    assert f"Logged: {len(here)} files, run {logged.info.run_id}" in told.stdout
    assert "Tagged" not in told.stdout and not store.tags


def test_an_experiment_a_run_and_the_environment_say_where(
    plain: Path, store: FakeMlflow, monkeypatch: pytest.MonkeyPatch
) -> None:
    first = brittle.log(plain, experiment="audits")
    again = brittle.log(plain, experiment="audits")
    assert first.run_id != again.run_id and first.experiment_id == again.experiment_id == "1"
    store.runs["training"] = store.create_run("7", "training")
    store.runs["training"].info.run_id = "training"
    into = brittle.log(plain, run_id="training")
    assert (into.run_id, into.experiment_id, into.version) == ("training", "7", "")
    assert store.runs["training"].status == "RUNNING" and store.runs["training"].files
    monkeypatch.setenv("MLFLOW_EXPERIMENT_ID", "5")
    assert brittle.log(plain).experiment_id == "5"
    monkeypatch.setenv("MLFLOW_EXPERIMENT_NAME", "audits")
    assert brittle.log(plain).experiment_id == "1"
    with pytest.raises(UsageError, match="got both"):
        brittle.log(plain, experiment="audits", run_id="training")


def test_the_audited_version_is_tagged(digits: Path, tmp_path: Path, store: FakeMlflow) -> None:
    found = brittle.log(audited(ADDRESS, digits, tmp_path / "run"))
    assert found.version == ADDRESS
    tags, metrics = store.tags["digits", "3"], store.runs[found.run_id].metrics
    assert float(tags["brittle.asr"]) == pytest.approx(metrics["brittle/asr"], rel=1e-5)
    assert float(tags["brittle.l2.median"]) == pytest.approx(metrics["brittle/l2.median"], rel=1e-5)
    assert {"brittle.accuracy", "brittle.asr.low", "brittle.asr.high"} < tags.keys()
    assert tags["brittle.run_id"] == found.run_id


def test_a_version_is_tagged_only_if_it_is_the_audited_model(
    digits: Path, tmp_path: Path, store: FakeMlflow
) -> None:
    store.models["models:/digits@best"] = store.models[ADDRESS]
    run = audited("models:/digits@best", digits, tmp_path / "run")
    store.aliases["digits", "best"] = 3
    assert brittle.log(run).version == ADDRESS
    store.models["models:/digits/4"] = other = saved(tmp_path / "registry" / "4", digits / "digits.onnx")
    with (other / "model.onnx").open("ab") as file:
        file.write(b"\x32\x01x")  # another graph for a digest
    store.aliases["digits", "best"] = 4
    assert brittle.log(run).version == "" and ("digits", "4") not in store.tags
    about = json.loads((run / "run.json").read_text())
    about["model"]["name"] = "models:/digits/4"  # says who made up this run
    (run / "run.json").write_text(json.dumps(about))
    assert brittle.log(run).version == "" and ("digits", "4") not in store.tags


def test_what_is_not_logged_says_why(
    plain: Path, tmp_path: Path, store: FakeMlflow, monkeypatch: pytest.MonkeyPatch
) -> None:
    run = Path(shutil.copytree(plain, tmp_path / "run"))
    store.full = True
    with pytest.raises(DiskError, match="MLflow cannot take the audit: the store is full"):
        brittle.log(run)
    (failed,) = store.runs.values()
    assert failed.status == "FAILED"
    (run / "flips" / "secret.png").symlink_to("/etc/hostname")
    with pytest.raises(RunError, match="it is a symbolic link"):
        brittle.log(run)
    (run / "flips" / "secret.png").unlink()
    (run / "summary.json").unlink()
    with pytest.raises(RunError, match="has not finished"):
        brittle.log(run)
    assert len(store.runs) == 1  # nothing was begun for them
    monkeypatch.setitem(sys.modules, "mlflow", None)
    with pytest.raises(MissingExtraError, match="'mlflow'"):
        brittle.log(plain)


@pytest.mark.skipif(find_spec("mlflow") is None, reason="needs the extra mlflow")
def test_with_mlflow_itself(
    plain: Path, digits: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    uri = (tmp_path / "mlruns").as_uri()
    for name, value in {
        "MLFLOW_TRACKING_URI": uri,
        "MLFLOW_REGISTRY_URI": uri,
        "MLFLOW_ALLOW_FILE_STORE": "true",
        "MLFLOW_DISABLE_TELEMETRY": "true",
    }.items():
        monkeypatch.setenv(name, value)
    monkeypatch.chdir(tmp_path)
    import mlflow

    with mlflow.start_run() as training:
        made = mlflow.onnx.log_model(
            onnx.load(digits / "digits.onnx"),
            name="net",
            registered_model_name="digits",
            pip_requirements=["onnxruntime"],
        )
    client = mlflow.MlflowClient()
    client.set_registered_model_alias("digits", "best", 1)
    folder = mlflow.artifacts.download_artifacts(made.model_uri, dst_path=str(tmp_path / "here"))
    assert (
        Path(folder, "model.onnx").stat().st_size < (digits / "digits.onnx").stat().st_size
    )  # weights beside
    addresses = ("models:/digits/1", "models:/digits@best", f"runs:/{training.info.run_id}/net")
    for number, model in enumerate((*addresses, folder)):
        run = audited(model, digits, tmp_path / f"run{number}")
        assert lines(run) == lines(plain), model
        assert not brittle.verify(run, model).broken
        found = brittle.log(run, experiment="audits")
        assert found.version == ("models:/digits/1" if model.startswith("models:/") else "")
        logged = client.get_run(found.run_id)
        summary = brittle.Run.open(run).summary()
        assert logged.data.metrics["brittle/asr"] == pytest.approx(summary["asr"])
        assert logged.data.params["brittle.budget"] == "30" and logged.info.status == "FINISHED"
        names = {one.path for one in client.list_artifacts(found.run_id, "brittle")}
        assert {"brittle/report.html", "brittle/summary.json", "brittle/flips"} <= names
    assert float(client.get_model_version("digits", "1").tags["brittle.asr"]) == pytest.approx(
        summary["asr"], rel=1e-5
    )
