"""Everything a benchmark can be told."""

from collections.abc import Iterable
from hashlib import sha256
from pathlib import Path
from typing import Annotated, Any, ClassVar, Literal, Self

from pydantic import BeforeValidator, PositiveInt, model_validator

from brittle.benchmarking.tuning import TUNING
from brittle.core.build_run import Keep
from brittle.settings import setting
from brittle.tasks.playing.settings import FREE, OWN_DATA, Place, RunSettings

SURROGATES = ("efficientnet-lite1", "efficientnet-lite2")
HOLD_OUTS = ("efficientnet-lite0",)
"""The built-in ones, where no models are named; the textures that ship learned on the surrogates."""
OWN_MODEL = {data: model for model, data in OWN_DATA.items()}
"""The one built-in model for some built-in data, the surrogate of these."""
KINDS = WAVE, TEXTURE = "wave", "texture"
CELLS = "cells"
FLIP = "flip:"
MEASURES = {"levels": "l2", "rms": "rms", "ssim": "ssim", "snr": "snr", "flips": "flip"}
"""What the levels of each setting are of."""


def _numbers(value: Any) -> Any:
    """ "4,8,16", or one number, as a sequence of numbers."""
    if isinstance(value, str):
        return [part for part in value.split(",") if part.strip()]
    return [value] if isinstance(value, int | float) else value


def _texts(values: Iterable[float]) -> str:
    """Numbers as a user states them."""
    return ",".join(f"{value:g}" for value in values)


def _several(value: Any) -> Any:
    """One name as several."""
    return [value] if isinstance(value, str) else value


Numbers = Annotated[tuple[float, ...], BeforeValidator(_numbers)]
Names = Annotated[tuple[str, ...], BeforeValidator(_several)]


