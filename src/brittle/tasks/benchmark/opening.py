"""One phase of a benchmark, opened: a run of its own, that goes on where it stopped."""

from abc import abstractmethod
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import Any

from brittle.benchmarking.cells import Board
from brittle.benchmarking.held_out import ask_files
from brittle.benchmarking.levels import DistanceLevel, base_of, distances
from brittle.benchmarking.patterns import Patterns
from brittle.benchmarking.sharing import ShareRules, score_sample
from brittle.benchmarking.textures import open_textures
from brittle.benchmarking.tuning import TUNING
from brittle.core.build_run import BuildRules, build_sample
from brittle.core.errors import RunError
from brittle.core.goal import JointGoal
from brittle.core.hard_result import Ending, HardResult
from brittle.core.request import SampleRun
from brittle.core.sample import Sample
from brittle.data import Dataset, open_data
from brittle.models import Backend
from brittle.store.hard_records import form_of
from brittle.store.hard_set import HardFiles, class_folders, item_names, read_inside
from brittle.store.kept import Kept
from brittle.store.manifest import Manifest
from brittle.store.run import Run
from brittle.tasks.benchmark.kinds import levels_of, open_board, open_ways, stored_patterns
from brittle.tasks.benchmark.nets import Surrogates, fit_net, open_nets, open_surrogates
from brittle.tasks.benchmark.originals import as_of
from brittle.tasks.benchmark.parts import Part
from brittle.tasks.benchmark.settings import PhaseSettings
from brittle.tasks.playing.opened import Opened

WORK = "work"
"""The folder inside that of a set with a run of each phase: how it was made, and how it is continued."""


@dataclass(frozen=True, kw_only=True)
class OpenedPhase(Opened):
    """What every phase has. nets: names of the surrogates, or of the hold-out. classes: of each."""

    settings: PhaseSettings
    nets: tuple[str, ...]
    classes: tuple[str, ...]

    @property
    def root(self) -> Path:
        """The folder of the set."""
        return self.settings.folder()

    def files_root(self, folder: Path) -> Path:
        """The folder that inputs are kept in."""
        return files_root(self.settings)

    def failed(self, **known: Any) -> HardResult:
        """A FAILED result without rows."""
        return HardResult(status=Ending.FAILED, rows={}, **known)

    def manifest(self) -> Manifest:
        """What is asked, for the run folder."""
        return Manifest(
            verb="benchmark",
            settings=self.settings.question(),
            model=self.named_model,
            data=self.named_data,
            spec=self.dataset.spec,
        )

    def sample_runs(self, names: Iterable[str], files: Kept) -> Iterator[SampleRun[HardResult]]:
        """The run of each of these samples; what they leave is kept in files."""
        begin = self.run_of(files)
        for name in names:
            yield begin(name)

    @abstractmethod
    def run_of(self, files: Kept) -> Callable[[str], SampleRun[HardResult]]:
        """The run of a sample, by its id."""


@dataclass(frozen=True, kw_only=True)
class OpenedSharing(OpenedPhase):
    """Patterns are scored on samples that do not go into the set."""

    patterns: tuple[Patterns, ...]
    levels: tuple[DistanceLevel, ...]

    def run_of(self, files: Kept) -> Callable[[str], SampleRun[HardResult]]:
        """The run of a sample that patterns are chosen on."""
        joint = partial(JointGoal, surrogates=len(self.nets), kappa=TUNING.kappa)
        rules = ShareRules(
            joint=joint,
            kinds=self.patterns,
            level=base_of(self.levels),
            surrogates=self.nets,
            keep=self.settings.keep,
            seed=self.settings.seed,
        )
        return lambda name: score_sample(name, partial(self.dataset.open, name), rules)


@dataclass(frozen=True, kw_only=True)
class OpenedBuild(OpenedSharing):
    """Every sample of the set is changed, its files are written and asked. board: where there are cells."""

    board: Board | None

    @property
    def layers(self) -> int:
        """Those of the palette, and the base of the canvas."""
        return 0 if self.board is None else len(self.board.palette.layers) + 1

    def run_of(self, files: Kept) -> Callable[[str], SampleRun[HardResult]]:
        """The run of a sample of the set."""
        rules = BuildRules(
            joint=partial(JointGoal, surrogates=len(self.nets), kappa=TUNING.kappa),
            ways=open_ways(self.settings, self.board, self.patterns, self.levels),
            levels=self.levels,
            files=self.files(files),
            measure=distances,
            surrogates=self.nets,
            keep=self.settings.keep,
            seed=self.settings.seed,
        )
        return lambda name: build_sample(name, partial(self.dataset.open, name), rules)

    def files(self, kept: Kept) -> HardFiles:
        """Where files go; their names are those of the whole data, whatever part is played here."""
        data, place = self.dataset, form_of(self.domain.name).place
        names = item_names(data.whole.ids if isinstance(data, Part) else data.ids)
        return HardFiles(kept, place, self.domain, names, class_folders(self.classes))


