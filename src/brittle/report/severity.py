"""Severity curves: how often the model errs under each distortion over the whole input, level by level.

Errors are of all samples that were answered, those that are wrong untouched among them. A sample without a
label errs where its answer is not the one to the untouched input.
"""

import json
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from brittle.core.canvas import Layer
from brittle.core.curve_run import CurveResult, CurveStatus
from brittle.core.errors import RunError
from brittle.core.paths import is_file
from brittle.report.classes import own_class
from brittle.report.csv_rows import write_rows
from brittle.report.intervals import wilson
from brittle.store.run import Run

CURVES = "curves"
"""The folder of an audit with its curves, and the name of their table."""
CORRUPTION = "imagenet_c/"
COLUMNS = ("distortion", "level", "samples", "wrong", "error", "low", "high")


@dataclass(frozen=True)
class Errors:
    """Wrong answers of so many samples, at a level; 0 for the untouched inputs."""

    level: float
    wrong: int
    samples: int

    @property
    def share(self) -> float:
        """Wrong answers over samples, 0 where there are none."""
        return self.wrong / max(1, self.samples)

    def to_dict(self) -> dict[str, Any]:
        """With Wilson's 95 % interval."""
        sure = wilson(self.wrong, self.samples)
        return {
            "level": self.level,
            "wrong": self.wrong,
            "error": self.share,
            "interval": sure.to_list() if sure else None,
        }


@dataclass(frozen=True)
class SeverityCurve:
    """Errors under one distortion, from its weakest level to its strongest.

    way: "+" or "-" of one that has levels of both signs, which are a curve each.
    """

    distortion: str
    levels: tuple[Errors, ...]
    way: str = ""

    @property
    def name(self) -> str:
        """The distortion, and which way it goes where it goes two."""
        return f"{self.distortion} {self.way}".rstrip()

    @property
    def mean(self) -> float:
        """Error over all levels alike."""
        return sum(one.share for one in self.levels) / len(self.levels)

    @property
    def corruption(self) -> bool:
        """Whether it is one of ImageNet-C."""
        return self.distortion.startswith(CORRUPTION)


@dataclass(frozen=True)
class Severity:
    """Curves of all distortions. failed: samples without an answer. rows: that the model was shown."""

    clean: Errors
    curves: tuple[SeverityCurve, ...]
    failed: int
    labelled: bool
    rows: int

    @property
    def own(self) -> tuple[SeverityCurve, ...]:
        """Those of the distortions of the audit."""
        return tuple(curve for curve in self.curves if not curve.corruption)

    @property
    def corruptions(self) -> tuple[SeverityCurve, ...]:
        """Those of ImageNet-C."""
        return tuple(curve for curve in self.curves if curve.corruption)

    @staticmethod
    def mean(curves: Sequence[SeverityCurve]) -> float:
        """Error over curves alike, 0 where there are none."""
        return sum(curve.mean for curve in curves) / max(1, len(curves))

    def to_dict(self) -> dict[str, Any]:
        """Plain data, for summary.json."""
        beside = {"mean_corruption_error": self.mean(self.corruptions)} if self.corruptions else {}
        return {
            "format": 1,
            "samples": self.clean.samples,
            "failed": self.failed,
            "labelled": self.labelled,
            "rows": self.rows,
            "clean": self.clean.to_dict(),
            "mean_error": self.mean(self.own),
            **beside,
            "curves": [
                {
                    "distortion": curve.distortion,
                    "mean_error": curve.mean,
                    "levels": [one.to_dict() for one in curve.levels],
                }
                for curve in self.curves
            ],
        }


def severity_of(run: Run) -> Severity:
    """The curves of their run, finished or not. Raises RunError."""
    layers = run.manifest.palette
    wrong: Counter[int] = Counter()
    clean = samples = failed = rows = 0
    labelled = False
    for result in whole_results(run):
        rows += result.queries
        if result.status is CurveStatus.FAILED:
            failed += 1
            continue
        samples += 1
        labelled |= result.label is not None
        own = own_class(result)
        clean += result.predicted != own
        wrong.update(place for place, answer in enumerate(result.answers) if answer != own)
    found = [Errors(layer.level, wrong[k], samples) for k, layer in enumerate(layers)]
    curves = tuple(
        SeverityCurve(name, tuple(found[k] for k in places), way)
        for (name, way), places in _places(layers).items()
    )
    return Severity(Errors(0.0, clean, samples), curves, failed, labelled, rows)


def whole_results(run: Run) -> Iterator[CurveResult]:
    """The results of curves; those that did not fail have an answer to every layer. Raises RunError."""
    layers = len(run.manifest.palette)
    for result in run.curve_results():
        if result.status is not CurveStatus.FAILED and len(result.answers) != layers:
            raise RunError(f"{result.sample} has answers to {len(result.answers)} layers, not {layers}")
        yield result


def severity_beside(run: Run) -> Severity | None:
    """The curves in the folder of an audit; None where there are none, or no whole ones. Raises RunError."""
    curves = curves_beside(run)
    return None if curves is None else severity_of(curves)


def curves_beside(run: Run) -> Run | None:
    """The run of the curves of an audit; None where there are none, or no whole ones. Raises RunError."""
    folder = run.path / CURVES
    if folder.is_symlink() or not is_file(folder / "summary.json"):
        return None
    return Run.open(folder)


def own_places(layers: Sequence[Layer]) -> tuple[tuple[int, ...], ...]:
    """Where the levels of each curve of the audit's distortions stand among the layers of the curves."""
    return tuple(places for (name, _), places in _places(layers).items() if not name.startswith(CORRUPTION))


def write_curves(run: Run) -> None:
    """summary.json and curves.csv of a run of curves. Raises RunError, DiskError."""
    found = severity_of(run)
    run.write("summary.json", json.dumps(found.to_dict(), indent=1) + "\n")
    _write_table(found, run.path / f"{CURVES}.csv")


def _places(layers: Sequence[Layer]) -> Mapping[tuple[str, str], tuple[int, ...]]:
    """Where the levels of every curve stand, by its distortion and its way, the positive one first."""
    found: dict[tuple[str, str], tuple[int, ...]] = {}
    for name in dict.fromkeys(layer.distortion for layer in layers):
        own = [k for k, layer in enumerate(layers) if layer.distortion == name]
        up = tuple(k for k in own if layers[k].level >= 0)
        down = tuple(k for k in own if layers[k].level < 0)
        if up and down:
            found |= {(name, "+"): up, (name, "-"): down}
        else:
            found[name, ""] = tuple(own)
    return found


def _write_table(found: Severity, path: Path) -> None:
    """Every point of every curve, the untouched inputs first, with an empty name."""
    points = [("", found.clean), *((c.distortion, one) for c in found.curves for one in c.levels)]
    rows = []
    for name, one in points:
        row = {"distortion": name, "samples": one.samples, **one.to_dict()}
        row["low"], row["high"] = row.pop("interval") or ("", "")
        rows.append(row)
    write_rows(path, COLUMNS, rows)
