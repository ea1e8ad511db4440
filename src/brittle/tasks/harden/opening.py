"""Open the model and data of a hardening, split them, and make the model learnable."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from brittle.core.errors import DataError, UsageError
from brittle.data import Dataset, open_data
from brittle.data.ecg5000 import NAME as ECG5000
from brittle.models import open_model
from brittle.tasks.audit.opening import OpenedAudit, open_audit
from brittle.tasks.harden.groups import groups_of
from brittle.tasks.harden.samples import (
    Sides,
    labelled,
    refuse_too_few,
    split_data,
    split_test,
    training_beats,
)
from brittle.tasks.harden.settings import YARDSTICK, HardenSettings
from brittle.tasks.harden.trainable import refuse_without_weights

ALL_BEATS = 4500


@dataclass(frozen=True)
class OpenedHardening:
    """What is hardened. audit: the model, data, cells and palette, as the yardstick has them."""

    settings: HardenSettings
    audit: OpenedAudit
    test: Dataset | None

    @property
    def question(self) -> dict[str, Any]:
        """All that the result depends on, as plain data."""
        test = self.test and {
            "name": self.test.name,
            "samples": len(self.test.ids),
            "sha256": self.test.sha256,
        }
        return {
            "format": 1,
            "settings": self.settings.question(),
            "model": self.audit.named_model,
            "data": self.audit.named_data,
            "test": test,
        }

    def split(self) -> Sides:
        """The samples to learn from, to choose by and to report on. Raises DataError, UsageError."""
        settings, dataset = self.settings, self.audit.dataset
        if settings.data == ECG5000 and self.test is None:
            if settings.group is not None:
                raise UsageError(f"{ECG5000} has no groups; leave --group out")
            sides = split_test(training_beats(), dataset, settings.seed, None)
        elif self.test is None:
            sides = split_data(dataset, settings.seed, self._groups(settings.data, dataset))
        else:
            groups = self._groups(str(settings.test), self.test)
            sides = split_test(labelled(dataset, dataset.ids), self.test, settings.seed, groups)
        refuse_too_few(sides, self.audit.model.classes, settings.least_a_class)
        return sides

    def _groups(self, source: str, dataset: Dataset) -> Mapping[str, str] | None:
        column, options = self.settings.group, self.settings.data_options
        return None if column is None else groups_of(source, options, dataset, column)


def open_hardening(settings: HardenSettings, model: Any = None, data: Any = None) -> OpenedHardening:
    """Open what the settings name; model and data may be given as Python objects instead.

    Raises BrittleError with one line.
    """
    refuse_without_weights(settings.model if model is None else model)
    asked = settings
    if settings.data == ECG5000 and settings.data_options.limit is None:
        options = settings.data_options.model_copy(update={"limit": ALL_BEATS})
        asked = settings.model_copy(update={"data_options": options})
    backend = open_model(settings.model if model is None else model, settings.model_options)
    audit = open_audit(asked.audit(YARDSTICK), backend, data)
    return OpenedHardening(settings, audit, _test(asked, audit))


def _test(settings: HardenSettings, audit: OpenedAudit) -> Dataset | None:
    """The data that are kept for the report, where they are named. Raises DataError for another kind."""
    if settings.test is None:
        return None
    backend, spec = audit.backend, audit.dataset.spec
    names = audit.model.classes
    found = open_data(settings.test, spec.shape, backend.classes, len(names), settings.data_options)
    if found.spec != spec:
        raise DataError(f"expected samples for the report of {spec}, got {found.spec}; state their --bounds")
    return found
