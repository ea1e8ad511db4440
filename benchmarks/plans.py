"""What each of the published tables asks for: victims, searches and their settings."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import Any

OWN = ("random", "greedy")
PEERS = ("square-l2", "simba-dct", "hopskipjump", "corruptions", "foolbox-noise", "foolbox-blur")
MORE_PEERS = ("foolbox-contrast", "square-linf", "foolbox-salt-and-pepper", "simba-pixel", "boundary")
IMAGENET = ("imagenet_mobilenet_v2", "imagenet_mobilenet_v1_075", "imagenet_squeezenet11")
CIFAR = ("cifar10_resnet20", "cifar10_resnet56", "cifar10_resnet_2b_adv", "cifar10_resnet_4b_adv")
CELLS = (2, 4, 8, 16, 32)
NATURAL = ("gaussian_noise", "gaussian_blur", "dead_pixels", "illumination", "banding")
TAKEN = (1, 2, 4, 8, 16)
HEAVY = {
    "hopskipjump": 4,
    "boundary": 4,
}  # at the batch of others, their rows of many samples fill the memory


@dataclass(frozen=True)
class Audit:
    """One cell of a table: a victim, a row's name, and the settings of the audit behind it."""

    victim: str
    row: str
    settings: dict[str, Any] = field(default_factory=dict)


@dataclass(frozen=True)
class Table:
    """A table: its title, what its rows are, its audits. data: folder or file of the assets; near: an L2.

    fresh: plays on images that agents were not taught on: the second half of labels.csv, or CIFAR's after the
    first 100.
    paired: holds the first row that is there against the others, sample by sample.
    """

    name: str
    title: str
    rows: str
    data: str
    audits: tuple[Audit, ...]
    note: str = ""
    near: float = 1.0
    fresh: bool = False
    paired: bool = False


def search_rows(victims: Sequence[str], searches: Sequence[str], **settings: Any) -> tuple[Audit, ...]:
    """Every search on every victim; rows are searches."""
    return tuple(
        Audit(v, s, {"search": s, "batch": HEAVY.get(s, 16), **settings}) for s in searches for v in victims
    )


def imagenet(searches: Sequence[str]) -> Table:
    """Table 1: three ImageNet victims under every search."""
    chosen = searches or (*OWN, *PEERS, *MORE_PEERS)
    audits = search_rows(IMAGENET, chosen, cell="32x32")
    return Table(
        "imagenet", "ImageNet, three victims, every search", "search", "data/imagenet", audits, near=10.0
    )


def cifar(searches: Sequence[str]) -> Table:
    """Table 2: plain and adversarially trained CIFAR-10 victims."""
    chosen = searches or (*OWN, *PEERS, *MORE_PEERS)
    audits = search_rows(CIFAR, chosen, cell="4x4")
    return Table(
        "cifar10", "CIFAR-10, plain and adversarially trained", "search", "data/cifar10/test.npz", audits
    )


def cells_taken(searches: Sequence[str]) -> Table:
    """Table 3: how many cells one action takes, fixed numbers (greedy) against adaptive searches."""
    victims, side = CIFAR[:2], 4
    cells = (32 // side) ** 2
    fixed = [
        Audit(v, f"greedy, {n} a round", {"search": "greedy", "search_settings": {"take": n / cells}})
        for n in TAKEN
        for v in victims
    ]
    adaptive = [Audit(v, f"{s}, adaptive", {"search": s}) for s in searches or ("random",) for v in victims]
    note = (
        f"Cells of {side} × {side} pixels, {cells} in all. Each round of greedy tries every untouched cell."
    )
    size = {"cell": f"{side}x{side}"}
    audits = tuple(Audit(a.victim, a.row, {**a.settings, **size}) for a in (*fixed, *adaptive))
    return Table("cells-taken", "Cells taken by one action", "action", "data/cifar10/test.npz", audits, note)


def cell_sizes(searches: Sequence[str]) -> Table:
    """Table 4: cells of 2 to 32 pixels."""
    audits = tuple(
        Audit("cifar10_resnet20", f"{s}, {side} × {side}", {"search": s, "cell": f"{side}x{side}"})
        for s in searches or OWN
        for side in CELLS
    )
    note = "Steps are HPE's: a round of greedy is one step, whatever number of queries it costs."
    return Table("cell-sizes", "Cell sizes", "search and cell", "data/cifar10/test.npz", audits, note)


@dataclass(frozen=True)
class Fresh:
    """A victim and images that rlab's agent was not taught on. side: of a cell, in pixels; cells: in all."""

    victim: str
    data: str
    side: int
    cells: int
    sides: tuple[int, ...]
    near: float


PHOTOS = Fresh(IMAGENET[0], "data/imagenet", 32, 49, (56, 32, 16), 10.0)
SMALL = Fresh(CIFAR[1], "data/cifar10/test.npz", 4, 64, (16, 8, 4, 2), 1.0)


def rlab(fresh: Fresh, name: str, title: str, rows: str, settings: dict[str, dict[str, Any]]) -> Table:
    """A table of rlab alone; the first of its rows is held against the others."""
    audits = tuple(
        Audit(fresh.victim, row, {"search": "rlab", "distortions": NATURAL, "batch": 16, **one})
        for row, one in settings.items()
    )
    note = (
        f"Palette: {', '.join(NATURAL)}. The agent was taught on other models and other images "
        "(its card: `searches/rlab/weights/imagenet.json`). A step sweeps every cell, one row each, "
        "and shows one move; a flip found in a sweep ends the steps."
    )
    return Table(name, title, rows, fresh.data, audits, note, fresh.near, fresh=True, paired=True)


def rlab_cells_taken(fresh: Fresh, name: str, searches: Sequence[str]) -> Table:
    """RLAB's Table 4: the agent chooses how many cells a step adds and takes away, or the number is fixed.

    With a fixed number the agent still chooses distortions, nothing is taken away before the clean-up, and
    the steps end when every cell is worn.
    """
    size = {"cell": f"{fresh.side}x{fresh.side}"}
    fixed = {
        f"{n} of {fresh.cells} a step": {**size, "search_settings": {"fixed_n": n}}
        for n in map(int, searches or TAKEN)
    }
    title = "RLAB: cells a step, chosen or fixed"
    return rlab(fresh, name, title, "cells a step", {"the agent's number": size, **fixed})


def rlab_cell_sizes(fresh: Fresh, name: str, searches: Sequence[str]) -> Table:
    """RLAB's Table 5: cells of several sizes, the agent choosing how many."""
    sides = sorted(map(int, searches or fresh.sides))
    rows = {f"{side} × {side}": {"cell": f"{side}x{side}"} for side in sides}
    return rlab(fresh, name, "RLAB: cell sizes", "cell", rows)


TABLES: dict[str, Callable[[Sequence[str]], Table]] = {
    "imagenet": imagenet,
    "cifar10": cifar,
    "cells-taken": cells_taken,
    "cell-sizes": cell_sizes,
    "rlab-cells-taken": partial(rlab_cells_taken, PHOTOS, "rlab-cells-taken"),
    "rlab-cell-sizes": partial(rlab_cell_sizes, PHOTOS, "rlab-cell-sizes"),
    "rlab-cells-taken-cifar10": partial(rlab_cells_taken, SMALL, "rlab-cells-taken-cifar10"),
    "rlab-cell-sizes-cifar10": partial(rlab_cell_sizes, SMALL, "rlab-cell-sizes-cifar10"),
}


def model_file(assets: Path, victim: str) -> str:
    """Where a victim is kept."""
    return str(assets / "models" / f"{victim}.onnx")
