"""Teaching rlab: it learns, the same seed gives the same file, also after a stop; bad input is one line."""

import csv
import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

from brittle.core.errors import DataError, UsageError
from brittle.learning.rlab.dueling import Learner, QValues
from brittle.learning.rlab.replay import MAX_AMOUNTS, Replay, Transition
from brittle.learning.settings import DuelingSettings
from brittle.searches.rlab.net import Dueling
from brittle.searches.rlab.view import AMOUNT, LAYER, WORLD, Choice, View, counts_of
from brittle.store.dueling import DuelingWeights, read_dueling
from brittle.tasks.train.rlab import train_rlab
from brittle.tasks.train.rlab_training import RlabRound

pytest.importorskip("torch")

MODEL = "rlab_model:classify"
QUICK: dict[str, Any] = {"cell": "8x8", "rounds": 3, "games": 6, "updates": 10, "hidden": 8, "budget": 120}
CODE = """
import numpy as np
WEIGHTS = np.random.default_rng(0).normal(size=(4, 3, 32, 32)).astype(np.float32)

def classify(x):
    logits = (x[:, None] * WEIGHTS).reshape(len(x), 4, -1).sum(-1) / 4
    powers = np.exp(logits - logits.max(axis=1, keepdims=True))
    return (powers / powers.sum(axis=1, keepdims=True)).astype(np.float32)
"""


