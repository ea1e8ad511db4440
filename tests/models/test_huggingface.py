"""Folders of transformers: the library's own answers, sizes and names, and no code of a folder."""

import json
import shutil
from contextlib import suppress
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from click.testing import CliRunner
from PIL import Image

from brittle.cli import cli
from brittle.core.errors import MissingExtraError, ModelError
from brittle.models import ModelOptions, open_model
from brittle.models.export import export_onnx
from brittle.models.huggingface import preprocessing

torch: Any = pytest.importorskip("torch")
transformers: Any = pytest.importorskip("transformers")

NAMES = {0: "cat", 1: "dog", 2: "fox", 3: "hen", 4: "owl"}
SIDE, FRAMES = 16, 4
TINY = {"hidden_size": 16, "num_hidden_layers": 1, "num_attention_heads": 2, "intermediate_size": 16}
MEAN, STD = (0.5, 0.4, 0.3), (0.2, 0.3, 0.4)


def saved(folder: Path, net: Any, **processor: Any) -> Path:
    """A module of transformers in a folder, with its processor's config."""
    net.save_pretrained(folder)
    stated = {"size": {"height": SIDE, "width": SIDE}, "image_mean": MEAN, "image_std": STD, **processor}
    (folder / "preprocessor_config.json").write_text(json.dumps(stated))
    return folder


@pytest.fixture(scope="module")
def image(tmp_path_factory: pytest.TempPathFactory) -> Path:
    torch.manual_seed(0)
    config = transformers.ViTConfig(**TINY, image_size=SIDE, patch_size=8, id2label=NAMES)
    net = transformers.ViTForImageClassification(config)
    with torch.no_grad():
        net.classifier.weight *= 40  # answers that differ
    return saved(tmp_path_factory.mktemp("hf") / "vit", net)


@pytest.fixture(scope="module")
def video(tmp_path_factory: pytest.TempPathFactory) -> Path:
    torch.manual_seed(0)
    config = transformers.VideoMAEConfig(
        **TINY, image_size=SIDE, patch_size=8, num_frames=FRAMES, tubelet_size=2, id2label=NAMES
    )
    return saved(tmp_path_factory.mktemp("hf") / "mae", transformers.VideoMAEForVideoClassification(config))


def told(folder: Path, x: Any, kind: str = "Image") -> Any:
    """What transformers itself answers to pixels in [0, 1]."""
    net = getattr(transformers, f"AutoModelFor{kind}Classification").from_pretrained(folder).eval()
    mean, std = (np.reshape(values, (-1, 1, 1)) for values in (MEAN, STD))
    with torch.inference_mode():
        return net(pixel_values=torch.tensor((x - mean) / std, dtype=torch.float32)).logits.numpy()


def test_images_are_answered_as_transformers_and_the_onnx_route_answer_them(
    image: Path, tmp_path: Path
) -> None:
    x = np.random.default_rng(0).random((3, 3, SIDE, SIDE), np.float32)
    backend = open_model(f"hf:{image}")
    assert backend.shape == (3, SIDE, SIDE) and backend.classes == tuple(NAMES.values())
    assert backend.settings.output == "logits" and backend.bounds == (0.0, 1.0) and backend.sha256
    expected = told(image, x)
    assert np.abs(backend.ask(x) - expected).max() < 1e-5
    net = transformers.AutoModelForImageClassification.from_pretrained(image, attn_implementation="eager")

    class Logits(torch.nn.Module):  # type: ignore[misc]
        def __init__(self) -> None:
            super().__init__()
            self.net = net

        def forward(self, x: Any) -> Any:
            return self.net(pixel_values=x).logits

    file = tmp_path / "vit.onnx"
    file.write_bytes(export_onnx(Logits().eval(), (3, SIDE, SIDE), ModelOptions()))
    mean, std = (np.reshape(values, (-1, 1, 1)).astype(np.float32) for values in (MEAN, STD))
    assert np.abs(open_model(str(file)).ask((x - mean) / std) - expected).max() < 1e-5


def test_videos_too(video: Path) -> None:
    x = np.random.default_rng(0).random((2, 3, FRAMES, SIDE, SIDE), np.float32)
    backend = open_model(f"hf:{video}")
    assert backend.shape == (3, FRAMES, SIDE, SIDE)
    expected = told(video, np.moveaxis(x, 1, 2), "Video")
    assert np.abs(backend.ask(x) - expected).max() < 1e-5
    assert np.abs(backend.fitted((3, FRAMES, SIDE, SIDE)).ask(x) - expected).max() < 1e-5


def test_a_stated_mean_takes_the_place_of_the_folder_s(image: Path) -> None:
    stated = open_model(f"hf:{image}", ModelOptions(mean=(0.0,)))
    x = np.random.default_rng(0).random((1, 3, SIDE, SIDE), np.float32)
    mean, std = (np.reshape(values, (-1, 1, 1)).astype(np.float32) for values in (MEAN, STD))
    assert np.abs(stated.ask((x - mean) / std) - told(image, x)).max() < 1e-5


