"""Train an agent that explains, on local models."""

from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

from brittle.agent.explainer import as_player
from brittle.agent.file import TrainedAgent, write_agent
from brittle.agent.player import open_agent
from brittle.core.errors import UsageError, did_you_mean
from brittle.core.explain_run import LEAST_BUDGET
from brittle.learning.curve import ExplainerUpdate
from brittle.learning.explaining import ExplainerTask
from brittle.learning.learner import open_learner
from brittle.learning.settings import LearningSettings
from brittle.store.learned import Checkpoint
from brittle.tasks.explain.opening import OpenedExplanation, open_explanation
from brittle.tasks.explain.settings import ExplainSettings
from brittle.tasks.playing.naming import name_objects
from brittle.tasks.playing.settings import FREE_OF_MODEL
from brittle.tasks.train.agents import learned_on, learning_card, samples_of, write_curves
from brittle.tasks.train.card import out_file

PLAYERS: dict[str, dict[str, Any]] = {"tide": {"apart": True}, "survey": {}}
"""The explainers that an agent can play, each with the settings that give it the most moves."""
DEFAULT, BUDGET = "tide", 150


def train_explainer(
    models: Sequence[Any],
    data: Any,
    out: str | Path,
    explainer: str = DEFAULT,
    *,
    first: int | None = None,
    budget: int | None = None,
    start: str | None = None,
    asked: Mapping[str, Any] | Sequence[Mapping[str, Any]] | None = None,
    watch: Callable[[ExplainerUpdate], None] = lambda _: None,
    **learning: Any,
) -> Path:
    """Train an agent that explains; returns its file, with a card (.json) and a curve (.csv, .png) beside it.

    The same call again goes on from the last update of one that was stopped.

    models:    what brittle explain takes. data: samples, for all models or a list of those for each; first:
               only so many from the start of their order. A game is over a sample that the model gets right.
    explainer: the player that is corrected, tide or survey.
    budget:    most rows of one explanation; that of a game is drawn at random, up to it.
    start:     an agent to go on from, file or shipped name.
    asked:     further ExplainSettings (fill, model_options, data_options), for all models or a list for each.
    learning:  fields of LearningSettings (queries, games, seed ...). Raises BrittleError with one line.
    """
    out, budget = out_file(out), budget or BUDGET
    if explainer not in PLAYERS:
        raise UsageError(f"an agent cannot play '{explainer}'; {did_you_mean(explainer, PLAYERS)}")
    if not models:
        raise UsageError("expected at least one model to learn on; name it with --model")
    if budget < LEAST_BUDGET:
        raise UsageError(f"expected a budget of {LEAST_BUDGET} or more, got {budget}")
    learn = open_learner()
    chosen = LearningSettings.build(learning, "agents")
    agent = open_agent(start, "explainer") if start else None
    wishes, places = _each(asked or {}, len(models), "asked"), _each(data, len(models), "data")
    opened = [
        _open(model, place, explainer, {"seed": chosen.seed, **wish})
        for model, place, wish in zip(models, places, wishes, strict=True)
    ]
    tasks = [_task(one, first, budget) for one in opened]
    question = {
        "kind": "explainer",
        "player": explainer,
        "settings": PLAYERS[explainer],
        **learned_on(opened, [len(task.samples) for task in tasks]),
        "first": first,
        "budget": budget,
        "asked": [_plain(wish) for wish in wishes],
        "learning": chosen.model_dump(),
        "start": agent.name if agent else None,
    }
    checkpoint = Checkpoint(out.with_suffix(".part.safetensors"), question, ExplainerUpdate)
    learned = learn(tasks, chosen, agent.network if agent else None, checkpoint, watch)
    card = {**question, **learning_card(learned, chosen, _call(question, opened, chosen, out))}
    write_agent(out, TrainedAgent(learned.network, explainer, PLAYERS[explainer], card, kind="explainer"))
    write_curves(out, learned, {"Mean return": "gain", "Insertion - deletion": "score", "Rows": "rows"})
    checkpoint.delete()
    return out


def _each(given: Any, count: int, what: str) -> list[Any]:
    """What is given for all models, or a list with that of each, as such a list."""
    if not isinstance(given, list):
        return [given] * count
    if len(given) != count:
        raise UsageError(f"expected {what} for all models, or for each of {count}, got {len(given)}")
    return given


def _open(model: Any, data: Any, explainer: str, asked: Mapping[str, Any]) -> OpenedExplanation:
    """A model and data that fit each other."""
    named = name_objects(model, data)
    words = {**named.texts, "explainer": explainer, "explainer_settings": PLAYERS[explainer], **asked}
    return open_explanation(ExplainSettings.build(words), **named.objects)


def _task(opened: OpenedExplanation, first: int | None, budget: int) -> ExplainerTask:
    """Explanations on an opened model."""
    return ExplainerTask(
        opened.model, samples_of(opened, first), opened.fills, as_player(opened.explainer), budget
    )


def _plain(asked: Mapping[str, Any]) -> dict[str, Any]:
    """Wishes as plain data: files by their names, and nothing of how a model is run and reached."""
    settings, hidden = ExplainSettings.build(asked), {"model_options": FREE_OF_MODEL}
    plain = settings.model_dump(mode="json", include={*asked}, exclude=hidden, exclude_defaults=True)
    for part, file in (("model_options", "classes"), ("data_options", "labels")):
        if plain.get(part, {}).get(file):
            plain[part][file] = Path(plain[part][file]).name
    return plain


def _call(
    question: Mapping[str, Any], opened: Sequence[OpenedExplanation], chosen: LearningSettings, out: Path
) -> str:
    """The call that makes the file again, without places."""
    names = [Path(one.settings.model).name for one in opened], [one.dataset.name for one in opened]
    default = LearningSettings().model_dump()
    changed = {name: value for name, value in chosen.model_dump().items() if value != default[name]}
    words = {name: question[name] for name in ("first", "budget", "asked")} | changed
    told = ", ".join(f"{name}={value!r}" for name, value in words.items())
    return f"brittle.train_explainer({names[0]}, {names[1]}, {out.name!r}, {question['player']!r}, {told})"
