"""Score a model on a hard set: one entry, and the board written again."""

from dataclasses import dataclass
from pathlib import Path
from typing import Any

from brittle.domains import domain_of
from brittle.report.board.page import BOARD, write_page
from brittle.store.hard_set import HardSet
from brittle.store.scores import ScoreEntry, read_scores, score_file, write_score
from brittle.store.set_files import SetFiles
from brittle.tasks.playing.naming import name_objects
from brittle.tasks.score.asking import Watch, answered
from brittle.tasks.score.entry import entry_of
from brittle.tasks.score.opening import find_entry, open_score
from brittle.tasks.score.settings import ScoreSettings


@dataclass(frozen=True)
class Score:
    """What a model scored.

    over: the figures that fail_over does not allow, a line each. left_out: of the board, and why.
    """

    folder: Path
    entry: ScoreEntry
    over: tuple[str, ...]
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
    """Show a model all images of a hard set, write its entry and the board.

    model:    as of brittle.audit. folder: a hard set with its images.
    watch:    called with a Standing while it is under way.
    settings: the fields of ScoreSettings (name, limit, reference, fail_over, batch, model_options).

    An entry is written whole at the end: what was interrupted is simply run again. Raises BrittleError with
    one line for the user.
    """
    named = name_objects(model, None)
    chosen = ScoreSettings.build({**settings, **named.texts, "folder": folder})
    opened = open_score(chosen, named.objects.get("model"))
    try:
        opened.backend.meter.purpose = "samples"
        found = answered(opened.model, opened.files, opened.sources, chosen.batch, watch or (lambda _: None))
    finally:
        opened.backend.close()
    entry = entry_of(opened, found)
    write_score(opened.hard, entry)
    left_out = write_board(chosen.folder, chosen.reference)
    return Score(Path(chosen.folder), entry, _over(entry, chosen), tuple(left_out))


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


def _over(entry: ScoreEntry, settings: ScoreSettings) -> tuple[str, ...]:
    """The figures that are greater than the user allows, a line each."""
    figures = {
        "error": entry.mean_error,
        "relative": entry.relative_error,
        "mce": entry.relative_to.mce if entry.relative_to else 0.0,
    }
    return tuple(
        f"{name} is {figures[name]:.3f}, over {limit:g}"
        for name, limit in (settings.fail_over or {}).items()
        if figures[name] > limit
    )