def test_an_audit_of_one_is_verified(image: Path, tmp_path: Path) -> None:
    rng = np.random.default_rng(0)
    for number in range(3):
        pixels = rng.integers(0, 256, (20, 24, 3), np.uint8)
        Image.fromarray(pixels).save(tmp_path / f"{number}.png")
    (tmp_path / "photos").mkdir()
    for file in tmp_path.glob("*.png"):
        file.rename(tmp_path / "photos" / file.name)
    run, model = str(tmp_path / "run"), f"hf:{image}"
    words = [
        "audit",
        model,
        str(tmp_path / "photos"),
        "--budget",
        "20",
        "--search",
        "patchwork",
        "--out",
        run,
    ]
    made = CliRunner().invoke(cli, words)
    assert made.exit_code == 0, made.output
    assert CliRunner().invoke(cli, ["verify", run]).exit_code == 2  # a folder is opened only if it is named
    held = CliRunner().invoke(cli, ["verify", run, model])
    assert held.exit_code == 0 and "checks hold" in held.output, held.output


def test_code_of_a_folder_is_never_run(image: Path, tmp_path: Path) -> None:
    folder = tmp_path / "evil"
    shutil.copytree(image, folder)
    (folder / "modeling.py").write_text(f"open({str(tmp_path / 'ran')!r}, 'w')\n")
    config = json.loads((folder / "config.json").read_text())
    config["auto_map"] = {"AutoModelForImageClassification": "modeling.Evil", "AutoConfig": "modeling.Evil"}
    (folder / "config.json").write_text(json.dumps({**config, "model_type": "evil"}))
    with pytest.raises(ModelError, match="transformers cannot open"):
        open_model(f"hf:{folder}")
    (folder / "config.json").write_text(json.dumps(config))
    with suppress(ModelError):  # one that transformers has is opened, without the folder's code
        open_model(f"hf:{folder}")
    assert not (tmp_path / "ran").exists()


def test_a_pickle_is_not_opened(image: Path, tmp_path: Path) -> None:
    folder = tmp_path / "old"
    shutil.copytree(image, folder)
    (folder / "model.safetensors").unlink()
    (folder / "pytorch_model.bin").write_bytes(b"\x80\x04cos\nsystem\n")
    with pytest.raises(ModelError, match=r"expected weights in safetensors, model\.safetensors"):
        open_model(f"hf:{folder}")


@pytest.mark.parametrize(
    ("file", "text", "match"),
    [
        ("config.json", None, "expected a folder of transformers with config.json"),
        ("config.json", "[" * 10_000, "is damaged"),
        ("config.json", "[]", "it holds no record"),
        ("config.json", '{"architectures": ["BertForMaskedLM"]}', "is of BertForMaskedLM"),
        ("preprocessor_config.json", None, "which says how big inputs are"),
        ("preprocessor_config.json", '{"size": "big"}', "expected a size, got 'big'"),
        ("preprocessor_config.json", '{"size": 8, "image_mean": [0, 0], "image_std": [1]}', "of one length"),
        ("model.safetensors", "no weights", "transformers cannot open"),
    ],
)
def test_what_is_no_such_folder_is_one_line(
    image: Path, tmp_path: Path, file: str, text: str | None, match: str
) -> None:
    folder = tmp_path / "other"
    shutil.copytree(image, folder)
    (folder / file).unlink()
    if text is not None:
        (folder / file).write_text(text)
    with pytest.raises(ModelError, match=match) as found:
        open_model(f"hf:{folder}")
    assert "\n" not in str(found.value)


def test_without_the_extra(image: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("brittle.models.huggingface.find_spec", lambda name: None)
    with pytest.raises(MissingExtraError, match="'hf'"):
        open_model(f"hf:{image}")


NORMAL = {"image_mean": [0.5], "image_std": [0.25], "size": 8}


@pytest.mark.parametrize(
    ("config", "stated", "expected"),
    [
        ({}, NORMAL, ((8, 8), 1, (0.5,), (0.25,))),
        ({}, {**NORMAL, "rescale_factor": 1 / 127.5, "rescale_offset": True}, ((8, 8), 2, (1.5,), (0.25,))),
        ({}, {**NORMAL, "do_rescale": False}, ((8, 8), 255, (0.5,), (0.25,))),
        ({}, {**NORMAL, "do_normalize": False}, ((8, 8), 1, (0,), (1,))),
        ({"image_size": [6, 7]}, {}, ((6, 7), 1, (0,), (1,))),
        ({}, {"size": {"shortest_edge": 9}, "crop_size": {"height": 7, "width": 6}}, ((7, 6), 1, (0,), (1,))),
        (
            {},
            {"size": {"shortest_edge": 9}, "crop_size": 7, "do_center_crop": False},
            ((9, 9), 1, (0,), (1,)),
        ),
    ],
)
def test_what_a_processor_does_to_a_pixel(config: Any, stated: Any, expected: Any) -> None:
    found = preprocessing(config, stated, "it")
    sides, scale, mean, std = expected
    assert found.sides == sides
    assert found.scale == pytest.approx(scale)
    assert found.mean == pytest.approx(mean) and found.std == pytest.approx(std)
