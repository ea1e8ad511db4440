"""Everything a hardening can be told."""

from hashlib import sha256
from pathlib import Path
from typing import Any

from pydantic import model_validator

from brittle.core.errors import UsageError, did_you_mean
from brittle.data.options import DataOptions
from brittle.hardening.settings import HardeningSettings
from brittle.models.options import ModelOptions
from brittle.searches import SEARCHES, open_search
from brittle.settings import setting
from brittle.tasks.audit.presets import HPE_RATE, PRESETS, TABLES, preset
from brittle.tasks.audit.settings import AuditSettings
from brittle.tasks.playing.settings import FREE_OF_MODEL, OWN_DATA, Place, file_name

YARDSTICK = "patchwork"
"""The audit that is always made: its distances before say what the limit is."""
ON_SPHERE = ("ripple", "square-l2", "square-linf", "art-square-l2", "art-square-linf")
"""Searches whose candidates lie at the greatest L2 that is allowed: their own distances say nothing."""
EVERY = ("patchwork", "ripple")
OF_IMAGES = ("square-l2",)
OWN_STEPS = {"ecg": 200}
"""Gradient steps of each training of a built-in model, where neither steps nor minutes are stated."""
OWN_THREADS = {"ecg": 1}
"""Of torch for a built-in model that is so small that threads would wait for each other."""
OWN_WORKERS = {"ecg": 2}
"""Processes of audits of such a model."""


FREE = {"out", "workers", "least_a_class"}
"""What changes no result, and may be another when a hardening goes on."""


class HardenSettings(HardeningSettings):
    """The settings of a hardening; every field is a keyword of brittle.harden."""

    model: str = setting("ecg", "what is hardened")
    data: str = setting("ecg5000", "the labelled samples")
    test: Place = setting(
        None,
        "samples that the model was not made of: half choose, half are for the report, and all of DATA is "
        "learned from",
        group="data",
        metavar="DATA2",
        unset="a tenth of DATA each",
    )
    group: str | None = setting(
        None,
        "samples of one patient, record or scene are kept on one side: an array of the .npz, a column of the "
        "csv with the labels, record, of signals, or folder, a folder below that of the class",
        group="data",
        metavar="COLUMN",
        unset="every sample by itself",
    )
    least_a_class: int = setting(
        10,
        "samples a class to learn from, averaged over the classes that occur, below which it is refused",
        group="data",
        metavar="N",
        ge=1,
    )
    distortions: tuple[str, ...] = setting(
        (),
        "a distortion that is learned from and audited with; repeatable",
        group="search",
        option="--distortion",
        metavar="NAME",
        unset="all that suit the input",
        repeat=True,
    )
    cell: str | None = setting(
        None, "size of a cell, as brittle audit takes it", group="search", metavar="SIZE", unset="as there"
    )
    audits: tuple[str, ...] = setting(
        (),
        "a search, a preset, or a table of presets (hpe-ecg, hpe-video), played before and after; repeatable",
        group="search",
        option="--audit",
        metavar="SEARCH",
        unset="patchwork and ripple, of images square-l2 too",
        repeat=True,
    )
    runs: tuple[str, ...] = setting(
        (),
        "an audit whose flips of samples that are learned from join the batches, and whose distortions are "
        "drawn more often; repeatable",
        group="training",
        option="--from",
        metavar="RUN",
        unset="none",
        repeat=True,
    )
    samples: int = setting(
        200, "samples of the report that are audited, at most", group="search", metavar="N", ge=8
    )
    budget: int = setting(
        250, "most rows the model is shown for one sample of an audit", group="search", metavar="N", ge=3
    )
    steps: int | None = setting(
        None,
        "gradient steps of each of the two trainings; the same number gives the same weights",
        group="training",
        metavar="N",
        unset=f"as many as --minutes has room for; {OWN_STEPS['ecg']} for the built-in ecg",
        ge=1,
    )
    workers: int = setting(
        1,
        f"processes that share the samples of an audit; {OWN_WORKERS['ecg']} for the built-in ecg",
        group="running",
        metavar="N",
        ge=1,
        le=256,
    )
    model_options: ModelOptions = setting(ModelOptions(), "how the model is asked")
    data_options: DataOptions = setting(DataOptions(), "how the data are read")
    out: Place = setting(
        None,
        "folder to write to; the same command continues it",
        group="running",
        metavar="DIR",
        unset="runs/harden-MODEL-DATA-DIGEST",
    )

    @model_validator(mode="before")
    @classmethod
    def _of_built_in(cls, values: Any) -> Any:
        """The data of a built-in model, and as many steps as it needs."""
        if not isinstance(values, dict):
            return values
        model = values.get("model") or cls.model_fields["model"].default
        found = {name: value for name, value in values.items() if value is not None}
        if found.setdefault("data", OWN_DATA.get(model)) is None:
            raise ValueError(f"expected labelled samples to harden {model} with: MODEL DATA --out DIR")
        if model in OWN_WORKERS:
            found.setdefault("workers", OWN_WORKERS[model])
        if model in OWN_STEPS and not {"steps", "minutes"} & found.keys():
            found["steps"] = OWN_STEPS[model]
        return found

    def question(self) -> dict[str, Any]:
        """The settings that results depend on, as plain data."""
        return self.model_dump(
            mode="json", exclude={"model_options": FREE_OF_MODEL, **dict.fromkeys(FREE, True)}
        )

    def folder(self) -> Path:
        """Where all of it goes: `out`, or a name that the same settings find again."""
        if self.out is not None:
            return Path(self.out)
        name = "-".join(file_name(Path(text).stem)[:40] for text in (self.model, self.data))
        digest = sha256(repr(sorted(self.question().items())).encode()).hexdigest()[:8]
        return Path("runs") / f"harden-{name}-{digest}"

    @property
    def training(self) -> HardeningSettings:
        """What the training is told."""
        return HardeningSettings(**{name: getattr(self, name) for name in HardeningSettings.model_fields})

    @property
    def threads(self) -> int | None:
        """Threads of torch; None: as many as it takes."""
        return self.model_options.threads or OWN_THREADS.get(self.model)

    def audit_names(self, axes: tuple[str, ...]) -> tuple[str, ...]:
        """The audits that are made of inputs with these axes, the yardstick first. Raises UsageError."""
        is_image = axes == ("channel", "height", "width")
        asked = self.audits or (*EVERY, *(OF_IMAGES if is_image else ()))
        names = [name for one in asked for name in TABLES.get(one, (one,))]
        known = (*SEARCHES.names(), *PRESETS, *TABLES)
        for name in names:
            if name not in known and ":" not in name:
                raise UsageError(f"no search and no preset is called '{name}'; {did_you_mean(name, known)}")
        return tuple(dict.fromkeys((YARDSTICK, *names)))

    def audit(self, name: str, rate: float | None = None, limit: float | None = None) -> AuditSettings:
        """The settings of an audit by name. limit: greatest L2 of searches that play at one distance."""
        asked: dict[str, Any] = {"search": name}
        if name in PRESETS:
            asked = preset(name, rate or HPE_RATE)
        else:
            open_search(name)  # an extra that is missing is found before anything is played
            asked |= {"distortions": self.distortions, "cell": self.cell}
            if name in ON_SPHERE:
                asked |= {"goal": "first", "max_l2": limit}
        shared = {
            name: getattr(self, name) for name in ("model", "budget", "seed", "workers", "model_options")
        }
        return AuditSettings.build({**shared, **asked, "data": self.data, "data_options": self.data_options})
