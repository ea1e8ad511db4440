"""Write the folder of a set, from the runs of its phases."""

import re
import shutil
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass
from hashlib import sha256
from pathlib import Path
from typing import Any

from brittle.benchmarking.cells import Board
from brittle.benchmarking.levels import DistanceLevel, base_of
from brittle.benchmarking.patterns import Patterns
from brittle.benchmarking.textures import learned_from, texture_file
from brittle.benchmarking.tuning import TUNING
from brittle.core.errors import RunError
from brittle.core.hard_result import Ending, HardResult
from brittle.core.paths import is_file
from brittle.report.hard_card import card
from brittle.report.wording import short_name
from brittle.store.hard_records import (
    CLEAN,
    Benchmark,
    HeldOutAnswer,
    Item,
    Kind,
    LeftOut,
    Level,
    NamedNet,
    SetRows,
    Source,
)
from brittle.store.hard_set import ABOUT, HardSet, beside, class_folders, write_hard_set
from brittle.store.run import Run
from brittle.store.versions import versions_of
from brittle.tasks.benchmark.nets import Surrogates
from brittle.tasks.benchmark.opening import WORK, done
from brittle.tasks.benchmark.originals import reading_of
from brittle.tasks.benchmark.parts import Split
from brittle.tasks.benchmark.phases import Chosen, besides
from brittle.tasks.benchmark.settings import CELLS, BenchmarkSettings

NAMES = ("model", "models", "hold_out", "data", "learn_on", "licence", "model_options", "data_options")
"""Settings that a set tells elsewhere, or not: places on somebody's machine mean nothing to others."""
MADE_WITH = ("brittle", "numpy", "onnxruntime", "pillow", "scipy")


@dataclass(frozen=True, kw_only=True)
class Asked:
    """What was asked for, opened, and the patterns that were chosen."""

    settings: BenchmarkSettings
    found: Surrogates
    held: Sequence[NamedNet]
    levels: Sequence[DistanceLevel]
    patterns: Sequence[Patterns]
    chosen: Chosen
    board: Board | None
    split: Split


@dataclass(frozen=True)
class Phases:
    """The finished runs. held_out: by the name of the hold-out."""

    shared: Sequence[Run]
    build: Run
    held_out: Mapping[str, Run]

    def besides(self, surrogates: int) -> dict[str, int]:
        """Rows that no account of the set has, all phases together."""
        total = Counter[str]()
        for run in (*self.shared, self.build):
            total.update(besides(run, surrogates))
        for run in self.held_out.values():
            total.update(besides(run, 1))
        return dict(total)


def finish_set(asked: Asked, phases: Phases) -> tuple[HardSet, dict[str, int]]:
    """Write all that is derived; returns the set, and the rows that it has no account of.

    Raises RunError where the folder has the finished set of another command.
    """
    folder = asked.settings.folder()
    built = done(phases.build)
    about = _about(asked, phases, built)
    _refuse_another(folder, about)
    items = list(_items(built))
    left_out = list(_left_out(asked, phases.build))
    held_out = list(_held_out(phases))
    sums = dict(_sums(asked, built))
    textures = _textures(asked)
    found = write_hard_set(
        folder,
        about,
        class_folders(asked.found.classes),
        items,
        left_out,
        held_out,
        card(about, items, left_out, held_out),
        sums,
        textures,
    )
    if asked.settings.no_images:
        for place in (CLEAN, about.form.place):
            shutil.rmtree(folder / WORK / place, ignore_errors=True)
    return found, phases.besides(len(asked.found.members))


def _sums(asked: Asked, built: Sequence[HardResult]) -> Iterator[tuple[str, str]]:
    """Every file of an input, and what lies beside it for other programs, with its SHA-256."""
    codec, spec = asked.found.domain, asked.found.dataset.spec
    for one in built:
        own = {one.clean: one.clean_sha256, **{piece.file: piece.sha256 for piece in one.pieces}}
        for file, digest in own.items():
            yield file, digest
            for name, content in beside(file, codec, spec).items():
                yield name, sha256(content).hexdigest()


def _textures(asked: Asked) -> bytes | None:
    """The file of learned textures, where a kind has them."""
    if any(one.way == "texture" for one in asked.patterns):
        return Path(texture_file(asked.settings.textures)).read_bytes()
    return None


