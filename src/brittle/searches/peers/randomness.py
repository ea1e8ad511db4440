"""Global random state of a peer's own, in place while it runs; everyone else finds theirs untouched."""

import random
import sys
from threading import RLock
from types import TracebackType
from typing import Any

import numpy as np

_TURN = RLock()  # the global state is one: only one peer of this process runs at a time


class Randomness:
    """The global random state of random, numpy and (where it is loaded) torch, for one peer.

    Peers draw from global state. `with randomness:` around each stretch in which the peer runs puts its state
    in place and the former one back, so that its stream depends on nothing but its seed.
    """

    def __init__(self, rng: np.random.Generator) -> None:
        self._seed = int(rng.integers(2**32))
        self._own: dict[str, Any] | None = None
        self._others: dict[str, Any] = {}

    def __enter__(self) -> None:
        _TURN.acquire()
        self._others = _states()
        if self._own is None:
            _sow(self._seed)
        else:
            _restore(self._own)

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._own = _states()
        _restore(self._others)
        _TURN.release()


def _states() -> dict[str, Any]:
    states: dict[str, Any] = {"random": random.getstate(), "numpy": np.random.get_state(legacy=False)}  # noqa: NPY002
    if torch := sys.modules.get("torch"):
        states["torch"] = torch.get_rng_state()
    return states


def _restore(states: dict[str, Any]) -> None:
    random.setstate(states["random"])
    np.random.set_state(states["numpy"])  # noqa: NPY002
    if "torch" in states:
        sys.modules["torch"].set_rng_state(states["torch"])


def _sow(seed: int) -> None:
    random.seed(seed)
    np.random.seed(seed)  # noqa: NPY002
    if torch := sys.modules.get("torch"):
        # manual_seed would reseed every device; only the CPU's stream is put back afterwards.
        torch.default_generator.manual_seed(seed)
