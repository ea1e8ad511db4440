"""Make the files of a set again, from its recipes and the untouched inputs: the same bytes."""

from collections.abc import Callable, Mapping, Sequence
from hashlib import sha256
from math import isfinite
from pathlib import Path
from typing import Any

from brittle.benchmarking.cells import Board
from brittle.benchmarking.patterns import Patterns
from brittle.core.canvas import Palette
from brittle.core.errors import DataError, RunError
from brittle.core.grid import Grid
from brittle.core.sample import Array, InputSpec, Sample
from brittle.core.scaling import Direction, along
from brittle.distortions import open_distortion
from brittle.domains import domain_of
from brittle.store.hard_records import Item, Kind
from brittle.store.hard_set import ABOUT, SUMS, TEXTURES, HardSet, beside, write_inside
from brittle.store.records import damaged
from brittle.store.set_files import SetFiles
from brittle.store.tiles import read_tiles
from brittle.tasks.benchmark.kinds import stored_patterns
from brittle.tasks.benchmark.originals import open_originals
from brittle.tasks.benchmark.settings import CELLS
from brittle.tasks.score.held_out import begin_board
from brittle.tasks.verify.opening import Given, refuse_code

Watch = Callable[[int, int], None]
"""Told how many samples are made, and of how many."""
LARGEST_SCALE = 1e12


class Recipes:
    """What the recipes of a set do to a sample. Raises RunError where they make no sense.

    given: distortions of the user's that it may open; code that only the set names is not run.
    """

    def __init__(self, hard: HardSet, given: Given) -> None:
        try:
            names = distortions_of(hard.about.kinds)
        except (AttributeError, TypeError) as error:
            raise RunError(damaged(ABOUT, f"its kinds: {error}")) from error
        refuse_code(names, given)
        self.spec, self._kinds = hard.about.spec, dict[str, Patterns | Board]()
        for kind in hard.about.kinds:
            self._kinds[kind.name] = _opened(kind, hard, self.spec)

    def direction(self, sample: Sample, item: Item) -> Direction:
        """What an item's recipe does, at any distance."""
        return self._kinds[item.kind].direction(sample, item.recipe)

    def make(self, sample: Sample, item: Item, direction: Direction | None = None) -> Array:
        """The input of an item. direction: of its recipe, where it is there already."""
        scale = item.recipe.get("scale")
        if not isinstance(scale, int | float) or not isfinite(scale) or abs(scale) > LARGEST_SCALE:
            raise RunError(f"the recipe of {item.file} has the scale {scale!r}; it is damaged")
        return along(sample, self.direction(sample, item) if direction is None else direction, float(scale))


def distortions_of(kinds: Sequence[Kind]) -> list[str]:
    """The distortions that recipes of a set name."""
    found: dict[str, None] = {}
    for kind in kinds:
        layers = kind.patterns.get("palette") or ()
        names = [kind.patterns.get("distortion"), *(layer.get("distortion") for layer in layers)]
        found |= dict.fromkeys(str(name) for name in names if name)
    return list(found)


def _opened(kind: Kind, hard: HardSet, spec: InputSpec) -> Patterns | Board:
    try:
        if kind.way == CELLS:
            return _board(kind.patterns, spec)
        textures = None
        if "textures" in kind.patterns:
            hard.read(TEXTURES)  # a plain file inside the set, or an error
            textures = read_tiles(hard.path / TEXTURES)
        return stored_patterns({kind.name: kind.patterns}, spec, textures)[0]
    except (KeyError, TypeError, ValueError, AttributeError) as error:
        raise RunError(damaged(ABOUT, f"the kind {kind.name}: {error}")) from error


def _board(stored: Mapping[str, Any], spec: InputSpec) -> Board:
    """The cells board of a set. Raises RunError where its layers are others now."""
    layers = stored["palette"]
    names = list(dict.fromkeys(str(layer["distortion"]) for layer in layers))
    draws = 1 + max(int(layer["draw"]) for layer in layers)
    if not 0 < draws <= len(layers):
        raise ValueError(f"{draws} draws in {len(layers)} layers")
    board = Board(
        Grid(spec, tuple(int(side) for side in stored["cell"])),
        Palette(tuple(open_distortion(name) for name in names), draws),
        int(stored["seed"]),
    )
    if board.to_dict()["palette"] != layers:
        raise RunError("the distortions of the set have other levels now; use the brittle that wrote it")
    return board


def render(
    folder: str | Path, data: Any, *, distortions: Sequence[str] = (), watch: Watch | None = None
) -> HardSet:
    """Make the files of a set from the originals, byte for byte as they were.

    data: the samples that it was made from. distortions: the set's own ones, `my.module:thing`. Raises
    RunError where a file would be another one, DataError where a sample is missing.
    """
    hard = HardSet.open(folder)
    spec = hard.about.spec
    domain = domain_of(spec)
    sums = SetFiles(hard, domain).sums
    recipes = Recipes(hard, Given(None, data, distortions, {}, False))
    originals = open_originals(hard, data)
    here = set(originals.ids)
    missing = [item.id for item in hard.items() if item.id not in here]
    if missing:
        raise DataError(
            f"{originals.name} has no sample '{missing[0]}'; give the data that the set was made from"
        )
    made = 0
    sample: Sample | None = None

    def put(file: str, x: Array, what: str) -> None:
        data = {file: domain.to_bytes(x, spec), **beside(file, domain, spec)}
        for name, content in data.items():
            if sha256(content).hexdigest() != sums.get(name):
                raise RunError(f"{name} would not be what {SUMS} has: {what}")
            write_inside(hard.path, name, content)

    for item in hard.items():
        if sample is None or sample.id != item.id:
            sample, made = originals.open(item.id), made + 1
            put(item.clean, sample.x, "the sample is not the one that the set was made from")
            if watch:
                watch(made, hard.about.samples)
        put(item.file, recipes.make(sample, item), "its recipe makes something else with these versions")
    begin_board(hard)
    return hard
