"""The lines of HPE's video table, as presets."""

from pathlib import Path
from typing import Any

import numpy as np
import pytest
from click.testing import CliRunner

import brittle
from brittle.cli import cli
from brittle.core.sample import Array
from brittle.domains.video import Video
from brittle.searches import SEARCHES
from brittle.tasks.audit.presets import ECG_PRESETS, PRESETS, VIDEO_PRESETS, preset
from video.conftest import spec_of

CLIP = (3, 5, 20, 17)  # channel, frame, height, width


def audited(folder: Path, shape: tuple[int, ...], **settings: Any) -> brittle.Run:
    """An audit of a model that tells bright inputs, (n, *shape), from dark ones."""

    def brightness(x: Array) -> Array:
        p = 1 / (1 + np.exp(-40 * (x.reshape(len(x), -1).mean(axis=1) - 0.5)))
        return np.stack([p, 1 - p], axis=1).astype(np.float32)

    brightness.input_shape = shape  # type: ignore[attr-defined]
    x = np.random.default_rng(0).random((4, *shape)).astype(np.float32)
    return brittle.audit(brightness, (x, None), **{"budget": 40, "out": folder / "run", **settings})


@pytest.mark.parametrize(
    ("name", "distortion"), [("hpe-video-gb", "gaussian_blur"), ("hpe-video-dp", "dead_pixels")]
)
def test_presets_are_audits(tmp_path: Path, name: str, distortion: str) -> None:
    assert preset(name)["search"] == "temporal-spatial" in SEARCHES.names()
    manifest = audited(tmp_path, CLIP, **preset(name)).manifest
    assert {layer.distortion for layer in manifest.palette} == {distortion}
    assert manifest.cell == (1, 3, 3), "an eighth of 20 and of 17, rounded up"
    assert manifest.settings["distance"] == "map"


@pytest.mark.parametrize("sides", [(64, 64), (112, 112), (61, 9), (3, 1)])
def test_cells_are_as_high_and_wide_as_the_default(sides: tuple[int, int]) -> None:
    spec = spec_of(3, 16, *sides)
    (text,) = {preset(name)["cell"] for name in VIDEO_PRESETS}
    assert Video().parse_cell(text, spec) == (1, *Video().cell(spec)[1:])


@pytest.mark.parametrize(("shape", "kind"), [((3, 16, 16), "image"), ((1, 200), "ecg")])
@pytest.mark.parametrize("name", VIDEO_PRESETS)
def test_other_inputs_are_refused(tmp_path: Path, name: str, shape: tuple[int, ...], kind: str) -> None:
    expected = (
        rf"^expected inputs of the domain 'video', but the model and data are of '{kind}' \(channel, .*\)$"
    )
    with pytest.raises(brittle.UsageError, match=expected):
        audited(tmp_path, shape, **preset(name))
    assert not (tmp_path / "run").exists()


def test_all_presets_are_listed() -> None:
    assert set(PRESETS) == {*ECG_PRESETS, *VIDEO_PRESETS} and len(PRESETS) == len(ECG_PRESETS) + 2
    listed = {entry.name: entry.line for entry in brittle.catalogue() if entry.kind == "preset"}
    assert listed["hpe-video-gb"].startswith("HPE's video table, GB: gaussian_blur")
    assert set(listed) == set(PRESETS)


def test_command_line(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    code = "import numpy as np\n\n\ndef model(x):\n    return np.full((len(x), 2), (0.6, 0.4), np.float32)\n"
    (tmp_path / "always_the_first.py").write_text(code)
    monkeypatch.syspath_prepend(str(tmp_path))
    for name, shape in (("clips", CLIP), ("images", (3, 20, 17))):
        np.savez(tmp_path / f"{name}.npz", x=np.full((2, *shape), 0.5, np.float32), y=np.zeros(2, int))
    more = ("--preset", "hpe-video-dp", "--search", "two-stage", "--budget", "30", "--batch", "8")

    def typed(name: str) -> Any:
        places = (str(tmp_path / f"{name}.npz"), "--out", str(tmp_path / name))
        return CliRunner().invoke(cli, ["audit", "always_the_first:model", *places, *more])

    done = typed("clips")
    assert done.exit_code == 0, done.output
    asked = brittle.Run.open(tmp_path / "clips").manifest.settings
    assert (asked["search"], asked["distance"]) == ("two-stage", "map"), "options win over presets"
    refused = typed("images")
    assert refused.exit_code == brittle.UsageError.exit_code
    assert "error: expected inputs of the domain 'video', but" in " ".join(refused.output.split())