def _about(asked: Asked, phases: Phases, built: Sequence[HardResult]) -> Benchmark:
    settings, data = asked.settings, asked.found.dataset
    told = {name: value for name, value in settings.question().items() if name not in NAMES}
    return Benchmark(
        settings={
            **told,
            "budget": settings.budget,
            "kappa": TUNING.kappa,
            **_learned(asked),
            **reading_of(settings.data_options),
        },
        surrogates=asked.found.named,
        hold_outs=tuple(asked.held),
        data=Source(
            name=short_name(data.name), samples=len(data.ids), sha256=data.sha256, licence=settings.licence
        ),
        domain=asked.found.domain.name,
        spec=data.spec,
        levels=tuple(
            Level(name=one.name, measure=one.measure, value=one.value)  # type: ignore[arg-type]
            for one in asked.levels
        ),
        base=base_of(asked.levels).name,
        kinds=tuple(_kinds(asked)),
        samples=len(built),
        rows=_rows(phases, len(asked.found.members)),
        versions=versions_of(*MADE_WITH),
    )


def _learned(asked: Asked) -> dict[str, Any]:
    """On how many samples patterns were chosen, and of which data."""
    if not asked.patterns:
        return {}
    other = asked.settings.learn_on
    return {
        "learned_on": len(asked.split.learn),
        "learn_data": short_name(other) if other else "the same data",
    }


def _kinds(asked: Asked) -> Iterator[Kind]:
    for one in asked.patterns:
        patterns = {**one.to_dict(), **asked.chosen.get(one.name, {})}
        if one.way == "texture":
            patterns |= learned_from(asked.settings.textures)
        yield Kind(name=one.name, way=one.way, patterns=patterns)
    if asked.board is not None:
        about = {**asked.board.to_dict(), "search": asked.settings.search}
        yield Kind(name=CELLS, way=CELLS, patterns=about)


def _rows(phases: Phases, surrogates: int) -> SetRows:
    """Rows by account: a row of surrogates is shown to each of them."""
    seen, unseen = Counter[str](), Counter[str]()
    for run in (*phases.shared, phases.build):
        for one in run.hard_results():
            seen.update(one.rows)
    for run in phases.held_out.values():
        for one in run.hard_results():
            unseen.update(one.rows)
    return SetRows(**{name: surrogates * count for name, count in seen.items()}, **unseen)


def _items(built: Sequence[HardResult]) -> Iterator[Item]:
    for one in built:
        for piece in one.pieces:
            yield Item(
                id=one.sample,
                kind=piece.kind,
                level=piece.level,
                label=one.label or 0,
                file=piece.file,
                clean=one.clean,
                **asdict(piece.distances),
                recipe=dict(piece.recipe),
                margins=piece.margins,
                queries=piece.queries,
                verified=True,
            )


def _left_out(asked: Asked, build: Run) -> Iterator[LeftOut]:
    """Every sample of the data that is not in the set, in their order."""
    results = {one.sample: one for one in build.hard_results()}
    for id in asked.found.dataset.ids:
        if id in asked.split.unused:
            yield LeftOut(sample=id, reason=asked.split.unused[id])
        elif results[id].status is not Ending.DONE:
            yield LeftOut(sample=id, label=results[id].label, reason=_without_place(results[id].message, id))


def _without_place(message: str, id: str) -> str:
    """A message that calls a file by its sample, and not by where it lies on somebody's machine."""
    return re.sub(rf"^[^:]*?[/\\]{re.escape(id)}", lambda _: id, message)


def _held_out(phases: Phases) -> Iterator[HeldOutAnswer]:
    for name, run in phases.held_out.items():
        for one in run.hard_results():
            for answer in one.answers:
                yield HeldOutAnswer(model=name, id=one.sample, **asdict(answer))


def _refuse_another(folder: Path, about: Benchmark) -> None:
    """Raise RunError where the folder has a finished set of something else; hold-outs may be others."""
    if not is_file(folder / ABOUT):
        return
    old = HardSet.open(folder).about
    for name in ("settings", "surrogates", "spec", "kinds", "levels"):
        if getattr(old, name) != getattr(about, name):
            raise RunError(f"{folder} holds a set of other {name}; choose another --out")
    if old.data.sha256 != about.data.sha256:
        raise RunError(f"{folder} holds a set of other data; choose another --out")
