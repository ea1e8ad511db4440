"""One way to say settings: checks, options and help come from the same fields."""

import re
from typing import Any

import click
import pytest
from click.testing import CliRunner

from brittle.cli import cli
from brittle.cli.options import OF_ENDPOINTS, option_fields
from brittle.core.errors import UsageError
from brittle.learning.settings import (
    AcquisitionSettings,
    DuelingSettings,
    LearningSettings,
    PriorSettings,
    TileSettings,
)
from brittle.searches import SEARCHES
from brittle.settings import Settings, setting
from brittle.tasks.audit.settings import AuditSettings, CompareSettings
from brittle.tasks.explain.settings import CompareExplanationsSettings, ExplainSettings
from brittle.tasks.gates import GateSettings
from brittle.tasks.harden.settings import HardenSettings
from brittle.tasks.train.settings import TrainSettings

OWN = {
    "help",
    "set",
    "agent",
    "preset",
    "config",
    "estimate",
    "price",
    "junit",
    "explain",
    "board",
    "kind",
    "models",
    "data",
    "out",
}
COMMANDS: dict[str, dict[str, type[Settings]]] = {
    "audit": {"": AuditSettings, "gates": GateSettings},
    "compare": {"": CompareSettings, "explanations": CompareExplanationsSettings},
    "explain": {"": ExplainSettings},
    "harden": {"": HardenSettings},
    "train": {
        "": TrainSettings,
        "agents": LearningSettings,
        "rlab": DuelingSettings,
        "tiles": TileSettings,
        "priors": PriorSettings,
        "acquisitions": AcquisitionSettings,
    },
}


WITHOUT = {"harden": OF_ENDPOINTS}
"""Fields of the settings within that a command has no use for."""


class Pace(Settings):
    """How fast."""

    steps: int = setting(3, "how many steps", group="running", metavar="N", ge=1)
    rate: float | None = setting(None, "how fast", unset="as fast as it goes", gt=0)


def command(name: str) -> click.Command:
    found = cli.get_command(click.Context(cli), name)
    assert found is not None
    return found


def option_help(name: str, option: str) -> str:
    """What the command's own help says of one option, in one line."""
    text = CliRunner().invoke(cli, [name, "--help"], terminal_width=300, max_content_width=300).output
    (line,) = [line for line in text.splitlines() if re.match(rf"  {re.escape(option)}[ ,]", line)]
    return line


def shown(value: Any) -> str:
    return f"{value:g}" if isinstance(value, float) else str(value)


def told_of(line: str, prefix: str, prefixes: list[str]) -> str:
    """What a line of help says of the settings of this prefix; all, where it is the same for all of them."""
    if not prefix:
        return line.split("; explanations: ")[0]
    parts = re.split(rf"(?:; |(?<=  ))({'|'.join(prefixes)}): ", line, flags=re.IGNORECASE)
    by_prefix = dict(zip(map(str.lower, parts[1::2]), parts[2::2], strict=True))
    assert not by_prefix or prefix in by_prefix, f"{line} says nothing of {prefix}"
    return by_prefix.get(prefix, line)


@pytest.mark.parametrize(
    ("name", "prefix", "kind"),
    [(name, prefix, kind) for name, kinds in COMMANDS.items() for prefix, kind in kinds.items()],
)
def test_every_default_that_help_shows_is_the_real_one(name: str, prefix: str, kind: type[Settings]) -> None:
    options = {p.name: p.opts[0] for p in command(name).params if isinstance(p, click.Option)}
    needed: Any = {
        CompareSettings: {"searches": ("random",)},
        CompareExplanationsSettings: {"explainers": ("a", "b")},
        HardenSettings: {
            "model": "model.onnx",
            "data": "data.npz",
        },  # built-in models have steps of their own
    }
    made: Any = kind(**needed.get(kind, {}))
    parts = [made, getattr(made, "model_options", None), getattr(made, "data_options", None)]
    looked_at = 0
    for field_name in option_fields(kind, WITHOUT.get(name, ())):
        real = next(getattr(part, field_name) for part in parts if hasattr(part, field_name))
        line = option_help(name, options[field_name])
        line = told_of(line, prefix, [other for other in COMMANDS[name] if other])
        brackets = re.findall(r"\[([^\[\]]*(?:\[[^\]]*\])?[^\[\]]*)\](?=; |$)", line.strip())
        if isinstance(real, bool) or field_name in ("searches", "explainers"):
            assert not brackets
        elif real is None or real == ():
            assert brackets, f"{field_name} says what holds where it is not given"
        else:
            assert brackets[-1] == shown(real), field_name
            looked_at += 1
    assert looked_at or kind in (TrainSettings, GateSettings)


@pytest.mark.parametrize("name", COMMANDS)
def test_every_option_is_a_field_and_every_field_with_a_group_is_an_option(name: str) -> None:
    options = {p.name for p in command(name).params if isinstance(p, click.Option)}
    kinds, without = COMMANDS[name].values(), WITHOUT.get(name, ())
    fields = {field for kind in kinds for field in option_fields(kind, without)}
    assert fields <= options
    assert options - fields <= OWN


def test_help_is_grouped_and_no_option_is_without_a_group() -> None:
    text = CliRunner().invoke(cli, ["audit", "--help"]).output
    places = [text.index(f"\n{heading}:\n") for heading in ("Model", "Data", "Search", "Running", "Gates")]
    assert places == sorted(places)
    assert re.findall(r"--\S+", text[text.index("\nOther options:\n") :]) == ["--help"]


@pytest.mark.parametrize(
    ("values", "words"),
    [
        ({"step": 1}, "there is no setting 'step' of laps; did you mean 'steps'?"),
        ({"steps": 0}, "steps: Input should be greater than or equal to 1, got 0"),
        ({"rate": "fast"}, "rate: Input should be a valid number, .* got 'fast'"),
    ],
)
def test_a_wrong_name_or_value_is_one_line(values: dict[str, Any], words: str) -> None:
    with pytest.raises(UsageError, match=words):
        Pace.build(values, of="laps")


def test_text_and_typed_values_mean_the_same() -> None:
    data, model = {"size": (8, 16), "bounds": (0.0, 255.0)}, {"mean": (0.5,)}
    typed = {"budget": 30, "data_options": data, "model_options": model}
    data_text, model_text = {"size": "8x16", "bounds": "0,255"}, {"mean": "0.5"}
    texts = {"budget": "30", "data_options": data_text, "model_options": model_text}
    assert AuditSettings.build(typed) == AuditSettings.build(texts)


def test_the_settings_of_every_search_that_is_built_in_are_described() -> None:
    for name in SEARCHES.builtin:
        kind = SEARCHES.load(name)
        assert issubclass(kind, Settings), name
        assert all(field.description for field in kind.model_fields.values()), name


def test_a_header_that_may_hold_a_secret_is_not_shown() -> None:
    with pytest.raises(UsageError, match=r"^model_options.header: ") as caught:
        AuditSettings.build({"model_options": {"header": "Authorization: Bearer my secret"}})
    assert "secret" not in str(caught.value)