class BenchmarkSettings(RunSettings):
    """The settings of a benchmark; every field is a keyword of brittle.benchmark.

    flips: levels as multiples of a sample's own flip distance, which `levels` may say as "flip:2,4,6".
    """

    prefix: ClassVar[str] = "benchmark-"

    models: Names = setting(
        (),
        "a surrogate: a model that changes are sought on, as of brittle audit; repeatable",
        group="model",
        metavar="MODEL",
        unset="efficientnet-lite1 and -lite2; ecg or video on these data",
        repeat=True,
    )
    hold_out: Names = setting(
        (),
        "a model that is asked for the finished files alone, as proof; repeatable",
        group="model",
        metavar="MODEL",
        unset="efficientnet-lite0, of photos where no models are named",
        repeat=True,
    )
    learn_on: Place = setting(
        None,
        "other samples, on which shared patterns are chosen",
        group="data",
        metavar="DATA",
        unset="a third of DATA, which then is not in the set",
    )
    first: PositiveInt | None = setting(
        None,
        "only N samples of those that are not chosen on are tried for the set",
        group="data",
        metavar="N",
        unset="all",
    )
    keep: Keep = setting(
        "all", "samples that this many surrogates get right untouched go in: all or any", group="data"
    )
    size: PositiveInt | None = setting(
        None,
        "side of the stored images; every model is shown them at its own size",
        group="data",
        metavar="N",
        unset="the surrogates' largest input",
    )
    licence: str = setting("", "the licence of the data, for the card", group="data", metavar="TEXT")
    levels: Numbers = setting(
        (),
        "L2 distances, or flip:2,4,6 for multiples of a sample's own flip distance (cells alone)",
        group="search",
        metavar="F,F,..",
    )
    rms: Numbers = setting(
        (),
        "levels as root mean square change, shares of the range",
        group="search",
        metavar="F,F,..",
        unset=f"{_texts(TUNING.rms)} of images and clips, where no levels are stated",
    )
    ssim: Numbers = setting(
        (), "levels as structural similarity, of images and clips", group="search", metavar="F,F,.."
    )
    snr: Numbers = setting(
        (),
        "levels as signal-to-noise ratio, dB, of signals",
        group="search",
        metavar="F,F,..",
        unset=f"{_texts(TUNING.snr)} of signals, where no levels are stated",
    )
    flips: Numbers = setting((), "levels as multiples of a sample's own flip distance")
    kinds: Names = setting(
        (),
        "a kind of change: wave, texture or cells; repeatable",
        group="search",
        option="--kind",
        metavar="KIND",
        unset="wave, and texture where some fit; or the distortions that are named",
        repeat=True,
    )
    distortions: Names = setting(
        (),
        "a distortion, yours too, whose hardest draws are a kind; of cells, one of their palette; repeatable",
        group="search",
        option="--distortion",
        metavar="NAME",
        repeat=True,
    )
    textures: str = setting(
        "shipped",
        "a file of brittle train --kind tile, or shipped",
        group="search",
        metavar="FILE",
    )
    search: str = setting(
        "patchwork", "how cells are sought; see brittle list", group="search", metavar="NAME"
    )
    search_settings: dict[str, Any] = setting({}, "settings of the search, by name")
    budget: PositiveInt | None = setting(  # type: ignore[assignment]
        None,
        "candidates of a kind of change that each surrogate is asked for a sample",
        group="search",
        metavar="N",
        unset=f"{TUNING.budget}, and {TUNING.cells_budget} on cells",
    )
    no_images: bool = setting(False, "keep recipes alone; --render makes the files again", group="running")
    out: Place = setting(
        None,
        "folder of the set; the same command continues it",
        group="running",
        metavar="DIR",
        unset="runs/benchmark-DATA-DIGEST",
    )

    @model_validator(mode="before")
    @classmethod
    def _usual(cls, values: Any) -> Any:
        """Built-in data by the name of their model, built-in models where none are named; levels of flips."""
        if not isinstance(values, dict):
            return values
        found = {name: value for name, value in values.items() if name != "data" or value is not None}
        if (data := found.get("data")) in OWN_DATA:
            found["data"] = data = OWN_DATA[data]
        if not found.get("models") and data in OWN_MODEL:
            found["models"] = OWN_MODEL[data]
        elif not found.get("models"):
            found["models"] = SURROGATES
            found.setdefault("hold_out", HOLD_OUTS)
        levels = found.get("levels")
        if isinstance(levels, str) and levels.startswith(FLIP):
            found |= {"levels": (), "flips": levels.removeprefix(FLIP)}
        found["model"] = " + ".join(_several(found["models"]))
        return found

    @model_validator(mode="after")
    def _makes_sense(self) -> Self:
        stated = [name for name in MEASURES if getattr(self, name)]
        if len(stated) > 1:
            raise ValueError(f"expected one of --levels, --rms, --ssim and --snr, got {' and '.join(stated)}")
        for kind in self.kinds:
            if kind not in (*KINDS, CELLS):
                raise ValueError(
                    f"expected kinds of {', '.join((*KINDS, CELLS))}, got '{kind}'; a distortion of yours is "
                    "named with --distortion"
                )
        for names in (self.models, self.hold_out, self.kinds, self.distortions):
            if len(set(names)) < len(names):
                raise ValueError(f"expected every one once, got {', '.join(names)}")
        if both := set(self.models) & set(self.hold_out):
            raise ValueError(f"expected hold-outs that are no surrogates, got {both.pop()} as both")
        if self.flips and (self.kinds != (CELLS,) or len(self.models) != 1):
            raise ValueError(
                "expected --kind cells alone and one surrogate for levels of flips, got "
                f"{', '.join(self.kinds) or 'distortions'} and {len(self.models)}"
            )
        return self

    @property
    def measure(self) -> tuple[str, tuple[float, ...]] | None:
        """What levels are of, and their values; None where none are stated."""
        stated = ((of, getattr(self, name)) for name, of in MEASURES.items())
        return next(((of, values) for of, values in stated if values), None)

    @property
    def whole(self) -> tuple[str, ...]:
        """Distortions that are kinds of their own: those named, unless they are for cells."""
        return () if CELLS in self.kinds else self.distortions

    def question(self) -> dict[str, Any]:
        """The settings that the set depends on, as plain data."""
        found = super().question()
        return {name: value for name, value in found.items() if name not in ("no_images", *FREE)}

    def folder(self) -> Path:
        """Where the set goes: `out`, or a name that the same settings find again."""
        if self.out is not None:
            return Path(self.out)
        digest = sha256(repr(sorted(self.question().items())).encode()).hexdigest()[:8]
        last = self.data.rstrip("/").replace("\\", "/").rsplit("/", 1)[-1]
        plain = "".join(c if c.isalnum() else "_" for c in last)[:40]
        return Path("runs") / f"{self.prefix}{plain}-{digest}"


class PhaseSettings(BenchmarkSettings):
    """The settings of one phase, with all that workers need to play it.

    asked: candidates of a sample. patterns: the shared ones of each kind, as plain data. held: the hold-out
    that is asked. one_sample: most rows of one sample, for the progress.
    """

    phase: Literal["share-1", "share-2", "build", "held-out"] = setting("build", "which phase")
    patterns: dict[str, dict[str, Any]] = setting({}, "shared patterns by kind")
    held: str = setting("", "the hold-out that is asked")
    budget: int = setting(8, "most rows of one sample")
    asked: int | None = setting(None, "candidates of a kind of change for a sample")

    @classmethod
    def of(cls, settings: BenchmarkSettings, **values: Any) -> Self:
        """The settings of a phase of this benchmark."""
        own = {name: getattr(settings, name) for name in BenchmarkSettings.model_fields}
        return cls(**{**own, "asked": settings.budget, "budget": 8, **values})

    def question(self) -> dict[str, Any]:
        """What results of the phase depend on: hold-outs and the words of the card may change."""
        found = super().question()
        return {name: value for name, value in found.items() if name not in ("hold_out", "licence")}

    def candidates(self, kind: str) -> int:
        """Candidates of a kind of change for a sample."""
        return self.asked or (TUNING.cells_budget if kind == CELLS else TUNING.budget)
