"""Score a model on a hard set: one entry, and the board written again."""

from dataclasses import dataclass
from math import inf
from pathlib import Path
from typing import Any

from brittle.domains import domain_of
from brittle.report.board.page import BOARD, write_page
from brittle.report.gates.gate import Figure, Verdict, judge
from brittle.report.intervals import Interval
from brittle.store.hard_set import HardSet
from brittle.store.scores import Ends, ScoreEntry, read_scores, score_file, write_score
from brittle.store.set_files import SetFiles
from brittle.tasks.playing.naming import name_objects
from brittle.tasks.score.asking import Watch, answered
from brittle.tasks.score.entry import entry_of
from brittle.tasks.score.opening import find_entry, open_score
from brittle.tasks.score.settings import ScoreSettings


@dataclass(frozen=True)
class Score:
    """What a model scored.

    verdicts: of the gates, fail_over and fail_under. left_out: of the board, and why.
    """

    folder: Path
    entry: ScoreEntry
    verdicts: tuple[Verdict, ...]
    left_out: tuple[str, ...]

    @property
    def file(self) -> Path:
        """The entry."""
        return self.folder / score_file(self.entry.name)

    @property
    def board(self) -> Path:
        """The page."""
        return self.folder / BOARD

    def summary(self) -> dict[str, Any]:
        """The entry as plain data, as its file has it."""
        return self.entry.to_dict()


def score(model: Any, folder: str | Path, *, watch: Watch | None = None, **settings: Any) -> Score:
    """Show a model all files of a hard set, write its entry and the board.

    model:    as of brittle.audit. folder: a hard set with its files.
    watch:    called with a Standing while it is under way.
    settings: the fields of ScoreSettings (name, limit, reference, fail_over, fail_under, batch,
              model_options).

    An entry is written whole at the end: what was interrupted is simply run again. Raises BrittleError with
    one line for the user.
    """
    named = name_objects(model, None)
    chosen = ScoreSettings.build({**settings, **named.texts, "folder": folder})
    opened = open_score(chosen, named.objects.get("model"))
    try:
        opened.backend.meter.purpose = "samples"
        told = watch or (lambda _: None)
        found = answered(opened.model, opened.files, opened.sources, chosen.batch, told, opened.lanes)
    finally:
        opened.backend.close()
    entry = entry_of(opened, found)
    write_score(opened.hard, entry)
    left_out = write_board(chosen.folder, chosen.reference)
    figures, where = _figures(entry), str(Path(chosen.folder) / BOARD)
    verdicts = tuple(judge(gate, figures[gate.name], where=where) for gate in chosen.gates)
    return Score(Path(chosen.folder), entry, verdicts, tuple(left_out))


def write_board(folder: str | Path, reference: str | None = None) -> list[str]:
    """Write board.html of a hard set from its entries; returns a line for each that is left out, and why.

    reference: an entry that mCE is relative to. Raises BrittleError with one line.
    """
    hard = HardSet.open(folder)
    files = SetFiles(hard, domain_of(hard.about.spec))
    entries, left_out = read_scores(hard, files.sha256)
    named = None if reference is None else find_entry(entries, reference)
    write_page(hard, files, entries, left_out, named)
    return left_out


def _figures(entry: ScoreEntry) -> dict[str, Figure]:
    """What may be gated, by the names of FIGURES."""
    half, fell = entry.rms_at_half_error, "accuracy does not fall so far"
    if half is None and entry.clean.right:
        half = inf
    return {
        "accuracy": Figure(entry.clean.accuracy, _interval(entry.clean.interval)),
        "error": Figure(entry.mean_error, _interval(entry.mean_error_interval)),
        "relative": Figure(entry.relative_error),
        "mce": Figure(entry.relative_to.mce if entry.relative_to else None, why="there is no reference"),
        "rms_at_half_error": Figure(half, why=fell if entry.clean.right else "nothing was right at all"),
    }


def _interval(ends: Ends | None) -> Interval | None:
    return None if ends is None else Interval(*ends)
