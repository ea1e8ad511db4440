"""Open a model and data, check that they fit, and agree on the rules of the game."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path
from typing import Any, Self

from numpy.typing import NDArray

from brittle.agent.player import is_at_home
from brittle.core.account import Account
from brittle.core.canvas import Canvas, Palette
from brittle.core.errors import UsageError
from brittle.core.grid import Grid
from brittle.core.request import SampleRun
from brittle.core.result import SearchResult, Status
from brittle.core.sample import Array, InputSpec, Sample
from brittle.core.sample_run import Archive, Onlooker, Rules, play_sample
from brittle.core.search import Board, InputBoard, SearchFactory, Terms
from brittle.distortions import open_distortion, suited
from brittle.domains.domain import Domain
from brittle.gradients.surrogate import LocalSurrogate, open_surrogates
from brittle.searches import SEARCHES, open_search
from brittle.store.archive import InputArchive
from brittle.store.kept import Kept
from brittle.store.manifest import Manifest
from brittle.tasks.audit.settings import AuditSettings
from brittle.tasks.playing.opened import Fit, Opened, class_index, fit
from brittle.tasks.watching.spotlight import Spotlight
from brittle.tasks.watching.telling import Follower
from brittle.tasks.watching.trail import Trails


@dataclass(frozen=True, kw_only=True)
class OpenedAudit(Opened):
    """A model and data that fit each other, and the game that is played on them."""

    settings: AuditSettings
    grid: Grid
    palette: Palette
    search: SearchFactory[Any]
    target: int | None
    surrogates: tuple[LocalSurrogate, ...] = ()
    onlooker: Onlooker | None = None

    def follower(self, folder: Path) -> Follower:
        """Tells what a search tries."""
        return Spotlight(folder, self.model.classes)

    def shown_to(self, onlooker: Onlooker) -> Self:
        """The same, which tells what its searches show."""
        return replace(self, onlooker=onlooker)

    @property
    def layers(self) -> int:
        """Those of the palette, on the cells board."""
        return len(self.palette.layers) if self.search.board == "cells" else 0

    @property
    def terms(self) -> Terms:
        """What ends a search."""
        closest = self.settings.goal == "closest"
        return Terms(self.settings.budget, self.settings.max_l2, closest, self.settings.power)

    def rules(self, archive: Archive) -> Rules:
        """What all sample runs of this audit share."""
        seed, power = self.settings.seed, self.settings.power
        board = partial(make_board, self.search.board, self.grid, self.palette, seed, power=power)
        return Rules(
            self.search,
            board,
            self.terms,
            archive,
            self.target,
            self.settings.top_k,
            self.settings.seed,
            self.onlooker,
            self.surrogates,
        )

    def sample_runs(self, names: Iterable[str], files: Kept) -> Iterator[SampleRun[SearchResult]]:
        """The run of each of these samples; flips go into the run folder."""
        rules = self.rules(InputArchive(files, self.domain, self.dataset.spec))
        trails = Trails(files, self.model.classes) if self.settings.keep_trail else None
        if trails:
            rules = replace(rules, onlooker=_both(trails.onlook, rules.onlooker))
        for name in names:
            run = play_sample(name, partial(self.dataset.open, name), rules)
            yield trails.kept(run) if trails else run

    def failed(self, **known: Any) -> SearchResult:
        """A FAILED result without queries."""
        return SearchResult(status=Status.FAILED, search=self.search.name, queries=0, **known)

    def manifest(self) -> Manifest:
        """What is asked, for the run folder."""
        return Manifest(
            settings=self.settings.question(),
            model=self.named_model,
            data=self.named_data,
            spec=self.dataset.spec,
            cell=self.grid.cell,
            palette=self.palette.layers,
            agent=getattr(self.search, "about", None),
            surrogates=tuple(surrogate.about for surrogate in self.surrogates) or None,
        )


def _both(one: Onlooker, other: Onlooker | None) -> Onlooker:
    """Tells both."""

    def told(account: Account, moves: NDArray[Any], answers: Array) -> None:
        one(account, moves, answers)
        if other:
            other(account, moves, answers)

    return told


def open_audit(
    settings: AuditSettings, model: Any = None, data: Any = None, *, outputs: int | None = None
) -> OpenedAudit:
    """Open what the settings name; model (or its backend) and data may be given as Python objects instead.

    outputs: how many classes the model answers, where that is known already; else it may be asked one row.
    Raises ModelError, DataError or UsageError, each with one line.
    """
    found = fit(settings, model, data, outputs)
    spec, classifier = found.dataset.spec, found.model
    search = settings.search or _usual_search(settings, spec)
    if settings.top_k >= len(classifier.classes):
        count = len(classifier.classes)
        raise UsageError(f"expected top-k below the model's {count} classes, got {settings.top_k}")
    played = open_search(search, **settings.search_settings)
    _check_axes(search, played, spec)
    if settings.distance and played.board != "cells":
        raise UsageError(
            f"{search} looks for the least L2; for the distance {settings.distance} choose a search on the "
            "cells board, such as patchwork"
        )
    return OpenedAudit(
        **vars(found),
        settings=settings.model_copy(update={"search": search}),
        grid=Grid(spec, _cell(settings, found.domain, played, spec)),
        palette=open_palette(settings.distortions, settings.draws, spec),
        search=played,
        target=None if settings.target is None else class_index(settings.target, classifier.classes),
        surrogates=_surrogates(settings.surrogates, search, played, found),
    )


def _surrogates(
    names: Sequence[str], search: str, played: SearchFactory[Any], found: Fit
) -> tuple[LocalSurrogate, ...]:
    """Those of a search that takes some.

    Raises UsageError for another, for one that needs some and has none, and as open_surrogates does.
    """
    if not names and getattr(played, "needs_surrogates", False):
        raise UsageError(f"the search {search} needs surrogates; name some with --surrogate, such as shipped")
    if not names:
        return ()
    if not getattr(played, "takes_surrogates", False):
        takers = (one for one in SEARCHES.names() if getattr(SEARCHES.load(one), "takes_surrogates", False))
        raise UsageError(
            f"the search {search} makes no use of surrogates; leave them out, or choose one of: "
            f"{', '.join(takers)}"
        )
    return open_surrogates(names, found.dataset.spec, found.model.classes, found.backend.sha256)


def _cell(
    settings: AuditSettings, domain: Domain, search: SearchFactory[Any], spec: InputSpec
) -> tuple[int, ...]:
    """The cell of the user, or the usual one; along an axis that a search needs it is one element long."""
    if settings.cell:
        return domain.parse_cell(settings.cell, spec)
    needed = [spec.axes[i] in getattr(search, "needs", ()) for i in spec.spatial]
    return tuple(1 if one else side for one, side in zip(needed, domain.cell(spec), strict=True))


def _check_axes(name: str, search: SearchFactory[Any], spec: InputSpec) -> None:
    """Raise UsageError if a search needs an axis that inputs of this kind do not have."""
    for axis in getattr(search, "needs", ()):
        if axis not in spec.axes:
            raise UsageError(
                f"the search {name} needs the axis '{axis}'; this input has {', '.join(spec.axes)}; "
                "choose another search, such as patchwork"
            )


def _usual_search(settings: AuditSettings, spec: InputSpec) -> str:
    """The search where the user names none: the agent where it learned, or is to learn; else patchwork."""
    return "agent" if settings.warm_up or is_at_home(spec) else "patchwork"


def open_palette(names: Sequence[str], draws: int, spec: InputSpec) -> Palette:
    """The palette of these distortions, or of all that suit the input. Raises UsageError."""
    palette = Palette(tuple(open_distortion(name) for name in names or suited(spec)), draws)
    palette.check(spec)
    if not palette.layers:
        raise UsageError(
            f"no distortion suits an input of {', '.join(spec.axes)}; name one with --distortion"
        )
    return palette


def make_board(
    kind: str, grid: Grid, palette: Palette, seed: int, sample: Sample, *, power: int = 2
) -> Board:
    """The board a search plays on: "cells" or "input". power: as of Canvas."""
    return Canvas(sample, grid, palette, seed, power) if kind == "cells" else InputBoard(sample)
