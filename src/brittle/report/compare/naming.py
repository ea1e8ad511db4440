"""What runs are called that are set side by side."""

from collections.abc import Sequence
from itertools import takewhile

from brittle.report.wording import short_name
from brittle.store.run import Run


def apart(runs: Sequence[Run]) -> list[str]:
    """What tells runs apart: the name of the folder or of the model, else the part of the path."""
    paths = [run.path.resolve().parts for run in runs]
    models = [short_name(str(run.manifest.model.get("name"))) for run in runs]
    for names in ([path[-1] for path in paths], models):
        if len(set(names)) == len(runs):
            return names
    first = _alike(paths)
    last = _alike([path[first:][::-1] for path in paths])
    return ["/".join(path[first : len(path) - last]) or path[-1] for path in paths]


def _alike(paths: Sequence[Sequence[str]]) -> int:
    """How many parts all paths have in common, from their beginning on."""
    return sum(1 for _ in takewhile(lambda parts: len(set(parts)) == 1, zip(*paths, strict=False)))
