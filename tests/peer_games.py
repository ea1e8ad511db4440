"""Peers on tiny models, under the referee."""

from functools import partial
from typing import Any

import numpy as np

from brittle.core.referee import Referee
from brittle.core.result import SearchResult
from brittle.core.sample import InputSpec, Sample
from brittle.core.sample_run import Rules, play_sample
from brittle.core.search import InputBoard, Terms
from brittle.searches import open_search
from tiny import MemoryArchive, TinyModel

SPEC = InputSpec((3, 16, 16), ("channel", "height", "width"), bits=8)


def model_of(spec: InputSpec = SPEC) -> TinyModel:
    return TinyModel(spec=spec, gain=2.0)


def sample_of(number: int, spec: InputSpec = SPEC) -> Sample:
    rng = np.random.default_rng([1, number])
    x = spec.decode(rng.integers(60, 196, spec.shape).astype(np.uint8))
    return Sample(f"s{number}", x, int(model_of(spec)(x[None])[0].argmax()), spec)


def played(
    name: str, batch: int = 8, model: Any = None, spec: InputSpec = SPEC, count: int = 4, **rules: Any
) -> tuple[list[SearchResult], Referee]:
    terms = Terms(**{"budget": 120, "max_l2": None, "closest": True, **rules.pop("terms", {})})
    all_rules = Rules(open_search(name), InputBoard, terms, MemoryArchive(spec), **rules)
    referee = Referee(model or model_of(spec), batch)
    results = referee.play(play_sample(f"s{i}", partial(sample_of, i, spec), all_rules) for i in range(count))
    return sorted(results, key=lambda r: r.sample), referee
