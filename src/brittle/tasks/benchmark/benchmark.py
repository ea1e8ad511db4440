"""Make a hard set: choose shared patterns, build every sample, hold models out, write the folder."""

from collections.abc import Mapping, Sequence
from contextlib import ExitStack
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from brittle.benchmarking.patterns import Patterns
from brittle.core.errors import DataError, RunError, UsageError
from brittle.core.paths import exists
from brittle.data import Dataset
from brittle.models import Backend
from brittle.store.archive import file_name
from brittle.store.hard_records import NamedNet
from brittle.store.hard_set import ABOUT, HardSet
from brittle.store.run import Run
from brittle.tasks.benchmark.finishing import Asked, Phases, finish_set
from brittle.tasks.benchmark.kinds import (
    drawn_patterns,
    levels_of,
    open_board,
    open_ways,
    try_patterns,
    with_usual,
)
from brittle.tasks.benchmark.nets import (
    Surrogates,
    check_known,
    named_nets,
    open_nets,
    open_surrogates,
    refuse_seen,
)
from brittle.tasks.benchmark.opening import WORK, open_hold_out, other_data, phase_of
from brittle.tasks.benchmark.parts import Part, Split, split
from brittle.tasks.benchmark.phases import (
    Chosen,
    Watch,
    first_round,
    play_phase,
    surviving,
    why_none,
    with_batch,
)
from brittle.tasks.benchmark.settings import BenchmarkSettings, PhaseSettings
from brittle.tasks.playing.naming import name_objects, refuse_workers
from brittle.tasks.playing.setup import batch_of
from brittle.tasks.score.held_out import begin_board


@dataclass(frozen=True)
class MadeSet:
    """A finished set. besides: rows that no account of it has, by what for; see phases.besides."""

    set: HardSet
    besides: Mapping[str, int]

    @property
    def path(self) -> Path:
        """Its folder."""
        return self.set.path


def benchmark(
    data: Any = None,
    *,
    models: Any = (),
    hold_out: Any = (),
    learn_on: Any = None,
    watch: Watch | None = None,
    **settings: Any,
) -> MadeSet:
    """Make a set of inputs that models err on at little distance, and prove it on models that are held out.

    data, learn_on: as of brittle.audit; labelled 8-bit images or clips, or signals.
    models, hold_out: each one model or several, as of brittle.audit.
    watch: called with a Standing while it runs.
    settings: the fields of BenchmarkSettings.

    The same call again finishes what is missing. Raises BrittleError with one line for the user.
    """
    surrogates, seen = _named(models)
    held, unseen = _named(hold_out)
    texts = name_objects(None, data).texts
    if learn_on is not None:
        texts["learn_on"] = name_objects(None, learn_on).texts["data"]
    named = {"models": surrogates, "hold_out": held}
    values = {**settings, **{k: v for k, v in named.items() if v}, **texts}
    objects = Objects({**seen, **unseen}, _object(data), _object(learn_on))
    return run_benchmark(BenchmarkSettings.build(values), objects, watch or (lambda _: None))


@dataclass(frozen=True)
class Objects:
    """What was given as Python objects: models by name, data, and samples to learn on."""

    models: Mapping[str, Any]
    data: Any = None
    learn_on: Any = None


NO_OBJECTS = Objects({})


def _named(models: Any) -> tuple[tuple[str, ...], dict[str, Any]]:
    """The names of one model or several, and those that are objects."""
    every = list(models) if isinstance(models, list | tuple) else [models]
    found: dict[str, Any] = {}
    names = []
    for model in every:
        one = name_objects(model, None)
        name = model.name if isinstance(model, Backend) else one.texts["model"]
        names.append(name)
        if one.objects:
            if name in found:
                raise UsageError(f"expected models of different names, got two called {name}")
            found[name] = model
    return tuple(names), found


def _object(data: Any) -> Any:
    return name_objects(None, data).objects.get("data")


def run_benchmark(settings: BenchmarkSettings, objects: Objects, watch: Watch) -> MadeSet:
    """One benchmark, from its settings to its folder."""
    others = {"data": objects.data, "learn_on": objects.learn_on}
    given = {**objects.models, **{name: thing for name, thing in others.items() if thing is not None}}
    refuse_workers(given, settings.elsewhere)
    with ExitStack() as closing:
        found = open_surrogates(settings, objects.models, objects.data)
        closing.callback(found.backend.close)
        held = open_nets(settings.hold_out, objects.models, settings)
        for backend in held:
            closing.callback(backend.close)
        return _Making(settings, found, held, objects.learn_on, watch).make()


