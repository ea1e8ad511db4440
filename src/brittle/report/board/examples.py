"""Some inputs of a set: untouched, what was changed, and the result, with what hold-outs say of them."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from brittle.domains import domain_of
from brittle.report.classes import class_name
from brittle.report.pictures import Picture, picture, played, with_extent
from brittle.report.wording import as_rms, number
from brittle.store.hard_records import Item
from brittle.store.hard_set import HardSet
from brittle.store.set_files import SetFiles

A_KIND, MOST = 2, 12
"""Examples of a kind of change, and of all."""
LONGEST = 60
"""Letters of a class."""

Answers = Mapping[tuple[str, str], int]
"""The class that a hold-out answered, by its name and the file."""


@dataclass(frozen=True)
class Turn:
    """What one hold-out says of the untouched input, and of the result."""

    model: str
    before: str
    after: str
    turned: bool


@dataclass(frozen=True)
class Example:
    """One item with its pictures: untouched, change, result. label: its class; animation: of what moves."""

    id: str
    label: str
    kind: str
    level: str
    measures: str
    turns: tuple[Turn, ...]
    pictures: tuple[Picture, ...]
    animation: Picture | None = None


def examples_of(hard: HardSet, files: SetFiles) -> list[Example]:
    """A few items of every kind at the base level, first those that turn most hold-outs.

    None where the set is without its inputs. Raises RunError for a damaged file.
    """
    answers = {(told.model, told.file): told.predicted for told in hard.held_out()}
    at_base = [item for item in hard.items() if item.level == hard.about.base]
    if not at_base or not hard.has(at_base[0].file):
        return []
    names = [clipped(one.name) for one in hard.classes]
    models = [net.name for net in hard.about.hold_outs]
    found = []
    for kind in hard.about.kinds:
        of_kind = [item for item in at_base if item.kind == kind.name]
        of_kind.sort(key=lambda item: -sum(turn.turned for turn in _turns(item, models, answers, names)))
        found += of_kind[:A_KIND]
    return [_example(item, files, _turns(item, models, answers, names), names) for item in found[:MOST]]


def clipped(text: str) -> str:
    """A text, its end left out where it is long."""
    return text if len(text) <= LONGEST else text[: LONGEST - 1] + "…"


def _turns(item: Item, models: Sequence[str], answers: Answers, names: Sequence[str]) -> tuple[Turn, ...]:
    """What each hold-out says, where both of its answers are known."""
    both = [(model, answers.get((model, item.clean)), answers.get((model, item.file))) for model in models]
    return tuple(
        Turn(
            clipped(model),
            class_name(names, before),
            class_name(names, after),
            turned=before == item.label != after,
        )
        for model, before, after in both
        if before is not None and after is not None
    )


def _example(item: Item, files: SetFiles, turns: tuple[Turn, ...], names: Sequence[str]) -> Example:
    spec = files.hard.about.spec
    domain, (x, changed) = domain_of(spec), (files.values(file) for file in (item.clean, item.file))
    id, label = clipped(item.id), class_name(names, item.label)
    measures = [f"L2 {number(item.l2)}", as_rms(item.l2, spec)]
    if item.ssim is not None:
        measures.append(f"SSIM {item.ssim:.3f}")
    if item.snr is not None:
        measures.append(f"SNR {number(item.snr)} dB")
    both = domain.animation((x, changed), spec)
    return Example(
        id,
        label,
        item.kind,
        item.level,
        ", ".join(measures),
        turns,
        (
            picture(
                with_extent("Untouched", spec),
                f"{label}, untouched",
                domain.picture(x, spec, [changed]),
                item.clean,
            ),
            picture("Change, amplified", f"What was changed by {item.kind}", domain.change(x, changed, spec)),
            picture("Result", f"{label}, changed", domain.picture(changed, spec, [x]), item.file),
        ),
        None if both is None else played("Untouched, and the result on the right", f"{label}, twice", both),
    )
