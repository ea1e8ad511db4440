"""The kinds of change that settings ask for, and those that a set tells of."""

from collections.abc import Mapping, Sequence
from typing import Any

from brittle.benchmarking.cells import Board, CellsWay
from brittle.benchmarking.distorted import DistortionPatterns
from brittle.benchmarking.levels import SIGNAL, DistanceLevel, base_of, open_levels
from brittle.benchmarking.patterns import Patterns, SharedWay
from brittle.benchmarking.textures import SHIPPED_NAME, TexturePatterns, open_textures
from brittle.benchmarking.tuning import TUNING
from brittle.benchmarking.waves import WavePatterns
from brittle.core.build_run import Way
from brittle.core.errors import RunError, UsageError
from brittle.core.grid import Grid
from brittle.core.sample import InputSpec, Sample
from brittle.core.seeds import generator
from brittle.distortions import open_distortion
from brittle.domains import Domain
from brittle.searches import open_search
from brittle.store.tiles import Tiles
from brittle.tasks.audit.opening import open_palette
from brittle.tasks.benchmark.settings import (
    CELLS,
    KINDS,
    TEXTURE,
    WAVE,
    BenchmarkSettings,
    PhaseSettings,
)


def with_usual(settings: BenchmarkSettings, spec: InputSpec) -> BenchmarkSettings:
    """The settings with the usual levels and kinds for inputs like these, where none are stated.

    What is stated then is what a set is known by, and continued with. Raises UsageError.
    """
    usual: dict[str, Any] = {}
    if settings.measure is None:
        measure = "snr" if set(SIGNAL) <= set(spec.axes) else "rms"
        usual[measure] = getattr(TUNING, measure)
    if not settings.kinds and not settings.distortions:
        stated = settings.textures != SHIPPED_NAME
        fit = stated or len(TexturePatterns.of(open_textures(settings.textures), spec))
        usual["kinds"] = KINDS if fit else (WAVE,)
    return settings.model_copy(update=usual)


def levels_of(settings: BenchmarkSettings, spec: InputSpec) -> tuple[DistanceLevel, ...]:
    """Levels from weak to strong. Raises UsageError."""
    stated = settings.measure
    assert stated is not None, "see with_usual"
    return open_levels(*stated, spec)


def drawn_patterns(settings: BenchmarkSettings, spec: InputSpec) -> tuple[Patterns, ...]:
    """All that may be shared, of every kind that is, before any is chosen. Raises UsageError."""
    found: list[Patterns] = []
    if WAVE in settings.kinds:
        found.append(WavePatterns.drawn(TUNING.waves, spec, generator(settings.seed, "shared waves")))
    if TEXTURE in settings.kinds:
        textures = TexturePatterns.of(open_textures(settings.textures), spec)
        if not len(textures):
            raise UsageError(
                f"expected textures for inputs of {', '.join(spec.axes)}, got {settings.textures} of others; "
                "leave --kind texture out, or make some with brittle train --kind tile"
            )
        found.append(textures)
    for name in settings.whole:
        distortion = open_distortion(name)
        missing = [axis for axis in distortion.needs if axis not in spec.axes]
        if missing:
            raise UsageError(f"{name} needs the axis '{missing[0]}'; this input has {', '.join(spec.axes)}")
        found.append(DistortionPatterns.of(distortion, settings.seed))
    names = [patterns.name for patterns in found]
    if len(set(names)) < len(names):
        raise UsageError(f"expected kinds of different names, got {', '.join(names)}")
    return tuple(found)


def stored_patterns(
    data: Mapping[str, Mapping[str, Any]], spec: InputSpec, textures: Tiles | None
) -> tuple[Patterns, ...]:
    """Patterns from plain data, by kind; textures: where one kind has them. Distortions are opened by name.

    Raises RunError for data that make no sense, UsageError for a distortion that is not here.
    """
    found: list[Patterns] = []
    for name, one in data.items():
        if "waves" in one:
            found.append(WavePatterns.from_dict(one, spec))
        elif "textures" in one:
            if textures is None:
                raise RunError(f"the kind {name} has textures, but there is no file with them")
            found.append(TexturePatterns.of(textures, spec, one.get("order")))
        elif "distortion" in one:
            found.append(DistortionPatterns.from_dict(one, open_distortion(str(one["distortion"]))))
        else:
            raise RunError(f"the patterns of the kind {name} are damaged")
    return tuple(found)


def open_board(settings: BenchmarkSettings, domain: Domain, spec: InputSpec) -> Board | None:
    """The cells board of the distortions that are named, or of all that suit; None without that kind.

    Raises UsageError.
    """
    if CELLS not in settings.kinds:
        return None
    grid = Grid(spec, domain.cell(spec))
    return Board(grid, open_palette(settings.distortions, 1, spec), settings.seed)


def open_ways(
    settings: PhaseSettings,
    board: Board | None,
    patterns: Sequence[Patterns],
    levels: Sequence[DistanceLevel],
) -> tuple[Way, ...]:
    """How each kind of change is sought. board: of cells, where these are asked for. Raises UsageError."""
    base = base_of(levels)
    ways: list[Way] = [SharedWay(one, base, settings.candidates(one.name), settings.seed) for one in patterns]
    if board is not None:
        search = open_search(settings.search, **settings.search_settings)
        if search.board != CELLS:
            raise UsageError(
                f"expected a search on the cells board, such as patchwork, got {settings.search}; waves and "
                "textures are kinds of their own"
            )
        ways.append(CellsWay(search, board, base, settings.candidates(CELLS)))
    return tuple(ways)


def try_patterns(patterns: Sequence[Patterns], sample: Sample) -> None:
    """Draw one of each on a sample, so that code of the user's that fails is found at once.

    Raises DistortionError.
    """
    for one in patterns:
        one.direction(sample, one.plain(0))