class _Making:
    """One benchmark under way."""

    def __init__(
        self,
        settings: BenchmarkSettings,
        found: Surrogates,
        held: Sequence[Backend],
        learn_on: Any,
        watch: Watch,
    ) -> None:
        self.spec = found.dataset.spec
        self.settings = settings = with_usual(settings, self.spec)
        self.found, self.held, self.watch = found, held, watch
        self.named_held = named_nets(settings, settings.hold_out, held)
        refuse_seen(found.members, held)
        for net, backend in zip(self.named_held, held, strict=True):
            check_known(found, net.name, backend)
        self.levels = levels_of(settings, self.spec)
        self.drawn = drawn_patterns(settings, self.spec)
        self.board = open_board(settings, found.domain, self.spec)
        open_ways(PhaseSettings.of(settings), self.board, self.drawn, self.levels)
        self.learn_data = other_data(settings, found, learn_on)
        self.split: Split = split(found.dataset, self.learn_data, bool(self.drawn), settings.first)
        self.batch: int | None = None

    def make(self) -> MadeSet:
        """Every phase in turn, then the folder."""
        claim(self.settings.folder())
        patterns, chosen, shared = self._share()
        build = self._play("build", "building", self._part(self.found.dataset, self.split.tried), patterns)
        if not any(one.pieces for one in build.hard_results()):
            raise DataError(f"no sample is in the set; {why_none(build)}")
        outs = {net.name: self._hold_out(net, b) for net, b in zip(self.named_held, self.held, strict=True)}
        asked = Asked(
            settings=self.settings,
            found=self.found,
            held=self.named_held,
            levels=self.levels,
            patterns=patterns,
            chosen=chosen,
            board=self.board,
            split=self.split,
        )
        made = MadeSet(*finish_set(asked, Phases(shared=shared, build=build, held_out=outs)))
        if not self.settings.no_images:
            begin_board(made.set)
        return made

    def _share(self) -> tuple[tuple[Patterns, ...], Chosen, list[Run]]:
        """The patterns that are hard for everyone, on samples that do not go into the set."""
        if not self.drawn:
            return (), {}, []
        data = self.learn_data or self.found.dataset
        self._try_once(data)
        learn, keep = self.split.learn, PhaseSettings.of(self.settings).candidates("")
        count = first_round(learn)
        one = self._play("share-1", "choosing patterns", self._part(data, learn[:count]), self.drawn)
        kept, table = surviving(self.drawn, one, keep)
        runs = [one]
        if learn[count:]:
            two = self._play("share-2", "choosing patterns", self._part(data, learn[count:]), kept)
            table = table.with_run(two)
            runs.append(two)
        return *table.best(kept, keep), runs

    def _try_once(self, data: Dataset) -> None:
        """See that distortions of the user work, on the first sample that can be read."""
        for name in self.split.learn:
            try:
                sample = data.open(name)
            except DataError:
                continue
            try_patterns(self.drawn, sample)
            return

    def _part(self, data: Dataset, ids: Sequence[str]) -> Part:
        return Part(data, tuple(ids), data.spec)

    def _play(self, phase: Any, what: str, data: Dataset, patterns: Sequence[Patterns]) -> Run:
        """One phase on the surrogates."""
        settings = PhaseSettings.of(
            self.settings,
            phase=phase,
            patterns={one.name: one.to_dict() for one in patterns},
            budget=self._most_rows(phase, patterns),
        )
        opened = phase_of(settings, self.found, data)
        return self._keep_batch(play_phase(with_batch(opened, self.batch), what, phase, self.watch))

    def _most_rows(self, phase: str, patterns: Sequence[Patterns]) -> int:
        """Most rows of one sample: what progress is told in shares of."""
        if phase != "build":
            return 1 + sum(map(len, patterns))
        of = PhaseSettings.of(self.settings)
        kinds = [*(one.name for one in patterns), *(["cells"] if self.board else [])]
        return 1 + sum(of.candidates(kind) for kind in kinds) + len(kinds) * len(self.levels)

    def _hold_out(self, net: NamedNet, backend: Backend) -> Run:
        """One hold-out, asked for the finished files."""
        number = [one.name for one in self.named_held].index(net.name)
        files = 1 + len(self.levels) * (len(self.drawn) + bool(self.board))
        settings = PhaseSettings.of(
            self.settings, phase="held-out", held=self.settings.hold_out[number], budget=files
        )
        opened = open_hold_out(settings, self.found.dataset, backend, self.found.classes)
        check_known(self.found, net.name, opened.model.backend, len(opened.model.classes))
        opened = replace(opened, dataset=self._part(self.found.dataset, tuple(opened.built)))
        opened, folder = with_batch(opened, self.batch), f"held-out-{file_name(net.name)}"
        return self._keep_batch(play_phase(opened, f"holding out {net.name}", folder, self.watch))

    def _keep_batch(self, run: Run) -> Run:
        self.batch = self.batch or batch_of(run)
        return run


def claim(folder: Path) -> None:
    """Raise RunError where a folder holds something else than a set, or one being made."""
    if not exists(folder):
        return
    if not folder.is_dir():
        raise RunError(f"expected a new folder, but {folder} is a file; choose another --out")
    known = exists(folder / WORK) or (folder / ABOUT).is_file()
    if not known and any(folder.iterdir()):
        raise RunError(
            f"expected a new folder or that of a set, but {folder} holds other files; choose another --out"
        )
