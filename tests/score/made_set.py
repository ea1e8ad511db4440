"""A tiny hard set: images of three colours that two kinds of change turn grey, more so at each level."""

from collections.abc import Mapping, Sequence
from hashlib import sha256
from pathlib import Path
from typing import Any

import numpy as np

from brittle.core.distance import l2, linf
from brittle.core.sample import Array, InputSpec
from brittle.domains import domain_of
from brittle.store.hard_records import (
    Benchmark,
    HeldOutAnswer,
    Item,
    Kind,
    LeftOut,
    Level,
    NamedNet,
    SetRows,
    Source,
)
from brittle.store.hard_set import HardSet, class_folders, item_names, write_hard_set, write_inside

SPEC = InputSpec((3, 6, 8), ("channel", "height", "width"), bits=8)
CLASSES = ("red", "green", "blue")
LEVELS = {"near": 0.3, "far": 0.9}
"""Level and the share of the way to grey."""
SOURCES = 12
CARD = "---\nlicense: other\n---\n# A tiny set\n"


def colours(x: Array) -> Array:
    """A classifier: the mean of each channel."""
    return np.asarray(x.mean(axis=(2, 3)), np.float32)


def shaped(model: Any, shape: tuple[int | None, ...] = (3, None, None)) -> Any:
    """A function that says what it takes, as a model."""
    model.input_shape = shape
    return model


NET = shaped(colours)


def originals() -> list[tuple[str, int, Array]]:
    """Ids, labels and inputs: each brightest in the channel of its label, some more than others."""
    rng = np.random.default_rng(5)
    found = []
    for k in range(SOURCES):
        x = rng.uniform(0, 0.5, SPEC.shape)
        x[k % 3] += 0.02 + 0.03 * k
        found.append(
            (f"photos/{CLASSES[k % 3]}/{k}.x.jpg", k % 3, SPEC.decode(SPEC.encode(x.astype(np.float32))))
        )
    return found


def changed(x: Array, kind: str, share: float) -> Array:
    """Towards grey, or towards the next class."""
    goal = x.mean(axis=0, keepdims=True) if kind == "grey" else np.roll(x, 1, axis=0)
    return SPEC.decode(SPEC.encode(np.asarray(x + share * (goal - x), np.float32)))


def about(**more: Any) -> Benchmark:
    """benchmark.json of the set."""
    told: dict[str, Any] = {
        "settings": {"seed": 0, "budget": 8},
        "surrogates": (NamedNet(name="nets/one.onnx", sha256="1" * 64),),
        "hold_outs": (NamedNet(name="nets/two.onnx", sha256="2" * 64),),
        "data": Source(name="photos", samples=SOURCES + 1, sha256="3" * 64, licence="CC0, by nobody"),
        "domain": "image",
        "spec": SPEC,
        "levels": tuple(Level(name=name, measure="rms", value=share / 10) for name, share in LEVELS.items()),
        "base": "near",
        "kinds": (Kind(name="grey", way="distortion"), Kind(name="turn", way="wave")),
        "samples": SOURCES,
        "rows": SetRows(clean=SOURCES, build=96, check=48),
        "versions": {"brittle": "0.1.0"},
    }
    return Benchmark(**{**told, **more})


def make_set(path: Path, *, images: bool = True, classes: Sequence[str] = CLASSES, **more: Any) -> HardSet:
    """Write the set. images: whether its images stay; more: of benchmark.json."""
    samples, codec, folders = originals(), domain_of(SPEC), class_folders(classes)
    names = item_names(id for id, _, _ in samples)
    items, answers, sums = [], [], {}

    def keep(file: str, x: Array) -> str:
        data = codec.to_bytes(x, SPEC)
        sums[file] = sha256(data).hexdigest()
        if images:
            write_inside(path, file, data)
        return file

    for id, label, x in samples:
        name = f"{folders[label].folder}/{names[id]}.png"
        clean = keep(f"clean/{name}", x)
        answers.append(_answer(id, clean, x, label))
        for kind in ("grey", "turn"):
            for level, share in LEVELS.items():
                now = changed(x, kind, share)
                file = keep(f"images/{kind}/{level}/{name}", now)
                items.append(_item(id, label, kind, level, file, clean, x, now))
                answers.append(_answer(id, file, now, label))
    left_out = [LeftOut(sample="photos/red/99.jpg", label=0, reason="a surrogate is wrong about it")]
    return write_hard_set(path, about(**more), folders, items, left_out, answers, CARD, sums)


def _item(id: str, label: int, kind: str, level: str, file: str, clean: str, x: Array, now: Array) -> Item:
    far = l2(x, now)
    return Item(
        id=id,
        kind=kind,
        level=level,
        label=label,
        file=file,
        clean=clean,
        l2=far,
        rms=far / float(np.sqrt(x.size)),
        linf=linf(x, now),
        ssim=0.9,
        recipe={"scale": 1.0},
        margins=(0.5,),
        queries=8,
        verified=True,
    )


def _answer(id: str, file: str, x: Array, label: int) -> HeldOutAnswer:
    means = colours(x[None])[0]
    return HeldOutAnswer(
        model="nets/two.onnx",
        id=id,
        file=file,
        predicted=int(means.argmax()),
        margin=float(means[label] - np.delete(means, label).max()),
    )


def errors_by_hand() -> Mapping[tuple[str, str], float]:
    """The share of images that `colours` gets wrong, by kind and level; ("", "") are the untouched ones."""
    samples = originals()
    wrong = {("", ""): [int(colours(x[None]).argmax()) != label for _, label, x in samples]}
    for kind in ("grey", "turn"):
        for level, share in LEVELS.items():
            wrong[kind, level] = [
                int(colours(changed(x, kind, share)[None]).argmax()) != label for _, label, x in samples
            ]
    return {place: float(np.mean(found)) for place, found in wrong.items()}
