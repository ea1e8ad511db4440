"""Hard sets on models that had no part in them: unseen error, the least distortion, HPE's way beside ours.

    python benchmarks/hard_sets.py errors distortion ways --data ASSETS/data/imagenet --levels 4,8,16 \\
        --models ASSETS/models/imagenet_squeezenet11.onnx \\
        --models ASSETS/models/imagenet_mobilenet_v1_075.onnx \\
        --hold-out ASSETS/models/imagenet_mobilenet_v2.onnx --hold-out efficientnet-lite0 --out runs/hard-sets

Shared patterns are chosen on the first half of the data, sets are made of the second; errors are over photos
that the surrogates get right untouched. Rivals are brought to the same L2: one random wave, a random layer on
every cell, the 15 corruptions of ImageNet-C (our kernels) blended down. `distortion` asks how far the
corruptions must go, through blends and severities 1 to 5, for the error that a set has. Sets and answers are
kept in --out: the same command continues. Tables are Markdown.
"""

import argparse
import platform
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from importlib.metadata import version
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

import brittle
from brittle.report.intervals import mean_interval, wilson
from brittle.searches.peers.imagenet_c import CORRUPTIONS
from brittle.store.files import write_whole
from brittle.store.hard_set import HardSet
from brittle.tasks.benchmark.nets import open_surrogates
from brittle.tasks.benchmark.settings import BenchmarkSettings
from hard_rivals import CELLS, WAVE, Key, Rivals, Shown

DRAWS = 2000
LIBRARIES = ("brittle", "numpy", "onnxruntime", "pillow", "scipy")
KINDS = ("wave", "texture", "cells")
Wrong = NDArray[np.float64]
"""1 where a model errs, (photos, hold-outs)."""


@dataclass(frozen=True)
class Column:
    """One kind at one level over photos: (photos, hold-outs), and means by photo."""

    wrong: Wrong
    l2: NDArray[np.float64]
    ssim: NDArray[np.float64]


def plain(model: str) -> str:
    """A model's name without place and format."""
    return Path(model).stem if model.endswith(".onnx") else model


class Study:
    """All of it in one folder."""

    def __init__(self, chosen: argparse.Namespace) -> None:
        self.chosen = chosen
        self.levels = [f"{level:g}" for level in chosen.levels]
        self.held = [plain(name) for name in chosen.hold_out]

    def half(self, second: bool) -> Path:
        """A half of the data as the models are shown it, 8-bit."""
        folder: Path = self.chosen.out
        file = folder / f"{'second' if second else 'first'}.npz"
        if not file.exists():
            asked = {"models": tuple(self.chosen.models), "data": str(self.chosen.data)}
            data = open_surrogates(BenchmarkSettings.build(asked), {}).dataset
            middle = len(data.ids) // 2
            samples = [data.open(id) for id in (data.ids[middle:] if second else data.ids[:middle])]
            folder.mkdir(parents=True, exist_ok=True)
            x = np.stack([one.spec.encode(one.x) for one in samples])
            np.savez(file, x=x, y=np.array([one.label for one in samples]))
        return file

    def made(self, models: Sequence[str]) -> HardSet:
        """The set of these surrogates, every kind in it."""
        name = "+".join(map(plain, models))
        found = brittle.benchmark(
            str(self.half(second=True)),
            learn_on=str(self.half(second=False)),
            models=list(models),
            hold_out=list(self.chosen.hold_out),
            levels=self.chosen.levels,
            kinds=tuple(self.chosen.kind),
            budget=self.chosen.budget,
            seed=self.chosen.seed,
            out=str(self.chosen.out / f"{name}-seed{self.chosen.seed}"),
        )
        print(f"{name}: made", flush=True)
        return found.set

    @cached_property
    def ours(self) -> HardSet:
        """That of all surrogates."""
        return self.made(self.chosen.models)

    @cached_property
    def ids(self) -> list[str]:
        """Photos of that set."""
        return sorted({item.id for item in self.ours.items()}, key=int)

    @cached_property
    def rivals(self) -> Mapping[Key, Column]:
        """Every rival on the same photos."""
        folder = self.chosen.out / f"rivals-seed{self.chosen.seed}"
        opened = Rivals(
            self.chosen.hold_out, self.half(second=True), self.chosen.levels, self.chosen.seed, folder
        )
        shown: list[Shown] = opened.shown(self.ids)
        return {
            key: Column(
                np.array([one.wrong[k] for one in shown], float),
                np.array([one.l2[k] for one in shown]),
                np.array([one.ssim[k] for one in shown]),
            )
            for k, key in enumerate(opened.keys)
        }

    def mean_of_all(self, level: str) -> Column:
        """The mean of the 15 corruptions, photo by photo."""
        every = [self.rivals[name, level] for name in CORRUPTIONS]
        return Column(
            np.mean([one.wrong for one in every], axis=0),
            np.mean([one.l2 for one in every], axis=0),
            np.mean([one.ssim for one in every], axis=0),
        )

    @property
    def stages(self) -> list[str]:
        """All that corruptions are brought to."""
        return [level for name, level in self.rivals if name == next(iter(CORRUPTIONS))]


