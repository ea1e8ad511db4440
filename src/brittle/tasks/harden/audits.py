"""The audits of a hardening: ordinary runs on the samples of the report that the original answers right."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np

from brittle.core.rows import Meter
from brittle.core.sample import InputSpec, Sample
from brittle.data import open_data
from brittle.data.options import DataOptions
from brittle.hardening.records import Labelled
from brittle.models import Backend, ModelOptions, open_model
from brittle.report.harden.attacks import closest_l2
from brittle.store.files import whole_file, write_whole
from brittle.store.run import Run
from brittle.tasks.audit.audit import run_audit
from brittle.tasks.harden.folder import CLASSES, REPORT
from brittle.tasks.harden.opening import OpenedHardening
from brittle.tasks.harden.samples import labelled
from brittle.tasks.harden.settings import YARDSTICK
from brittle.tasks.harden.watching import Standing, Watch
from brittle.tasks.playing.settings import file_name

LIMIT = 1.25
"""Times the median L2 of the yardstick's flips before: most of them lie within."""

Runs = Mapping[str, Run]


@dataclass(frozen=True)
class Audits:
    """Audits of one model after another on the samples of report.npz, a folder each."""

    opened: OpenedHardening
    folder: Path
    watch: Watch

    def before(self) -> Runs:
        """Of the original."""
        settings = self.opened.settings
        return self._all("before", settings.model, self.opened.audit.backend, settings.model_options)

    def of_file(self, arm: str, file: Path, options: ModelOptions) -> Runs:
        """Of a model that was written."""
        names = self.folder / CLASSES
        write_whole(names, json.dumps(self.opened.audit.model.classes, ensure_ascii=False) + "\n")
        options = options.model_copy(update={"classes": str(names)})
        return self._all(arm, str(file), open_model(file, options), options)

    def _all(self, arm: str, model: str, backend: Backend, options: ModelOptions) -> Runs:
        names = self.opened.settings.audit_names(self.opened.audit.dataset.spec.axes)
        return {name: self._run(arm, name, model, backend, options) for name in names}

    def _run(self, arm: str, name: str, model: str, backend: Backend, options: ModelOptions) -> Run:
        """One of them. The yardstick is the first, so that the limit of the others is known."""
        out = self.folder / arm / file_name(name)
        if (out / "report.html").exists():  # the question of the folder is its question too
            return Run.open(out)
        spec = self.opened.audit.dataset.spec
        limit = None if name == YARDSTICK else limit_of(self.folder)
        asked = self.opened.settings.audit(name, spec.rate, limit)
        place = {
            "model": model,
            "model_options": options,
            "data": str(self.folder / REPORT),
            "data_options": _options(spec),
            "out": str(out),
        }
        settings = asked.model_copy(update=place)
        return run_audit(
            settings,
            {"model": replace(backend, meter=Meter())} if settings.workers == 1 else {},
            lambda now: self.watch(Standing(f"{arm}, {name}", now)),
        )


def audited(opened: OpenedHardening, folder: Path) -> Labelled:
    """The samples that are audited, named as the runs name them. Raises DataError."""
    audit = opened.audit
    spec, names = audit.dataset.spec, audit.model.classes
    found = open_data(str(folder / REPORT), spec.shape, audit.backend.classes, len(names), _options(spec))
    return labelled(found, found.ids)


def _options(spec: InputSpec) -> DataOptions:
    """How report.npz is read."""
    return DataOptions(bounds=spec.bounds, leads=spec.channels or None)


def limit_of(folder: Path) -> float | None:
    """The L2 within which flips are counted; None where the yardstick found none."""
    found = median_before(folder)
    return None if found is None else float(f"{LIMIT * found:.2g}")


def median_before(folder: Path) -> float | None:
    """The median L2 of the yardstick's closest flips of the original."""
    l2 = closest_l2(Run.open(folder / "before" / YARDSTICK))
    return float(np.median(l2)) if l2 else None


def write_report_samples(path: Path, samples: Sequence[Sample], spec: InputSpec) -> None:
    """Keep samples exactly, with their ids, as an .npz that brittle reads. Raises DiskError."""
    arrays: dict[str, Any] = {
        "x": np.stack([spec.encode(sample.x) for sample in samples]),
        "y": np.array([sample.label for sample in samples], np.int64),
        "ids": np.array([sample.id for sample in samples]),
        "unit": np.array(spec.unit),
    }
    if spec.rate is not None:
        arrays["rate"] = np.array(spec.rate)
    with whole_file(path) as file:
        np.savez_compressed(file, **arrays)
