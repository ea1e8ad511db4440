"""The untouched samples that a set was made from, read again as the set has them."""

from typing import Any

from brittle.core.errors import RunError, UsageError
from brittle.core.sample import InputSpec
from brittle.data import Dataset, open_data
from brittle.data.options import DataOptions
from brittle.store.hard_records import Benchmark
from brittle.store.hard_set import ABOUT, HardSet
from brittle.store.records import damaged
from brittle.tasks.benchmark.parts import Part

CUT = ("windows", "stride", "beat_at")
"""Options by which samples are cut from recordings and clips, which the form of a sample does not tell."""
READING = "reading"
"""The setting of a set that has them, where they were stated."""
ALL = 10**9
"""A limit that leaves all samples, also of built-in data that are few where none is stated."""


def reading_of(options: DataOptions) -> dict[str, Any]:
    """How samples were cut, as plain data for benchmark.json; empty where nothing was stated."""
    stated = options.model_dump(mode="json", include=set(CUT), exclude_defaults=True)
    return {READING: stated} if stated else {}


def as_of(spec: InputSpec, options: DataOptions) -> DataOptions:
    """Options that read other data into inputs of this form."""
    found: dict[str, Any] = {"bounds": spec.bounds}
    if "height" in spec.axes:
        found["size"] = spec.shape[-2:]
    if "frame" in spec.axes:
        found["frames"] = spec.shape[spec.axes.index("frame")]
    if "time" in spec.axes:
        found |= {"sampling_rate": spec.rate, "leads": spec.channels or None}
    return options.model_copy(update=found)


def open_originals(hard: HardSet, data: Any) -> Dataset:
    """The samples that a set was made from, as it has them. Raises DataError, RunError."""
    spec, names = hard.about.spec, tuple(one.name for one in hard.classes)
    options = as_of(spec, _stated(hard.about).model_copy(update={"limit": ALL}))
    return Part.all_of(open_data(data, spec.shape, names, len(names), options), spec)


def _stated(about: Benchmark) -> DataOptions:
    """How a set says that its samples were cut; nothing else is taken from it. Raises RunError."""
    stated = about.settings.get(READING) or {}
    try:
        return DataOptions.build({name: stated[name] for name in CUT if name in stated})
    except (UsageError, TypeError) as error:
        raise RunError(damaged(ABOUT, f"its {READING}: {error}")) from error