@pytest.fixture
def photos(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> str:
    """Images labelled as a linear model sees them, and the model as a module of that name."""
    (tmp_path / "rlab_model.py").write_text(CODE)
    monkeypatch.syspath_prepend(tmp_path)
    monkeypatch.delitem(__import__("sys").modules, "rlab_model", raising=False)
    found: dict[str, Any] = {}
    exec(CODE, found)
    folder = tmp_path / "photos"
    folder.mkdir()
    rng, rows = np.random.default_rng(0), ["file,label"]
    for number in range(10):
        image = Image.fromarray(rng.integers(0, 256, (8, 8, 3)).astype(np.uint8)).resize((32, 32))
        image.save(folder / f"{number}.png")
        x = np.asarray(image, np.float32).transpose(2, 0, 1)[None] / 255
        rows.append(f"{number}.png,{int(found['classify'](x).argmax())}")
    (folder / "labels.csv").write_text("\n".join(rows))
    return str(folder)


def test_training_writes_weights_a_card_and_a_curve(photos: str, tmp_path: Path) -> None:
    seen: list[RlabRound] = []
    file = train_rlab([MODEL], photos, tmp_path / "a.safetensors", first=8, watch=seen.append, **QUICK)
    card = json.loads(file.with_suffix(".json").read_text())
    assert card["models"][0]["name"] == MODEL and card["data"]["first"] == 8
    assert card["rows"] == seen[-1].rows >= card["rows_shown"] == seen[-1].shown > 0
    assert str(tmp_path) not in json.dumps(card) and "--rounds 3" in card["command"]
    with file.with_suffix(".csv").open() as lines:
        curve = list(csv.DictReader(lines))
    assert [int(line["round"]) for line in curve] == [1, 2, 3] == [s.round for s in seen]
    assert not list(tmp_path.glob("*.part*"))


def test_the_same_seed_gives_the_same_file_also_after_a_stop(photos: str, tmp_path: Path) -> None:
    def stop(now: RlabRound) -> None:
        if now.round == 3:
            raise KeyboardInterrupt

    one = train_rlab([MODEL], photos, tmp_path / "one.safetensors", **QUICK)
    with pytest.raises(KeyboardInterrupt):
        train_rlab([MODEL], photos, tmp_path / "two.safetensors", watch=stop, **QUICK)
    seen: list[RlabRound] = []
    two = train_rlab([MODEL], photos, tmp_path / "two.safetensors", watch=seen.append, **QUICK)
    assert [s.round for s in seen] == [3] and one.read_bytes() == two.read_bytes()
    other = train_rlab([MODEL], photos, tmp_path / "other.safetensors", seed=1, **QUICK)
    assert other.read_bytes() != one.read_bytes()


def test_it_goes_on_from_another_agent_and_keeps_its_card(photos: str, tmp_path: Path) -> None:
    one = train_rlab([MODEL], photos, tmp_path / "one.safetensors", **QUICK)
    words = {**QUICK, "rounds": 1, "updates": 1, "rate": 1e-6, "most": 0.2}
    seen: list[RlabRound] = []
    two = train_rlab([MODEL], photos, tmp_path / "two.safetensors", start=one, watch=seen.append, **words)
    old, new = (read_dueling(f, WORLD, AMOUNT, LAYER) for f in (one, two))
    gaps = [np.abs(old.dense[n][i] - new.dense[n][i]).max() for n in old.dense for i in (0, 1)]
    assert 0 < max(gaps) < 1e-4 and seen[0].epsilon == 0.2
    card = json.loads(two.with_suffix(".json").read_text())
    assert card["start"] == old.name and card["start_card"]["rows"] > 0
    assert "--start one.safetensors" in card["command"]


def views(count: int, rng: np.random.Generator) -> list[View]:
    shapes = ((WORLD,), (5, AMOUNT), (3, LAYER))
    return [View(*(rng.normal(size=s).astype(np.float32) for s in shapes)) for _ in range(count)]


def test_it_learns_which_choice_pays() -> None:
    """Rewards are one feature of the amount plus one of the layer: random choices get 1 in 15 right."""
    rng = np.random.default_rng(0)
    transitions = []
    for view in views(600, rng):
        choice = Choice(int(rng.integers(5)), 1 + int(rng.integers(3)))
        reward = view.amounts[choice.amount, 4] + view.layers[choice.layer - 1, 6]
        transitions.append(Transition(view, choice, float(reward), None))
    replay = Replay()
    replay.add(transitions)
    learner = Learner(DuelingSettings(hidden=32, updates=150, rate=3e-3))
    first, last = learner.learn(replay, 1), learner.learn(replay, 2)
    assert last < first
    agent = Dueling(DuelingWeights(learner.weights()))
    fresh = views(200, rng)
    chosen = [agent.choose(v, 0.0) for v in fresh]
    best = [(int(v.amounts[:, 4].argmax()), 1 + int(v.layers[:, 6].argmax())) for v in fresh]
    assert np.mean([(c.amount, c.layer) == b for c, b in zip(chosen, best, strict=True)]) > 0.6


def test_later_rewards_are_worth_less_and_count_through_the_next_view() -> None:
    rng = np.random.default_rng(1)
    (early, late) = views(2, rng)
    replay = Replay()
    replay.add([Transition(early, Choice(0, 1), 0.0, late), Transition(late, Choice(0, 1), 1.0, None)])
    settings = DuelingSettings(hidden=16, updates=125, gamma=0.5, rate=3e-3, target=0.1)
    learner = Learner(settings)
    learner.learn(replay, 1)
    learner.learn(replay, 2)
    rows = replay.draw(64, np.random.default_rng(0))
    assert set(rows["terminal"].tolist()) == {0.0, 1.0}
    values = value_of(learner, replay)
    assert values[1] == pytest.approx(1.0, abs=0.1) and 0.4 < values[0] < 0.9


def value_of(learner: Learner, replay: Replay) -> list[float]:
    """Of the choices made, in order."""
    import torch

    batch = {k: torch.from_numpy(v) for k, v in replay.rows.items()}
    found: list[float] = QValues(learner.online, batch, "").of(batch["amount"], batch["layer"]).tolist()
    return found


@pytest.mark.parametrize("cells", [1, 5, 49, 3136])
def test_a_replay_has_room_for_every_amount(cells: int) -> None:
    assert len(counts_of(cells, None)) <= MAX_AMOUNTS and len(counts_of(cells, 4)) == 1
    assert all(add + remove >= 1 and add <= cells for add, remove in counts_of(cells, None))


@pytest.mark.parametrize(
    ("words", "says"),
    [
        ({"out": "a.npz"}, "expected --out to end in .safetensors"),
        ({"models": []}, "at least one local model"),
        ({"round": 3}, "there is no setting 'round' of rlab; did you mean 'rounds'"),
        ({"cel": "8x8"}, "there is no setting 'cel' of rlab; did you mean 'cell'"),
        ({"games": 0}, "games: Input should be greater than or equal to 1, got 0"),
        ({"distortions": ("gausian_noise",)}, "did you mean 'gaussian_noise'"),
    ],
)
def test_bad_input_is_one_line(photos: str, tmp_path: Path, words: dict[str, Any], says: str) -> None:
    given = {"models": [MODEL], "data": photos, "out": "a.safetensors", **words}
    out = tmp_path / given.pop("out")
    with pytest.raises(UsageError, match=says) as error:
        train_rlab(given.pop("models"), given.pop("data"), out, **given)
    assert "\n" not in str(error.value)


def test_a_model_that_is_always_wrong_teaches_nothing_and_says_so(photos: str, tmp_path: Path) -> None:
    lines = (Path(photos) / "labels.csv").read_text().splitlines()
    turned = [f"{line.rsplit(',', 1)[0]},{(int(line.rsplit(',', 1)[1]) + 1) % 4}" for line in lines[1:]]
    (Path(photos) / "labels.csv").write_text("\n".join([lines[0], *turned]))
    with pytest.raises(DataError, match="no sample could be played on"):
        train_rlab([MODEL], photos, tmp_path / "a.safetensors", **QUICK)
