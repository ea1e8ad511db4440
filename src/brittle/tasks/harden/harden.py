"""Harden a classifier: attack it, learn new weights, write them back, and attack it again."""

import json
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from brittle.core.errors import BrittleError, DataError
from brittle.core.sample import Array, Sample
from brittle.data.dataset import evenly
from brittle.hardening.records import Hardened, HardeningTask, Weights
from brittle.models import ModelOptions, open_model
from brittle.models.classifier import ModelClassifier
from brittle.models.torch_device import exact
from brittle.report.harden.page import HardeningReport, hardening_report, write_page
from brittle.store.files import write_whole
from brittle.store.learned import write_learned
from brittle.tasks.harden import folder as place
from brittle.tasks.harden.audits import Audits, audited, limit_of, write_report_samples
from brittle.tasks.harden.card import card_of
from brittle.tasks.harden.clean import answered, are_right
from brittle.tasks.harden.corrupted import on_corruptions
from brittle.tasks.harden.earlier import earlier_of
from brittle.tasks.harden.folder import claimed, read_json
from brittle.tasks.harden.opening import OpenedHardening, open_hardening
from brittle.tasks.harden.samples import Kept, Sides
from brittle.tasks.harden.settings import HardenSettings
from brittle.tasks.harden.trainable import Trainable, open_trainable
from brittle.tasks.harden.transfer import transferred
from brittle.tasks.harden.watching import Standing, Watch
from brittle.tasks.harden.white_box import under_pgd
from brittle.tasks.playing.naming import name_objects, refuse_workers

READ_BACK, OF_HALVES = 1e-5, 3e-2
"""By how much a probability of the written file may differ from the trained module's; of float16 weights."""
COMPARED = 64


@dataclass(frozen=True)
class Hardening:
    """What a hardening left in its folder."""

    folder: Path
    report: HardeningReport

    @property
    def model(self) -> Path:
        """The hardened model as ONNX."""
        return self.folder / place.MODEL

    @property
    def weights(self) -> Path:
        """Its weights by name, as safetensors."""
        return self.folder / place.WEIGHTS

    @property
    def page(self) -> Path:
        """The report."""
        return self.folder / place.PAGE

    @property
    def kept(self) -> bool:
        """Whether new weights were written; else the original's came back."""
        return self.report.card["share"] is not None

    def summary(self) -> dict[str, Any]:
        """The card, and what each attack found, as plain data."""
        return self.report.to_dict()


def harden(model: Any = None, data: Any = None, *, watch: Watch | None = None, **settings: Any) -> Hardening:
    """The same model with weights whose decisions are farther from a flip, and the proof of it.

    model:    an .onnx file, a torch module, package.module:function that makes one, or a built-in name.
    data:     labelled samples, as brittle.audit takes them.
    watch:    called with a Standing while it is under way.
    settings: the fields of HardenSettings.

    The same call again continues. Raises BrittleError with one line for the user.
    """
    named = name_objects(model, data)
    chosen = HardenSettings.build({**settings, **named.texts})
    refuse_workers({k: v for k, v in named.objects.items() if k == "model"}, chosen.workers > 1)
    opened = open_hardening(chosen, **named.objects)
    folder = opened.settings.folder()
    try:
        with claimed(folder, opened.question):
            return _hardened(opened, folder, watch or (lambda _: None))
    finally:
        opened.audit.backend.close()


def _hardened(opened: OpenedHardening, folder: Path, watch: Watch) -> Hardening:
    """Do what is missing. The card is written last of the training: where it is, the weights are there."""
    audits = Audits(opened, folder, watch)
    if not (folder / place.CARD).exists():
        _train(opened, folder, audits, watch)
    card = read_json(folder / place.CARD)
    options = ModelOptions.model_validate(card["model_options"])
    runs = {
        "before": audits.before(),
        "control": audits.of_file("control", folder / place.CONTROL, options),
        "after": audits.of_file("after", folder / place.MODEL, options),
    }
    shown = card
    if "transfer" not in card:
        asked = opened.audit.model
        files = {"control": place.CONTROL, "after": place.MODEL}
        anew = {
            arm: ModelClassifier(open_model(folder / file, options), asked.input, asked.classes)
            for arm, file in files.items()
        }
        shown = {**card, "transfer": transferred(runs, {"before": asked, **anew})}
    report = hardening_report(shown, runs)
    if report.card != card:  # it came by what the attacks found
        write_whole(folder / place.CARD, json.dumps(report.card, indent=1, ensure_ascii=False) + "\n")
    write_page(folder / place.PAGE, report)
    return Hardening(folder, report)


