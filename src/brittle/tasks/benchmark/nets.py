"""Open surrogates and hold-outs: of the same classes, shown the same inputs; images at their own size."""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from brittle.core.errors import DataError, ModelError, UsageError
from brittle.data import Dataset
from brittle.domains import Domain
from brittle.domains.stored import fits_png, is_picture
from brittle.models import Backend, open_model
from brittle.models.classifier import ModelClassifier
from brittle.models.ensemble import ensemble
from brittle.models.resize import IMAGE_AXES, resized
from brittle.report.wording import short_name
from brittle.store.hard_records import NamedNet, form_of
from brittle.tasks.benchmark.parts import Part
from brittle.tasks.benchmark.settings import BenchmarkSettings
from brittle.tasks.playing.opened import Fit, fit, refuse_shape


@dataclass(frozen=True)
class Surrogates:
    """Surrogates that fit each other and the data.

    backend, model: all as one, answers side by side. members: each by itself. named: as benchmark.json has
    them. classes: of each.
    """

    backend: Backend
    model: ModelClassifier
    members: tuple[ModelClassifier, ...]
    named: tuple[NamedNet, ...]
    classes: tuple[str, ...]
    dataset: Dataset
    domain: Domain


def open_nets(names: Sequence[str], objects: Mapping[str, Any], settings: BenchmarkSettings) -> list[Backend]:
    """Backends by name, or of the object of that name. Raises BrittleError with one line."""
    found = []
    for name in names:
        thing = objects.get(name, name)
        found.append(thing if isinstance(thing, Backend) else open_model(thing, settings.model_options))
    return found


def named_nets(
    settings: BenchmarkSettings, names: Sequence[str], backends: Sequence[Backend]
) -> tuple[NamedNet, ...]:
    """How benchmark.json has some of the models: by the end of their name where no other has that."""
    short = Counter(map(short_name, (*settings.models, *settings.hold_out)))
    return tuple(
        NamedNet(
            name=short_name(name) if short[short_name(name)] == 1 else name,
            sha256=backend.sha256,
            size=_size(backend),
        )
        for name, backend in zip(names, backends, strict=True)
    )


def _size(backend: Backend) -> tuple[int, int] | None:
    """Height and width of the images that a model takes, None where it takes any."""
    shape = backend.shape
    if shape is None or len(shape) != IMAGE_AXES or shape[1] is None or shape[2] is None:
        return None
    return shape[1], shape[2]


def open_surrogates(settings: BenchmarkSettings, objects: Mapping[str, Any], data: Any = None) -> Surrogates:
    """Open the surrogates and the data that settings name; objects: models by these names.

    Raises ModelError where their classes differ, DataError or UsageError where inputs do not fit.
    """
    backends = open_nets(settings.models, objects, settings)
    size = (settings.size,) * 2 if settings.size else max(filter(None, map(_size, backends)), default=None)
    sized = settings
    if size is not None:
        options = settings.data_options.model_copy(update={"size": size})
        sized = settings.model_copy(update={"data_options": options})
        first = resized(backends[0], (size[0], size[1]))
    else:
        first = backends[0]
    one = fit(sized, first, data)
    _refuse_unfit(settings, one)
    members = [one.model]
    for backend in backends[1:]:
        members.append(fit_net(settings, backend, one.dataset).model)
    _same_classes(settings.models, members)
    whole = ensemble(members)
    names = tuple(f"{m.backend.name}: {c}" for m in members for c in one.model.classes)
    return Surrogates(
        backend=whole,
        model=ModelClassifier(whole, one.dataset.spec, names),
        members=tuple(members),
        named=named_nets(settings, settings.models, backends),
        classes=one.model.classes,
        dataset=Part.all_of(one.dataset),
        domain=one.domain,
    )


def fit_net(settings: BenchmarkSettings, backend: Backend, dataset: Dataset) -> Fit:
    """A further model on the same data, shown at its own size."""
    spec = dataset.spec
    if len(spec.shape) == IMAGE_AXES:
        backend = resized(backend, (spec.shape[1], spec.shape[2]))
    refuse_shape(backend, spec)
    return fit(settings, backend, dataset=dataset)


def _refuse_unfit(settings: BenchmarkSettings, found: Fit) -> None:
    """Raise DataError for pictures that are not of 8 bits, UsageError for a size of what is not resized."""
    spec, called = found.dataset.spec, form_of(found.domain.name).place
    if settings.size and len(spec.shape) != IMAGE_AXES:
        raise UsageError(f"expected --size beside images, got {called}, which are not resized; leave it out")
    if is_picture(spec) and not fits_png(spec):
        raise DataError(
            f"expected 8-bit {called} of 1 or 3 channels, which PNG holds exactly, got {spec.shape[0]} "
            f"channels of {spec.bits or 'free'} bits; give uint8 arrays, or files"
        )


def _same_classes(names: Sequence[str], members: Sequence[ModelClassifier]) -> None:
    """Raise ModelError unless all answer the same classes, as far as they say."""
    first = members[0]
    for name, other in zip(names[1:], members[1:], strict=True):
        _compare(names[0], first, name, other.backend.classes, len(other.classes))


def check_known(found: Surrogates, name: str, backend: Backend, outputs: int | None = None) -> None:
    """Raise ModelError where a hold-out answers other classes than surrogates, as far as is known of it."""
    count = outputs or backend.outputs or len(backend.classes or ())
    if count:
        _compare(found.named[0].name, found.members[0], name, backend.classes, count)


def _compare(first: str, one: ModelClassifier, name: str, theirs: tuple[str, ...] | None, count: int) -> None:
    if len(one.classes) != count:
        raise ModelError(
            f"expected models of the same classes, but {first} answers {len(one.classes)} and {name} "
            f"{count}; leave one out"
        )
    for i, (a, b) in enumerate(zip(one.backend.classes or (), theirs or (), strict=False)):
        if a.casefold() != b.casefold():
            raise ModelError(
                f"expected models of the same classes, but class {i} of {first} is '{a}' and of {name} "
                f"'{b}'; leave one out, or name the classes of all with --classes"
            )


def refuse_seen(members: Sequence[ModelClassifier], held: Sequence[Backend]) -> None:
    """Raise UsageError where a hold-out is a surrogate under another name, by its weights."""
    seen = {m.backend.sha256: m.backend.name for m in members if m.backend.weights_hashed}
    for backend in held:
        if backend.weights_hashed and backend.sha256 in seen:
            raise UsageError(
                f"expected hold-outs that are no surrogates, but {backend.name} is {seen[backend.sha256]}: "
                "they have one SHA-256"
            )
