"""What hard_sets.py measures: sets of every few surrogates, and rivals, on models of other families."""

import argparse
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from itertools import combinations
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

import brittle
from brittle.searches.peers.imagenet_c import CORRUPTIONS
from brittle.store.hard_set import HardSet
from brittle.tasks.benchmark.nets import open_surrogates
from brittle.tasks.benchmark.settings import BenchmarkSettings
from hard_rivals import Key, Rivals

TEXTURE = "texture"
Group = tuple[int, ...]
"""Families whose first members are the surrogates of a set."""
Values = NDArray[np.float64]


@dataclass(frozen=True)
class Column:
    """A way at one level. wrong: share of its sets, (photos, families), NaN where a family is not asked.

    A family is asked for photos that its held-out member gets right untouched, under sets that none of it had
    a part in. l2, ssim: (photos,), NaN where no set has the photo.
    """

    wrong: Values
    l2: Values
    ssim: Values


def plain(model: str) -> str:
    """A model's name without place and format."""
    return Path(model).stem if model.endswith(".onnx") else model


class Study:
    """All of it in one folder."""

    def __init__(self, chosen: argparse.Namespace) -> None:
        self.chosen = chosen
        self.levels = [f"{level:g}" for level in chosen.levels]
        self.first = [members[0] for members in chosen.family]
        self.last = [members[-1] for members in chosen.family]
        self.held = [plain(name) for name in self.last]

    def groups(self, together: int) -> list[Group]:
        """Every so many families, or those that were asked for, that leave a family to hold out."""
        count = len(self.first)
        every = [one for one in combinations(range(count), together) if len(one) < count]
        asked = [{plain(name) for name in names} for names in self.chosen.surrogates or ()]
        return [one for one in every if not asked or {plain(self.first[f]) for f in one} in asked]

    def name(self, group: Group) -> str:
        """The surrogates of a group."""
        return " + ".join(plain(self.first[family]) for family in group)

    def half(self, second: bool) -> Path:
        """A half of the data as the models are shown it, 8-bit."""
        folder: Path = self.chosen.out
        file = folder / f"{'second' if second else 'first'}.npz"
        if not file.exists():
            asked = {"models": self.first, "data": str(self.chosen.data), "size": self.chosen.size}
            data = open_surrogates(BenchmarkSettings.build(asked), {}).dataset
            middle = len(data.ids) // 2
            samples = [data.open(id) for id in (data.ids[middle:] if second else data.ids[:middle])]
            folder.mkdir(parents=True, exist_ok=True)
            x = np.stack([one.spec.encode(one.x) for one in samples])
            np.savez(file, x=x, y=np.array([one.label for one in samples]))
        return file

    def textures(self, group: Group) -> Path:
        """Those learned on the surrogates of a group, and on the first half."""
        folder: Path = self.chosen.textures or self.chosen.out / "textures"
        file = folder / f"{self.name(group).replace(' ', '')}.safetensors"
        if not file.exists():
            folder.mkdir(parents=True, exist_ok=True)
            models = [self.first[family] for family in group]
            side = (self.chosen.size, self.chosen.size)
            own = {
                name: value
                for name, value in vars(self.chosen).items()
                if name in ("side", "max_l2") and value
            }
            brittle.train_tiles(models, str(self.half(second=False)), file, size=side, **own)
        return file

    def made(self, group: Group, seed: int) -> HardSet:
        """The set of a group, every kind in it, all other families held out."""
        where = self.chosen.out / f"{self.name(group).replace(' ', '')}-seed{seed}"
        kinds = tuple(self.chosen.kind)
        found = brittle.benchmark(
            str(self.half(second=True)),
            learn_on=str(self.half(second=False)),
            models=[self.first[family] for family in group],
            hold_out=[self.last[family] for family in self.others(group)],
            levels=self.chosen.levels,
            kinds=kinds,
            textures=str(self.textures(group)) if TEXTURE in kinds else "shipped",
            keep="any",
            budget=self.chosen.budget,
            size=self.chosen.size,
            seed=seed,
            model_options={"threads": self.chosen.threads},
            out=str(where),
        )
        print(f"{where.name}: made", flush=True)
        return found.set

    def others(self, group: Group) -> list[int]:
        """The families that are held out."""
        return [family for family in range(len(self.first)) if family not in group]

    def columns(self, group: Group, seed: int) -> dict[Key, Column]:
        """Kinds and levels of one set."""
        hard, others = self.made(group, seed), self.others(group)
        wrong = {(one.model, one.file): one.margin <= 0 for one in hard.held_out()}
        nets = dict(zip(others, (net.name for net in hard.about.hold_outs), strict=True))
        kinds, levels = ([one.name for one in of] for of in (hard.about.kinds, hard.about.levels))
        found = {(kind, level): self._empty() for kind in kinds for level in levels}
        for item in hard.items():
            photo, column = int(item.id), found[item.kind, item.level]
            column.l2[photo], column.ssim[photo] = item.l2, item.ssim or np.nan
            for family, net in nets.items():
                if not wrong[net, item.clean]:
                    column.wrong[photo, family] = wrong[net, item.file]
        return found

    def _empty(self) -> Column:
        photos = self.photos
        return Column(
            np.full((photos, len(self.first)), np.nan), np.full(photos, np.nan), np.full(photos, np.nan)
        )

    @cached_property
    def photos(self) -> int:
        """Those of the second half."""
        with np.load(self.half(second=True)) as kept:
            return len(kept["y"])

    @cached_property
    def ours(self) -> Mapping[Key, Column]:
        """Kinds and levels over all groups of two, or so many as were asked for, and all seeds."""
        of = [
            self.columns(group, seed)
            for group in self.groups(self.chosen.together)
            for seed in range(self.chosen.seeds)
        ]
        return {key: mean([one[key] for one in of]) for key in of[0]}

    @cached_property
    def rivals(self) -> Mapping[Key, Column]:
        """Every rival on the same photos and families."""
        folder = self.chosen.out / "rivals"
        opened = Rivals(self.last, self.half(second=True), self.chosen.levels, 0, folder, self.chosen.size)
        shown = opened.shown(opened.found.dataset.ids)
        asked = np.isfinite(next(iter(self.ours.values())).wrong)
        return {
            key: Column(
                np.where(asked, np.array([one.wrong[k] for one in shown], float), np.nan),
                np.array([one.l2[k] for one in shown]),
                np.array([one.ssim[k] for one in shown]),
            )
            for k, key in enumerate(opened.keys)
        }

    def mean_of_all(self, level: str) -> Column:
        """The mean of the 15 corruptions, photo by photo."""
        return mean([self.rivals[name, level] for name in CORRUPTIONS])

    @property
    def stages(self) -> list[str]:
        """All that corruptions are brought to."""
        return [level for name, level in self.rivals if name == next(iter(CORRUPTIONS))]


def mean(columns: Sequence[Column]) -> Column:
    """The mean of what several have; NaN where none has anything."""
    return Column(*(_mean([getattr(one, name) for one in columns]) for name in ("wrong", "l2", "ssim")))


def _mean(values: Sequence[Values]) -> Values:
    stacked = np.array(values)
    count = np.isfinite(stacked).sum(axis=0)
    total = np.nan_to_num(stacked).sum(axis=0)
    return np.where(count > 0, total / np.maximum(count, 1), np.nan)
