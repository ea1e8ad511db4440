"""Fill tables of waves on models: what a prior of waves is learned from."""

import tempfile
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, Self

import numpy as np

from brittle.core.errors import DataError
from brittle.core.field import Field, usual_l2
from brittle.core.result import Status
from brittle.learning.prior.tables import RADII, Tabulate, WaveTable
from brittle.store.kept import FolderFiles
from brittle.store.learned import Arrays
from brittle.tasks.audit.opening import OpenedAudit, open_audit
from brittle.tasks.audit.settings import AuditSettings
from brittle.tasks.playing.samples import play_samples

GROUP = 16  # samples between two checkpoints
OPEN = 4  # samples played at once: their batches are full


@dataclass(frozen=True)
class Tables:
    """Tables by model and sample, in order. tried: samples of each model; rows: shown for them."""

    tables: tuple[WaveTable, ...] = ()
    tried: tuple[int, ...] = ()
    rows: int = 0

    @property
    def arrays(self) -> dict[str, Any]:
        """What a checkpoint holds of them."""
        if not self.tables:
            return {}
        return {
            "tables.x": np.stack([table.x for table in self.tables]),
            "tables.falls": np.stack([table.falls for table in self.tables]),
            "tables.clean": np.array([table.clean for table in self.tables]),
        }

    @classmethod
    def of(cls, arrays: Arrays, tried: Sequence[int], rows: int) -> Self:
        """Those of a checkpoint."""
        parts = (
            (arrays[f"tables.{name}"] for name in ("x", "falls", "clean"))
            if "tables.x" in arrays
            else [()] * 3
        )
        tables = tuple(WaveTable(x, falls, float(clean)) for x, falls, clean in zip(*parts, strict=True))
        return cls(tables, tuple(tried), rows)


def open_models(models: Sequence[Any], data: Any, seed: int) -> list[OpenedAudit]:
    """Models with their data, to be tabulated. Raises BrittleError."""
    budget = Tabulate(lambda *_: None, seed).budget
    opened = []
    for model in models:
        named = str(model) if isinstance(model, str | Path) else getattr(model, "__name__", "model")
        words = {"model": named, "data": str(data) if isinstance(data, str | Path) else "arrays"}
        asked = {"search": "ripple", "search_settings": {"tile": "none"}, "budget": budget, "goal": "closest"}
        audit = open_audit(AuditSettings.build({**words, **asked, "seed": seed}), model, data)
        limit = RADII[1] * usual_l2(audit.dataset.spec)
        opened.append(replace(audit, settings=audit.settings.model_copy(update={"max_l2": limit})))
    kinds = {waves_of(one) for one in opened}
    if len(kinds) > 1:
        raise DataError(f"expected models of inputs with the same axes and channels, got {sorted(kinds)}")
    return opened


def waves_of(opened: OpenedAudit) -> tuple[tuple[str, ...], int]:
    """Spatial axes and channels of the waves of its inputs."""
    spec = opened.dataset.spec
    return tuple(spec.axes[i] for i in spec.spatial), Field(spec).channels


def filled(opened: Sequence[OpenedAudit], first: int | None, seed: int, tables: Tables) -> Iterator[Tables]:
    """The tables after each group of samples that is missing. Raises DataError."""
    for number, one in enumerate(opened):
        names = list(one.dataset.ids[:first])
        begun = tables.tried[number] if number < len(tables.tried) else 0
        for start in range(begun, len(names), GROUP):
            group = names[start : start + GROUP]
            found, rows = _group(one, group, seed)
            tried = (*tables.tried[:number], start + len(group))
            tables = Tables((*tables.tables, *found), tried, tables.rows + rows)
            yield tables
    if not tables.tables:
        raise DataError("no sample could be played on: the models get every one of them wrong")


def _group(opened: OpenedAudit, names: Sequence[str], seed: int) -> tuple[list[WaveTable], int]:
    """Tables of those samples that the model gets right, in the order of their names; rows shown."""
    found: dict[str, WaveTable] = {}
    search = Tabulate(found.__setitem__, seed)
    rows, played = 0, replace(opened, search=search)
    with tempfile.TemporaryDirectory() as folder:
        for result in play_samples(played, names, FolderFiles(Path(folder)), GROUP, lambda _: None, OPEN):
            if result.status is Status.FAILED:
                raise DataError(f"{result.sample} could not be played: {result.message}")
            rows += result.queries
    return [found[name] for name in names if name in found], rows
