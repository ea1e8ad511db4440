"""Let the agent of an audit learn on the audited model first, under a stated budget."""

from collections.abc import Callable
from dataclasses import replace

from brittle.agent.file import write_agent
from brittle.agent.player import open_agent
from brittle.core.errors import DataError
from brittle.core.sample import Sample
from brittle.searches import open_search
from brittle.store.run import Run
from brittle.tasks.opening import Opened
from brittle.tasks.train_agent import warm_up

FILE = "agent.safetensors"
ROWS_A_SAMPLE, FEWEST, MOST = 100, 4, 64  # rows of a warm-up for each sample it learns from


def warmed_up(opened: Opened, run: Run, on_rows: Callable[[int], None]) -> Opened:
    """The audit with its agent after the warm-up; that is done once, and kept in the run folder.

    on_rows: told after every update how many rows the model was shown. Raises BrittleError.
    """
    file = run.path / FILE
    if not file.exists():
        agent = open_agent(str(opened.settings.search_settings.get("file", "shipped")))
        learned = warm_up(
            opened, agent, opened.settings.warm_up, _samples(opened), lambda update: on_rows(update.queries)
        )
        on_rows(learned.queries)
        write_agent(file, learned.agent)
    chosen = {**opened.settings.search_settings, "file": str(file)}
    settings = opened.settings.model_copy(update={"search_settings": chosen})
    return replace(opened, settings=settings, search=open_search("agent", **chosen))


def _samples(opened: Opened) -> list[Sample]:
    """The first samples of the audit that can be read."""
    wanted = min(MOST, max(FEWEST, opened.settings.warm_up // ROWS_A_SAMPLE))
    found: list[Sample] = []
    for name in opened.dataset.ids:
        try:
            found.append(opened.dataset.open(name))
        except DataError:
            continue
        if len(found) == wanted:
            break
    return found
