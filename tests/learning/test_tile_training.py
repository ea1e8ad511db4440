"""Learning tiles on local models: it helps, the same seed gives the same file, it goes on after a stop."""

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from click.testing import CliRunner
from PIL import Image

import brittle
from brittle.cli import cli
from brittle.core.errors import UsageError
from brittle.data import open_data
from brittle.gradients.local import open_local
from brittle.learning.settings import TileSettings
from brittle.learning.tile import best_first
from brittle.store.tiles import read_tiles

torch: Any = pytest.importorskip("torch")

WORDS: dict[str, Any] = {"size": (32, 32), "tiles": 2, "side": 8, "batch": 4, "max_l2": 1.0}


class Net(torch.nn.Module):  # type: ignore[misc]
    """A small frozen network of 32 x 32 images."""

    def __init__(self) -> None:
        super().__init__()
        generator = torch.Generator().manual_seed(0)
        self.filters = torch.nn.Parameter(torch.randn(8, 3, 5, 5, generator=generator))
        self.classes = torch.nn.Parameter(torch.randn(4, 8, generator=generator))

    def forward(self, x: Any) -> Any:
        seen = torch.relu(torch.nn.functional.conv2d(x - 0.5, self.filters, stride=2))
        return seen.mean(dim=(2, 3)) @ self.classes.T


def net() -> Net:
    return Net()


NAME = "tile_net:net"


@pytest.fixture
def photos(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> str:
    """Images labelled as the network sees them, and the network as a module of that name."""
    code = Path(__file__).read_text(encoding="utf-8")
    start, end = code.index("class Net"), code.index("NAME =")
    folder = tmp_path / "photos"
    folder.mkdir()
    (tmp_path / "tile_net.py").write_text("import torch\nfrom typing import Any\n" + code[start:end])
    monkeypatch.syspath_prepend(tmp_path)
    rng, rows = np.random.default_rng(0), ["file,label"]
    for number in range(10):
        pixels = rng.integers(0, 256, (4, 4, 3)).astype(np.uint8)
        image = Image.fromarray(pixels).resize((32, 32))
        image.save(folder / f"{number}.png")
        x = np.asarray(image, np.float32).transpose(2, 0, 1)[None] / 255
        with torch.no_grad():
            rows.append(f"{number}.png,{int(Net()(torch.from_numpy(x)).argmax())}")
    (folder / "labels.csv").write_text("\n".join(rows))
    return str(folder)


def test_learning_lowers_the_margin_and_writes_a_card(photos: str, tmp_path: Path) -> None:
    seen: list[Any] = []
    words = {**WORDS, "steps": 25}
    file = brittle.train_tiles([NAME], photos, tmp_path / "t.safetensors", watch=seen.append, **words)
    assert np.mean([s.margin for s in seen[-5:]]) < np.mean([s.margin for s in seen[:5]]) - 0.05
    tiles = read_tiles(file)
    assert tiles.values.shape == (2, 3, 8, 8) and tiles.axes == ("height", "width")
    card = json.loads(file.with_suffix(".json").read_text())
    assert card["models"][0]["name"] == NAME and card["settings"]["seed"] == 0
    assert card["rows"] == seen[-1].rows + 2 * 10 and seen[-1].rows > 0
    assert str(tmp_path) not in json.dumps(card)
    assert len(file.with_suffix(".csv").read_text().splitlines()) == 26


def test_the_tile_that_helps_most_comes_first(photos: str, tmp_path: Path) -> None:
    words = {**WORDS, "tiles": 3, "steps": 3}
    tiles = read_tiles(brittle.train_tiles([NAME], photos, tmp_path / "t.safetensors", **words))
    dataset = open_data(photos, (3, 32, 32))
    samples = [dataset.open(name) for name in dataset.ids]
    settings = TileSettings(tiles=3, side=8, batch=4, max_l2=1.0)
    local = open_local(NAME)
    again, rows = best_first(tiles.values[::-1].copy(), [local], samples, settings)
    assert np.array_equal(again, tiles.values) and rows == 30


def test_the_same_seed_gives_the_same_file_also_after_a_stop(photos: str, tmp_path: Path) -> None:
    def stop(now: Any) -> None:
        if now.step == 13:
            raise KeyboardInterrupt

    words = {**WORDS, "steps": 15}
    whole = brittle.train_tiles([NAME], photos, tmp_path / "a.safetensors", **words)
    with pytest.raises(KeyboardInterrupt):
        brittle.train_tiles([NAME], photos, tmp_path / "b.safetensors", watch=stop, **words)
    steps: list[int] = []
    parted = brittle.train_tiles(
        [NAME], photos, tmp_path / "b.safetensors", watch=lambda s: steps.append(s.step), **words
    )
    assert steps == [11, 12, 13, 14, 15]
    assert whole.read_bytes() == parted.read_bytes()
    other = brittle.train_tiles([NAME], photos, tmp_path / "c.safetensors", seed=1, **words)
    assert other.read_bytes() != whole.read_bytes()


@pytest.mark.parametrize(
    ("words", "says"),
    [
        (["--model", "efficientnet-lite9"], "did you mean 'efficientnet-lite"),
        (["--model", "none.onnx"], "found none; check the path"),
        (["--model", "n" * 300 + ".onnx"], "File name too long; check the path"),
        (["--model", "json:loads"], "expected json:loads to return a torch.nn.Module"),
        (["--model", NAME, "--steps", "0"], "steps: Input should be greater than or equal to 1, got"),
    ],
)
def test_bad_words_give_one_clear_line(photos: str, tmp_path: Path, words: list[str], says: str) -> None:
    out = str(tmp_path / "t.safetensors")
    result = CliRunner().invoke(cli, ["train", "--kind", "tile", "--data", photos, "--out", out, *words])
    assert result.exit_code in (2, 4)
    assert says in " ".join(result.output.split()) and "Traceback" not in result.output


def test_tiles_are_written_to_a_safetensors_file(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match=r"end in \.safetensors"):
        brittle.train_tiles([NAME], "photos", tmp_path / "t.bin")
