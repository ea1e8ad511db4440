"""What an audit will ask and take at most, before it is begun or continued."""

from dataclasses import dataclass
from math import ceil
from pathlib import Path
from typing import Any

from brittle.core.errors import UsageError
from brittle.core.identity import ROWS
from brittle.data import open_data
from brittle.models import open_model
from brittle.report.severity import CURVES
from brittle.store.run import Run
from brittle.tasks.audit.curves import rows_of
from brittle.tasks.audit.opening import open_audit
from brittle.tasks.audit.settings import AuditSettings
from brittle.tasks.audit.warming import FILE
from brittle.tasks.playing.naming import name_objects
from brittle.tasks.playing.opened import known_outputs
from brittle.tasks.playing.setup import BATCH_UNMEASURED, batch_of, measured


@dataclass(frozen=True)
class Estimate:
    """What is left to do for an audit.

    samples: without a result yet. rows: the most that the model will be shown, all included.
    likely_rows: as many for each sample as for those that are finished; None before any is.
    batch: rows at once. rows_per_second: measured, source says where; None where it was not, since an
    endpoint is not asked for an estimate. price: of 1,000 rows, where it is stated.
    """

    samples: int
    rows: int
    likely_rows: int | None
    batch: int
    rows_per_second: float | None
    source: str
    price: float | None = None

    @property
    def requests(self) -> int:
        """Full batches that the most rows make."""
        return ceil(self.rows / self.batch)


def estimate(model: Any = None, data: Any = None, *, price: float | None = None, **settings: Any) -> Estimate:
    """What brittle.audit with the same arguments would ask; nothing is written.

    model, data: as of brittle.audit. settings: the fields of AuditSettings.
    price: of 1,000 rows, in any currency. A local model is asked some rows to measure its speed, an endpoint
    none. Raises BrittleError with one line for the user.
    """
    if price is not None and not 0 <= price < float("inf"):
        raise UsageError(f"expected a price of 1,000 rows, a number from 0, got {price:g}")
    named = name_objects(model, data)
    chosen = AuditSettings.build({**settings, **named.texts})
    folder = chosen.folder()
    known = known_outputs(folder, chosen)
    backend = open_model(named.objects.get("model", chosen.model), chosen.model_options)
    if backend.local:
        opened = open_audit(chosen, **{**named.objects, "model": backend}, outputs=known)
        dataset, speed = opened.dataset, measured(opened)
    else:
        source = named.objects.get("data", chosen.data)
        dataset = open_data(
            source, backend.shape, backend.classes, options=chosen.data_options, outputs=known
        )
        speed = None
    before = _Before.of(folder) if known else _Before()
    samples = sum(name not in before.done for name in chosen.played(dataset.ids))
    beside = 0 if (folder / FILE).exists() else chosen.warm_up
    if chosen.curves and not (folder / CURVES / "summary.json").exists():
        beside += len(chosen.played(dataset.ids)) * rows_of(chosen.distortions, dataset.spec)
    if not backend.local:  # its classes, and the identity rows twice; of a run that was begun these once
        beside += ROWS if known else 1 + 2 * ROWS
    rate = speed.rates[speed.batch] if speed else before.rate
    return Estimate(
        samples=samples,
        rows=samples * chosen.budget + beside,
        likely_rows=round(samples * before.queries / len(before.done)) + beside if before.done else None,
        batch=chosen.batch or before.batch or (speed.batch if speed else BATCH_UNMEASURED),
        rows_per_second=before.rate or rate,
        source="in the run so far" if before.rate else "on this model" if rate else "",
        price=price,
    )


@dataclass(frozen=True)
class _Before:
    """What a run says that was begun: its finished samples and their queries, its speed and batch size."""

    done: frozenset[str] = frozenset()
    queries: int = 0
    rate: float | None = None
    batch: int | None = None

    @classmethod
    def of(cls, folder: Path) -> "_Before":
        run = Run.open(folder)
        results = {result.sample: result.queries for result in run.results()}
        seconds = sum(session.get("seconds") or 0 for session in run.sessions())
        shown = run.rows().shown
        return cls(
            done=frozenset(results),
            queries=sum(results.values()),
            rate=shown / seconds if seconds and shown else None,
            batch=batch_of(run),
        )
