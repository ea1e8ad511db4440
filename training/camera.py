"""Train the built-in video model on camera moves over photos and write its graph and card into the package.

    python training/camera.py            # about five minutes on one core; needs the extra builtin
    python training/camera.py --measure  # trains nothing: the shipped graph is measured again

Clips are made as they are needed, of 14 of the built-in photos. What the card says is measured with the
written graph on new clips of the other six, which no setting was chosen by, and of the six scenes of the
built-in clips. Batch norm is folded into the convolutions, so that what is stored is what runs.
"""

import argparse
import json
import platform
from collections.abc import Callable, Iterable, Mapping, Sequence
from importlib.metadata import version
from pathlib import Path
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from onnx import TensorProto, helper, numpy_helper
from scipy.special import softmax
from torch import nn

from brittle.core.sample import Array
from brittle.core.seeds import generator
from brittle.data import Dataset, open_data
from brittle.data.camera import FRAMES, MOVES, NAME, PHOTO_SIDE, SPEC, make_clip, open_scenes
from brittle.models.camera import GRAPH
from brittle.models.onnx import load_graph
from brittle.report.intervals import wilson

LAYERS = (
    (16, (3, 5, 5), (2, 2, 2)),
    (24, (3, 3, 3), (1, 2, 2)),
    (32, (3, 3, 3), (2, 2, 2)),
    (48, (3, 3, 3), (2, 2, 2)),
)
"""Width, kernel and stride of each convolution, over frame, height and width."""
BATCH, RATE_OF_LEARNING, DECAY = 8, 3e-3, 1e-2
TRAINED_ON, UNSEEN = slice(0, 14), slice(14, 20)
"""Of the built-in photos by name: those learned from, and those measured on."""
EACH = 20
"""Clips of every move over every photo that is measured on."""
OPPOSITE = 1
"""What to flip in the number of a move to get that of its opposite, which is its reverse."""
MADE = ("parameters", "trained_on", "seed", "steps", "versions")
"""What the card says of the training; kept when the graph is only measured again."""
Labels = NDArray[np.int64]
Ask = Callable[[Array], Array]