def columns_of(hard: HardSet, ids: Sequence[str]) -> dict[Key, Column]:
    """Kinds and levels of a set on hold-outs, and ("untouched", "0"), over these photos."""
    nets = [net.name for net in hard.about.hold_outs]
    wrong = {(one.model, one.file): one.margin <= 0 for one in hard.held_out()}
    items = {(item.id, item.kind, item.level): item for item in hard.items()}
    kinds, levels = [one.name for one in hard.about.kinds], [one.name for one in hard.about.levels]
    found = {}
    for kind in kinds:
        for level in levels:
            of = [items[id, kind, level] for id in ids]
            found[kind, level] = Column(
                np.array([[wrong[net, item.file] for net in nets] for item in of], float),
                np.array([item.l2 for item in of]),
                np.array([item.ssim or np.nan for item in of]),
            )
    clean = [items[id, kinds[0], levels[0]].clean for id in ids]
    rows = np.array([[wrong[net, file] for net in nets] for file in clean], float)
    found["untouched", "0"] = Column(rows, np.zeros(len(ids)), np.ones(len(ids)))
    return found


def errors(study: Study) -> str:
    """Unseen error by kind and level, and of rivals at the same L2."""
    ours = columns_of(study.ours, study.ids)
    lines = [head(study, "at L2")]
    lines.append(_line(study, "untouched", "0", ours["untouched", "0"]))
    for level in study.levels:
        for kind in study.chosen.kind:
            lines.append(_line(study, f"**{kind}**", level, ours[kind, level]))
        for name in (WAVE, CELLS):
            lines.append(_line(study, name, level, study.rivals[name, level]))
        lines.append(_line(study, "mean of 15 corruptions", level, study.mean_of_all(level)))
        worst = max(CORRUPTIONS, key=lambda name: study.rivals[name, level].wrong.mean())
        lines.append(
            _line(study, f"the worst of 15, {worst.replace('_', ' ')}", level, study.rivals[worst, level])
        )
    return "\n".join(lines) + "\n\n" + _paired(study, ours)


def _paired(study: Study, ours: Mapping[Key, Column]) -> str:
    """Differences to a random wave and to the mean of corruptions, photo by photo."""
    lines = [
        "| paired, points, pooled | L2 | less a random wave | less the mean of 15 |",
        "|---|---:|---|---|",
    ]
    for level in study.levels:
        for kind in study.chosen.kind:
            other = (study.rivals[WAVE, level], study.mean_of_all(level))
            cells = [_share(ours[kind, level].wrong.mean(1) - one.wrong.mean(1)) for one in other]
            lines.append(f"| {kind} | {level} | {' | '.join(cells)} |")
    return "\n".join(lines)


