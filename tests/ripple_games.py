"""Games of ripple for tests: inputs of many kinds, and a model of each that listens to waves."""

from typing import Any

import numpy as np

from brittle.core.field import Field
from brittle.core.referee import Referee
from brittle.core.result import SearchResult
from brittle.core.sample import InputSpec, Sample
from brittle.core.sample_run import Rules, play_sample
from brittle.core.search import InputBoard, Terms
from tiny import MemoryArchive, TinyModel

IMAGE = InputSpec((3, 16, 16), ("channel", "height", "width"), bits=8)
KINDS = [
    IMAGE,
    InputSpec((1, 12, 10), ("channel", "height", "width"), bits=8),
    InputSpec((3, 8, 8), ("channel", "height", "width"), bits=8),
    InputSpec((1, 300), ("channel", "time"), (-5.0, 5.0)),
    InputSpec((12, 1000), ("channel", "time"), (-2.0, 2.0), bits=16),
    InputSpec((3, 4, 8, 8), ("channel", "frame", "height", "width"), bits=8),
]


def model_of(spec: InputSpec) -> TinyModel:
    """A linear model that listens to three waves for each class, as networks listen to texture."""
    model, field, rng = TinyModel(spec=spec, gain=30 / spec.span), Field(spec), np.random.default_rng(1)
    waves = [[field.wave(field.random_waves(1, rng)) for _ in range(3)] for _ in model.classes]
    weights = np.stack([np.sum(three, axis=0) for three in waves])
    model.weights = weights - weights.mean(axis=tuple(range(1, weights.ndim)), keepdims=True)
    return model


def samples_of(spec: InputSpec, count: int) -> list[Sample]:
    model, out = model_of(spec), list[Sample]()
    for number in range(count):
        change = np.random.default_rng([9, number]).uniform(-0.2, 0.2, spec.shape).astype(np.float32)
        x = spec.decode(spec.encode(np.mean(spec.bounds) + spec.span * change))
        out.append(Sample(f"s{number}", x, int(model(x[None])[0].argmax()), spec))
    return out


def play_all(
    search: Any, spec: InputSpec, batch: int = 8, count: int = 6, **terms: Any
) -> tuple[list[SearchResult], MemoryArchive]:
    archive = MemoryArchive(spec)
    rules = Rules(search, InputBoard, Terms(**{"budget": 150, **terms}), archive)
    referee = Referee(model_of(spec), batch)
    matches = (play_sample(s.id, lambda s=s: s, rules) for s in samples_of(spec, count))  # type: ignore[misc]
    return sorted(referee.play(matches), key=lambda r: r.sample), archive


def plain(results: list[SearchResult]) -> list[dict[str, Any]]:
    times = ("seconds", "started", "finished")
    return [{k: v for k, v in r.to_dict().items() if k not in times} for r in results]