@dataclass(frozen=True, kw_only=True)
class OpenedHoldOut(OpenedPhase):
    """A hold-out is asked for the files. built: of the samples of the set, by id."""

    built: Mapping[str, HardResult] = field(repr=False)

    def run_of(self, files: Kept) -> Callable[[str], SampleRun[HardResult]]:
        """The run of a sample of the set on the hold-out."""
        return lambda name: self._asked(self.built[name])

    def _asked(self, built: HardResult) -> SampleRun[HardResult]:
        files = [built.clean, *(piece.file for piece in built.pieces)]
        label = built.label
        assert label is not None
        return ask_files(built.sample, files, label, partial(self._read, label), self.settings.seed)

    def _read(self, label: int, file: str) -> Sample:
        data = read_inside(files_root(self.settings), file)
        spec = self.dataset.spec
        return Sample(file, self.domain.from_bytes(data, spec), label, spec)


def done(run: Run) -> list[HardResult]:
    """The samples that a phase came to its end with."""
    return [found for found in run.hard_results() if found.status is Ending.DONE]


def files_root(settings: PhaseSettings) -> Path:
    """Where files are kept: in the set, or in the working folder until it is finished."""
    return settings.folder() / WORK if settings.no_images else settings.folder()


def open_phase(settings: PhaseSettings, *, outputs: int | None = None) -> OpenedPhase:
    """Open a phase anew, in a worker: what its settings name, from nothing. outputs: is found out here."""
    found = open_surrogates(settings, {})
    if settings.phase == "held-out":
        backend = open_nets([settings.held], {}, settings)[0]
        return open_hold_out(settings, found.dataset, backend, found.classes)
    data = found.dataset
    if settings.phase != "build":
        data = other_data(settings, found) or data
    return phase_of(settings, found, data)


def other_data(settings: PhaseSettings | Any, found: Surrogates, learn_on: Any = None) -> Dataset | None:
    """The samples of --learn-on, as the surrogates take them; None where none are named."""
    source = settings.learn_on if learn_on is None else learn_on
    if source is None:
        return None
    spec = found.dataset.spec
    options = as_of(spec, settings.data_options)
    names = found.members[0].backend.classes
    return Part.all_of(open_data(source, spec.shape, names, len(found.classes), options), spec)


def phase_of(settings: PhaseSettings, found: Surrogates, data: Dataset) -> OpenedPhase:
    """A phase in which surrogates are asked about these samples."""
    spec = data.spec
    textures = open_textures(settings.textures) if _textured(settings) else None
    sharing = OpenedSharing(
        settings=settings,
        backend=found.backend,
        model=found.model,
        dataset=data,
        domain=found.domain,
        nets=tuple(net.name for net in found.named),
        classes=found.classes,
        patterns=stored_patterns(settings.patterns, spec, textures),
        levels=levels_of(settings, spec),
    )
    if settings.phase != "build":
        return sharing
    return OpenedBuild(**vars(sharing), board=open_board(settings, found.domain, spec))


def _textured(settings: PhaseSettings) -> bool:
    return any("textures" in one for one in settings.patterns.values())


def open_hold_out(
    settings: PhaseSettings, dataset: Dataset, backend: Backend, classes: tuple[str, ...]
) -> OpenedHoldOut:
    """A hold-out and the samples of the set that is built. Raises RunError where that is not finished."""
    found = fit_net(settings, backend, dataset)
    run = Run.open(settings.folder() / WORK / "build")
    built = {one.sample: one for one in done(run)}
    if not built:
        raise RunError(f"{run.path} has no sample of a set; run the same command again")
    return OpenedHoldOut(
        settings=settings,
        backend=found.backend,
        model=found.model,
        dataset=found.dataset,
        domain=found.domain,
        nets=(settings.held,),
        classes=classes,
        built=built,
    )