def head(study: Study, first: str) -> str:
    """The head of a table of errors."""
    held = " | ".join(study.held)
    return f"| | {first} | SSIM | {held} | pooled |\n|---|---:|---:|{'---|' * (len(study.held) + 1)}"


def _line(study: Study, name: str, level: str, one: Column) -> str:
    cells = [_share(one.wrong[:, h]) for h in range(len(study.held))]
    return f"| {name} | {level} | {one.ssim.mean():.3f} | {' | '.join(cells)} | {_share(one.wrong.mean(1))} |"


def _share(values: NDArray[np.float64]) -> str:
    """A mean in per cent with its interval: Wilson's of shares, else bootstrap-t."""
    if np.isin(values, (0, 1)).all():
        sure = wilson(int(values.sum()), len(values))
    else:
        sure = mean_interval(values, np.random.default_rng(0))
    between = f" [{100 * sure.low:.0f}, {100 * sure.high:.0f}]" if sure else ""
    return f"{100 * values.mean():.0f}{between}"


@dataclass(frozen=True)
class Curve:
    """Error, L2 and SSIM of a corruption, or of the mean of all, by stage and photo: (stages, photos)."""

    wrong: NDArray[np.float64]
    l2: NDArray[np.float64]
    ssim: NDArray[np.float64]

    def reaching(self, error: float, photos: NDArray[np.intp]) -> tuple[float, float]:
        """The least mean L2 at which so great an error is reached, and SSIM there; inf where it is not.

        Straight lines between stages; a stage of more L2 and less error than another counts as that.
        """
        far, wrong, like = (of[:, photos].mean(1) for of in (self.l2, self.wrong, self.ssim))
        order = np.argsort(far)
        far, wrong, like = far[order], np.maximum.accumulate(wrong[order]), like[order]
        if error > wrong[-1]:
            return np.inf, np.nan
        after = int(np.searchsorted(wrong, error))
        if after == 0:
            return float(far[0]), float(like[0])
        low, high = wrong[after - 1], wrong[after]
        part = (error - low) / (high - low)
        return (
            float(far[after - 1] + part * (far[after] - far[after - 1])),
            float(like[after - 1] + part * (like[after] - like[after - 1])),
        )


def _curve(stages: Sequence[Column], held: int | None) -> Curve:
    wrong = [one.wrong.mean(1) if held is None else one.wrong[:, held] for one in stages]
    return Curve(
        np.array(wrong), np.array([one.l2 for one in stages]), np.array([one.ssim for one in stages])
    )


def distortion(study: Study) -> str:
    """How far corruptions must go for the same error."""
    ours = columns_of(study.ours, study.ids)
    lines = [
        "| kind | L2 | hold-out | error | SSIM | L2 of the mean of 15 | SSIM there | **over ours** "
        "| most efficient type | its L2 over ours |",
        "|---|---:|---|---:|---:|---:|---:|---|---|---|",
    ]
    for kind in study.chosen.kind:
        for level in study.levels:
            for held, net in enumerate([*study.held, "pooled"]):
                at = held if held < len(study.held) else None
                lines.append(_ratio_line(study, kind, level, net, at, ours))
    return "\n".join(lines)


def _ratio_line(
    study: Study, kind: str, level: str, net: str, held: int | None, ours: Mapping[Key, Column]
) -> str:
    clean, one = ours["untouched", "0"], ours[kind, level]
    wrong = one.wrong.mean(1) if held is None else one.wrong[:, held]
    mean = _curve([clean, *(study.mean_of_all(stage) for stage in study.stages)], held)
    types = {
        name: _curve([clean, *(study.rivals[name, stage] for stage in study.stages)], held)
        for name in CORRUPTIONS
    }

    def ratios(photos: NDArray[np.intp]) -> tuple[float, float]:
        error, far = float(wrong[photos].mean()), float(one.l2[photos].mean())
        least = min(curve.reaching(error, photos)[0] for curve in types.values())
        return mean.reaching(error, photos)[0] / far, least / far

    every, rng = np.arange(len(wrong)), np.random.default_rng(0)
    drawn = np.array([ratios(rng.integers(len(every), size=len(every))) for _ in range(DRAWS)])
    error = float(wrong.mean())
    far, like = mean.reaching(error, every)
    best = min(types, key=lambda name: types[name].reaching(error, every)[0])
    found = ratios(every)
    between = [np.quantile(drawn[:, k], [0.025, 0.975], method="nearest") for k in range(2)]
    end = float(mean.l2.mean(1).max())
    return (
        f"| {kind} | {level} | {net} | {100 * error:.0f} | {one.ssim.mean():.3f} | {_far(far, end)} "
        f"| {'' if np.isnan(like) else f'{like:.3f}'} | {_ratio(found[0], between[0])} "
        f"| {best.replace('_', ' ')} | {_ratio(found[1], between[1])} |"
    )


