"""A small Bayesian optimiser. `brittle.optimise` is this room, and calling it is run.optimise."""

import sys
from types import ModuleType
from typing import Any


class _Callable(ModuleType):
    def __call__(self, *args: Any, **named: Any) -> Any:
        from brittle.optimise.run import optimise  # noqa: PLC0415

        return optimise(*args, **named)


sys.modules[__name__].__class__ = _Callable
