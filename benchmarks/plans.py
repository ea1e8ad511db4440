"""What each of the published tables asks for: victims, searches and their settings."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

OWN = ("random", "greedy")
PEERS = ("square-l2", "simba-dct", "hopskipjump", "corruptions", "foolbox-noise", "foolbox-blur")
MORE_PEERS = ("foolbox-contrast", "square-linf", "foolbox-salt-and-pepper", "simba", "boundary")
IMAGENET = ("imagenet_mobilenet_v2", "imagenet_mobilenet_v1_075", "imagenet_squeezenet11")
CIFAR = ("cifar10_resnet20", "cifar10_resnet56", "cifar10_resnet_2b_adv", "cifar10_resnet_4b_adv")
CELLS = (2, 4, 8, 16, 32)
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
    """A table: its title, what its rows are, its audits. data: folder or file of the assets; near: an L2."""

    name: str
    title: str
    rows: str
    data: str
    audits: tuple[Audit, ...]
    note: str = ""
    near: float = 1.0


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


TABLES = {"imagenet": imagenet, "cifar10": cifar, "cells-taken": cells_taken, "cell-sizes": cell_sizes}


def model_file(assets: Path, victim: str) -> str:
    """Where a victim is kept."""
    return str(assets / "models" / f"{victim}.onnx")