class Net(nn.Module):  # type: ignore[misc]
    """Four convolutions with batch norm and a linear head that knows where in the frame things move."""

    def __init__(self) -> None:
        super().__init__()
        widths = (SPEC.shape[0], *(width for width, _, _ in LAYERS))
        self.blocks = nn.Sequential(
            *(
                nn.Sequential(
                    nn.Conv3d(width, wider, kernel, stride, [k // 2 for k in kernel], bias=False),
                    nn.BatchNorm3d(wider),
                    nn.ReLU(),
                )
                for width, (wider, kernel, stride) in zip(widths, LAYERS, strict=False)
            )
        )
        self.head = nn.Linear(LAYERS[-1][0] * 2 * 4 * 4, len(MOVES))

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        """(n, 3, 16, 64, 64) in [0, 1] -> (n, 8)."""
        return self.head(self.blocks(x - 0.5).flatten(1))


def train(photos: Sequence[Array], seed: int, steps: int) -> Net:
    """Cross-entropy on new clips in every step. photos: (3, side, side) in [0, 1]."""
    torch.manual_seed(seed)
    rng = generator(seed, NAME, "training")
    net: Net = Net().to(memory_format=torch.channels_last_3d)
    optimiser = torch.optim.AdamW(net.parameters(), RATE_OF_LEARNING, weight_decay=DECAY)
    schedule = torch.optim.lr_scheduler.OneCycleLR(optimiser, RATE_OF_LEARNING, steps)
    for step in range(1, steps + 1):
        x, targets = (torch.from_numpy(part) for part in batch(photos, rng))
        optimiser.zero_grad()
        answers = net(x.to(memory_format=torch.channels_last_3d))
        loss = nn.functional.cross_entropy(answers, targets, label_smoothing=0.05)
        loss.backward()
        optimiser.step()
        schedule.step()
        if step % 50 == 0:
            print(f"step {step}: loss {loss.item():.3f}", flush=True)
    net.eval()
    return net


def batch(photos: Sequence[Array], rng: np.random.Generator) -> tuple[Array, Array]:
    """BATCH clips, each also reversed, half also without motion, and what to answer, (n, 8).

    What tells a clip from its reverse is motion alone; without any, all answers are as good. Photos are
    mirrored half of the time.
    """
    y = rng.integers(0, len(MOVES), BATCH)
    shown = [photos[k][..., :: rng.choice((1, -1))] for k in rng.integers(0, len(photos), BATCH)]
    clips = filmed(shown, y, rng)
    lost = np.concatenate([still(clips[: BATCH // 4]), shuffled(clips[-BATCH // 4 :], rng)])
    known = np.eye(len(MOVES), dtype=np.float32)[np.concatenate([y, y ^ OPPOSITE])]
    unknown = np.full((len(lost), len(MOVES)), 1 / len(MOVES), np.float32)
    return np.concatenate([clips, clips[:, :, ::-1], lost]), np.concatenate([known, unknown])


def filmed(photos: Sequence[Array], y: Labels, rng: np.random.Generator) -> Array:
    """A clip of each photo, of the move beside it: (n, 3, 16, 64, 64) in [0, 1]."""
    clips = [make_clip(photo, MOVES[label], rng) for photo, label in zip(photos, y, strict=True)]
    return SPEC.decode(np.stack(clips))


def still(clips: Array) -> Array:
    """The middle frame of each clip, again and again."""
    return np.repeat(clips[:, :, FRAMES // 2, None], FRAMES, axis=2)


def shuffled(clips: Array, rng: np.random.Generator) -> Array:
    """The frames of each clip in an order of its own."""
    return np.stack([clip[:, rng.permutation(FRAMES)] for clip in clips])


@torch.no_grad()  # type: ignore[untyped-decorator]
def build_graph(net: Net) -> bytes:
    """The net in evaluation mode as an ONNX file, batch norm folded into the convolutions."""
    weights = {"half": np.float32(0.5), "head.weight": net.head.weight, "head.bias": net.head.bias}
    nodes = [helper.make_node("Sub", ["clips", "half"], ["centred"])]
    last = "centred"
    for k, ((conv, norm, _), (_, kernel, stride)) in enumerate(zip(net.blocks, LAYERS, strict=True)):
        gain = norm.weight / torch.sqrt(norm.running_var + norm.eps)
        weights[f"conv{k}.weight"] = conv.weight * gain[:, None, None, None, None]
        weights[f"conv{k}.bias"] = norm.bias - norm.running_mean * gain
        pads = [side // 2 for side in kernel] * 2
        names = [last, f"conv{k}.weight", f"conv{k}.bias"]
        nodes.append(helper.make_node("Conv", names, [f"conv{k}"], strides=stride, pads=pads))
        last = f"relu{k}"
        nodes.append(helper.make_node("Relu", [f"conv{k}"], [last]))
    nodes.append(helper.make_node("Flatten", [last], ["features"]))
    nodes.append(helper.make_node("Gemm", ["features", "head.weight", "head.bias"], ["logits"], transB=1))
    graph = helper.make_graph(
        nodes,
        NAME,
        [helper.make_tensor_value_info("clips", TensorProto.FLOAT, ["n", *SPEC.shape])],
        [helper.make_tensor_value_info("logits", TensorProto.FLOAT, ["n", len(MOVES)])],
        [numpy_helper.from_array(np.asarray(value), name) for name, value in weights.items()],
    )
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=9)
    return bytes(model.SerializeToString())


def measured(ask: Ask, photos: Mapping[str, Array], seed: int) -> dict[str, Any]:
    """Accuracy on EACH new clips of every move over every photo, and the controls on the same clips.

    Shuffled frames still show along what the camera moved, but not which way: a quarter may be right.
    """
    rng = generator(seed, NAME, "controls")
    y = np.arange(len(MOVES)).repeat(EACH)
    x = [filmed([photo] * len(y), y, generator(seed, NAME, name)) for name, photo in photos.items()]
    right = np.stack([ask(clips).argmax(1) == y for clips in x])

    def control(changed: Iterable[Array], names: Labels) -> dict[str, Any]:
        answers = np.stack([ask(clips) for clips in changed])
        named = answers.argmax(-1)
        return {
            **share(named == names),
            "right_or_opposite": round(float((named // 2 == names // 2).mean()), 4),
            "mean_probability": round(float(softmax(answers, -1).max(-1).mean()), 4),
        }

    return {
        "accuracy": control(x, y),
        "accuracy_by_photo": dict(zip(photos, right.mean(1).round(4).tolist(), strict=True)),
        "recall": {move: round(float(right[:, y == k].mean()), 4) for k, move in enumerate(MOVES)},
        "controls": {
            "one frame repeated": control(map(still, x), y),
            "frames shuffled": control((shuffled(clips, rng) for clips in x), y),
            "reversed, named as the opposite": control((clips[:, :, ::-1] for clips in x), y ^ OPPOSITE),
        },
    }


def share(hits: NDArray[np.bool_]) -> dict[str, Any]:
    """How many of how many, with Wilson's 95 % interval, as if clips of one photo were independent."""
    interval = wilson(int(hits.sum()), hits.size)
    ends = [] if interval is None else [round(end, 4) for end in interval.to_list()]
    return {"n": hits.size, "share": round(float(hits.mean()), 4), "interval": ends}


def learned(photos: Dataset, seed: int, steps: int, out: Path) -> dict[str, Any]:
    """Train, write the graph, check that it answers as the net does, and say how it was made."""
    net = train([photos.open(id).x for id in photos.ids[TRAINED_ON]], seed, steps)
    out.write_bytes(build_graph(net))
    x, _ = built_in_clips()
    with torch.no_grad():
        np.testing.assert_allclose(opened(out)(x), net(torch.from_numpy(x)).numpy(), atol=1e-3)
    return {
        "parameters": sum(p.numel() for p in net.parameters()),
        "trained_on": photos.ids[TRAINED_ON],
        "seed": seed,
        "steps": f"{steps} of {BATCH} clips, each also reversed, half also without motion",
        "versions": {
            "python": platform.python_version(),
            **{package: version(package) for package in ("torch", "numpy", "scipy", "onnx", "foolbox")},
        },
    }


def opened(graph: Path) -> Ask:
    """What asks a written graph."""
    session = load_graph(graph.read_bytes(), NAME, threads=1).session

    def ask(clips: Array) -> Array:
        answers: Array = session.run(["logits"], {"clips": clips})[0]
        return answers

    return ask


def built_in_clips() -> tuple[Array, Labels]:
    """All 24, (24, 3, 16, 64, 64), and their labels."""
    data = open_data(NAME)
    samples = [data.open(id) for id in data.ids]
    return np.stack([s.x for s in samples]), np.array([s.label for s in samples])


def card(made: Mapping[str, Any], ask: Ask, unseen: Mapping[str, Array]) -> dict[str, Any]:
    """All that is said of the graph: how it was made, and what it is worth on clips measured now."""
    scenes = open_scenes()
    x, y = built_in_clips()
    return {
        "name": "video",
        "input": "(n, 3, 16, 64, 64) float32 in [0, 1]: RGB, 16 frames, 16 a second",
        "output": "logits",
        "classes": MOVES,
        "architecture": f"3-D CNN, widths {tuple(width for width, _, _ in LAYERS)}, batch norm folded",
        "parameters": made["parameters"],
        **measured(ask, unseen, made["seed"]),
        "scenes": measured(ask, {id: scenes.open(id).x for id in scenes.ids}, made["seed"]),
        "built_in_clips": share(ask(x).argmax(1) == y),
        **made,
        "command": "python training/camera.py",
        "data": (
            "Clips of eight camera moves, made by brittle.data.camera; none was recorded. Trained and "
            "measured on those of the 20 ImageNet photos that ship in foolbox; scenes: measured on those "
            "of the six photos of the built-in clips. The photos are real, their motion and its jitter are "
            "synthetic."
        ),
        "licence": (
            "Weights: Apache-2.0, as brittle. No photo of ImageNet is in this package; the scenes have a "
            "card of their own, brittle/data/scenes/card.json."
        ),
        "limits": "For demonstrations and tests. It knows no camera but the one that made these clips.",
    }


def main() -> None:
    """Train unless the graph is only measured again, measure, write the card."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--steps", type=int, default=500)
    parser.add_argument("--out", type=Path, default=GRAPH)
    parser.add_argument("--measure", action="store_true", help="measure the graph at --out; train nothing")
    chosen = parser.parse_args()
    torch.set_num_threads(1)
    path = chosen.out.with_suffix(".json")
    photos = open_data("photos", (3, PHOTO_SIDE, PHOTO_SIDE))
    if chosen.measure:
        before = json.loads(path.read_text(encoding="utf-8"))
        made = {key: before[key] for key in MADE}
    else:
        made = learned(photos, chosen.seed, chosen.steps, chosen.out)
    unseen = {id: photos.open(id).x for id in photos.ids[UNSEEN]}
    told = card(made, opened(chosen.out), unseen)
    path.write_text(json.dumps(told, indent=1, ensure_ascii=False) + "\n", encoding="utf-8")
    print(f"accuracy {told['accuracy']}, {chosen.out.stat().st_size / 1000:.0f} kB: {chosen.out}")


if __name__ == "__main__":
    main()