def _train(opened: OpenedHardening, folder: Path, audits: Audits, watch: Watch) -> None:
    """Split, audit the original, learn, write the models and the card."""
    sides, model = opened.split(), opened.audit.model
    trainable = open_trainable(opened.settings.model, model, sides.choose.x[:COMPARED])
    if not (folder / place.REPORT).exists():
        samples = _audited(sides.report, model, opened.settings.samples)
        write_report_samples(folder / place.REPORT, samples, model.input)
    audits.before()
    hardened = _learned(opened, sides, trainable, folder, watch)
    original = trainable.weights
    weights = {
        "before": original,
        "control": hardened.control,
        "after": original if hardened.weights is None else hardened.weights,
    }
    white_box = _under_pgd(opened, trainable, weights, folder, watch)
    models = {"before": model}
    for arm, name in (("control", place.CONTROL), ("after", place.MODEL)):
        trainable.put(weights[arm])
        write_whole(folder / name, trainable.write())
        models[arm] = _read_back(folder / name, opened, trainable, sides.choose.x[:COMPARED])
    settings = opened.settings
    beside = {
        "white_box": white_box,
        "corruptions": on_corruptions(sides.report, models, settings.samples, settings.seed, watch),
    }
    card = card_of(opened, sides, trainable, hardened, answered(sides.report, models), beside, folder)
    write_learned(folder / place.WEIGHTS, trainable.named(), {"format": "hardened"}, card)
    (folder / place.CHECKPOINT).unlink(missing_ok=True)


def _audited(report: Kept, model: ModelClassifier, most: int) -> list[Sample]:
    """Samples of the report that the original answers right, evenly chosen. Raises DataError without any."""
    right = [
        sample.id
        for samples in report.batches()
        for sample, is_right in zip(samples, are_right(model, samples), strict=True)
        if is_right
    ]
    if not right:
        raise DataError(
            f"the model answers none of {len(report.ids)} samples of the report as they are labelled; "
            "check the labels, or how the model is asked (--mean, --std, --classes)"
        )
    return [report.dataset.open(name) for name in evenly(right, most)]


def _learned(
    opened: OpenedHardening, sides: Sides, trainable: Trainable, folder: Path, watch: Watch
) -> Hardened:
    """Control and hardened weights, and the place between them that is taken."""
    from brittle.hardening.arms import harden_weights  # noqa: PLC0415

    settings, audit = opened.settings, opened.audit
    earlier = earlier_of(settings.runs, sides.learn, audit.dataset.spec)
    task = HardeningTask(
        module=trainable.module,
        logits=trainable.logits,
        spec=audit.dataset.spec,
        learn=sides.learn,
        choose=sides.choose,
        grid=audit.grid,
        palette=audit.palette,
        flips=earlier.flips,
        worn=earlier.worn,
    )
    with _computing(settings.threads):
        return harden_weights(
            task,
            settings.training,
            folder / place.CHECKPOINT,
            lambda now: watch(Standing(f"training, {now.arm}", now, settings.steps)),
        )


def _under_pgd(
    opened: OpenedHardening,
    trainable: Trainable,
    weights: Mapping[str, Weights],
    folder: Path,
    watch: Watch,
) -> dict[str, Any] | None:
    """The samples that are audited, under an attack that sees the weights."""
    samples, spec, limit = audited(opened, folder), opened.audit.dataset.spec, limit_of(folder)
    with _computing(opened.settings.threads):
        return under_pgd(trainable, weights, samples, spec, limit, opened.settings.seed, watch)


@contextmanager
def _computing(count: int | None) -> Iterator[None]:
    """So many threads of torch meanwhile, and the same sums every time."""
    import torch  # noqa: PLC0415

    before = torch.get_num_threads()
    torch.set_num_threads(count or before)
    try:
        with exact():
            yield
    finally:
        torch.set_num_threads(before)


def _read_back(file: Path, opened: OpenedHardening, trainable: Trainable, x: Array) -> ModelClassifier:
    """The model of a file that was written. Raises BrittleError if it does not answer as the module does."""
    asked = opened.audit.model
    found = ModelClassifier(open_model(file, trainable.options), asked.input, asked.classes)
    off = float(np.abs(found(x) - trainable.probabilities(x)).max())
    if not off <= (READ_BACK if trainable.is_exact else OF_HALVES):
        raise BrittleError(
            f"{file} answers otherwise than the weights that were learned, by {off:.1e}; report it"
        )
    return found