def _far(value: float, end: float) -> str:
    return f"{value:.1f}" if np.isfinite(value) else f"beyond {end:.0f}"


def _ratio(value: float, between: NDArray[np.float64]) -> str:
    low, high = (f"{end:.1f}" if np.isfinite(end) else "–" for end in between)
    return f"{f'{value:.1f}' if np.isfinite(value) else '–'} [{low}, {high}]"


def ways(study: Study) -> str:
    """Cells, shared waves and shared textures, with one surrogate and with all."""
    models = study.chosen.models
    sets = {plain(name): study.made([name]) for name in models if len(models) > 1}
    sets["all" if len(models) > 2 else "both"] = study.ours
    inside = [{item.id for item in hard.items()} for hard in sets.values()]
    ids = sorted(set.intersection(*inside), key=int)
    lines = [f"n = {len(ids)}\n", head(study, "surrogates")]
    base = study.ours.about.base
    for kind in study.chosen.kind:
        for name, hard in sets.items():
            lines.append(_line(study, kind, name, columns_of(hard, ids)[kind, base]))
    return "\n".join(lines)


TABLES: Mapping[str, tuple[str, Callable[[Study], str]]] = {
    "errors": ("Unseen error, per cent, with 95 % intervals over photos", errors),
    "distortion": ("L2 at the same unseen error", distortion),
    "ways": ("Ways and surrogates, at the base level, over photos that all surrogates get right", ways),
}


def page(study: Study) -> Iterator[str]:
    """Conditions, then the tables."""
    chosen = study.chosen
    yield (
        f"Surrogates {', '.join(map(plain, chosen.models))}; hold-outs {', '.join(study.held)}; "
        f"seed {chosen.seed}; n = {len(study.ids)} photos of the second half; Python "
        f"{platform.python_version()}, {', '.join(f'{name} {version(name)}' for name in LIBRARIES)}."
    )
    for name in chosen.tables:
        title, table = TABLES[name]
        yield f"## {title}\n\n{table(study)}"


def numbers(text: str) -> list[float]:
    """Several numbers with commas between them."""
    return [float(part) for part in text.split(",")]


def main() -> None:
    """Make what is missing, then print the tables, and write them where asked."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("tables", nargs="+", choices=TABLES)
    parser.add_argument("--data", type=Path, required=True, help="labelled photos, at least 8 in each half")
    parser.add_argument("--models", action="append", required=True, help="a surrogate; repeatable")
    parser.add_argument("--hold-out", action="append", required=True, help="repeatable")
    parser.add_argument("--levels", type=numbers, default=[8.0])
    parser.add_argument("--kind", action="append", choices=KINDS, help="repeatable [all]")
    parser.add_argument("--budget", type=int, help="candidates of a kind [8, and 100 of cells]")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--out", type=Path, default=Path("runs/hard-sets"))
    parser.add_argument("--table", type=Path, help="Markdown file to write")
    chosen = parser.parse_args()
    chosen.kind = chosen.kind or list(KINDS)
    text = "\n\n".join(page(Study(chosen))) + "\n"
    print(text)
    if chosen.table:
        write_whole(chosen.table, text)


if __name__ == "__main__":
    main()
