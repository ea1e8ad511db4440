"""Train the built-in video model on camera moves over photos and write its graph and card into the package.

    python training/camera.py            # about five minutes on one core; needs the extra builtin

Clips are made as they are needed, of 14 of the built-in photos. What the card says is measured with the
written graph on new clips of the other six, which no setting was chosen by. Batch norm is folded into the
convolutions, so that what is stored is what runs.
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
from brittle.data import open_data
from brittle.data.camera import FRAMES, MOVES, NAME, SPEC, TRAINED_ON, UNSEEN, make_clip, open_photos
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
EACH = 20
"""Clips of every move over every photo that is measured on."""
OPPOSITE = 1
"""What to flip in the number of a move to get that of its opposite, which is its reverse."""
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


def main() -> None:
    """Train, check that the written graph answers as the net does, measure, write."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--steps", type=int, default=500)
    parser.add_argument("--out", type=Path, default=GRAPH)
    chosen = parser.parse_args()
    torch.set_num_threads(1)
    found = open_photos()
    photos = [found.open(id).x for id in found.ids]
    net = train(photos[TRAINED_ON], chosen.seed, chosen.steps)
    graph = build_graph(net)
    session = load_graph(graph, NAME, threads=1).session
    data = open_data(NAME)
    x, y = (np.stack(part) for part in zip(*((s.x, s.label) for s in map(data.open, data.ids)), strict=True))

    def ask(clips: Array) -> Array:
        answers: Array = session.run(["logits"], {"clips": clips})[0]
        return answers

    with torch.no_grad():
        np.testing.assert_allclose(ask(x), net(torch.from_numpy(x)).numpy(), atol=1e-3)
    chosen.out.write_bytes(graph)
    card = {
        "name": "video",
        "input": "(n, 3, 16, 64, 64) float32 in [0, 1]: RGB, 16 frames, 16 a second",
        "output": "logits",
        "classes": MOVES,
        "architecture": f"3-D CNN, widths {tuple(width for width, _, _ in LAYERS)}, batch norm folded",
        "parameters": sum(p.numel() for p in net.parameters()),
        **measured(ask, dict(zip(found.ids[UNSEEN], photos[UNSEEN], strict=True)), chosen.seed),
        "built_in_clips": share(ask(x).argmax(1) == y),
        "trained_on": found.ids[TRAINED_ON],
        "seed": chosen.seed,
        "steps": f"{chosen.steps} of {BATCH} clips, each also reversed, half also without motion",
        "versions": {
            "python": platform.python_version(),
            **{package: version(package) for package in ("torch", "numpy", "scipy", "onnx", "foolbox")},
        },
        "command": "python training/camera.py",
        "data": (
            "Clips of eight camera moves, made by brittle.data.camera of the 20 ImageNet photos that ship in "
            "foolbox; none was recorded. The photos are real, their motion and its jitter are synthetic."
        ),
        "licence": "Weights: Apache-2.0, as brittle; no photos and no clips are in this package.",
        "limits": "For demonstrations and tests. It knows no camera but the one that made these clips.",
    }
    chosen.out.with_suffix(".json").write_text(
        json.dumps(card, indent=1, ensure_ascii=False) + "\n", encoding="utf-8"
    )
    print(f"accuracy {card['accuracy']}, {chosen.out.stat().st_size / 1000:.0f} kB: {chosen.out}")


if __name__ == "__main__":
    main()
