"""README.md of a hard set: its card, with the front matter that Hugging Face reads."""

import re
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import yaml

from brittle.core.sample import InputSpec
from brittle.core.seeds import generator
from brittle.report.intervals import Interval, mean_interval, wilson
from brittle.report.wording import number, percent, percent_interval
from brittle.store.hard_records import Benchmark, HeldOutAnswer, Item, LeftOut, Level

IDENTIFIER = re.compile(r"[a-z0-9][a-z0-9.-]*")
"""A licence as Hugging Face lists it, such as cc-by-4.0; other words are quoted beside it."""
SIZES = ((1_000, "n<1K"), (10_000, "1K<n<10K"), (100_000, "10K<n<100K"), (1_000_000, "100K<n<1M"))
Cell = tuple[str, str]
"""Kind and level."""
UNTOUCHED: Cell = ("untouched", "")


def card(
    about: Benchmark, items: Sequence[Item], left_out: Sequence[LeftOut], held_out: Sequence[HeldOutAnswer]
) -> str:
    """The text of the card."""
    parts = [
        _front_matter(about, items),
        f"# Hard set of {_words(about.data.name)}",
        _what(about),
        *_held_out_part(about, items, held_out),
        "## Surrogates",
        "Seen: changes were sought on these models. Their errors say how well that went, and nothing of the "
        "set's worth.",
        _table(
            ["kind", "level", *(f"{_words(net.name)}, seen" for net in about.surrogates)],
            _lines(seen_rows(about, items)),
        ),
        "## Distance",
        "Means over files, each against the untouched one beside it in `clean/`.",
        _table(["kind", "level", likeness(about.spec), "L2", "RMS", "L∞"], distance_rows(about, items)),
        "## Left out",
        _left_out_part(left_out),
        "## How it was made",
        _how(about),
        "## Rows shown to models",
        _table(["for", "rows"], [[what, number(rows)] for what, rows in accounts(about)]),
        "## Limits",
        "- Patterns that all samples share can be learned: a model that trained on this set, or on such "
        "patterns, is no longer measured by it. Another `--seed` makes another set.\n"
        "- Only samples that every surrogate gets right untouched are in it.\n"
        "- It is hard for models like the surrogates. How hard it is for others is what hold-outs show, and "
        "only for those.",
        "## Licence of the data",
        _words(about.data.licence) or "Not stated by whoever made this set.",
        "Files: `items.jsonl` (a line a file), `left_out.jsonl`, `held_out.jsonl`, `classes.json`, "
        f"`benchmark.json`, `SHA256SUMS`; `{about.form.place}/KIND/LEVEL/CLASS/ID` as ImageNet-C has it.",
    ]
    return "\n\n".join(parts) + "\n"


def _front_matter(about: Benchmark, items: Sequence[Item]) -> str:
    licence = about.data.licence.strip()
    known = IDENTIFIER.fullmatch(licence)
    front = {
        "license": licence if known else "other" if licence else "unknown",
        **({} if known or not licence else {"license_details": " ".join(licence.split())}),
        "pretty_name": f"Hard set of {about.data.name}",
        "task_categories": [about.form.task],
        "size_categories": [next((name for most, name in SIZES if len(items) < most), "n>1M")],
        "tags": ["robustness", "brittle", about.domain],
        "configs": [
            {"config_name": f"{kind}-{level}", "data_files": f"{about.form.place}/{kind}/{level}/*/*"}
            for kind, level in _cells(about)
        ],
    }
    return f"---\n{yaml.safe_dump(front, sort_keys=False, allow_unicode=True)}---"


def _what(about: Benchmark) -> str:
    kinds = ", ".join(k.name for k in about.kinds)
    levels, unit = ", ".join(f"{one.value:g}" for one in about.levels), level_unit(about.levels[0])
    return (
        f"{about.samples} {about.form.place} of {_words(about.data.name)}, changed so that models err on "
        f"them at little distance. Kinds of change: {kinds}. "
        f"Levels of {about.levels[0].measure}: {levels}{unit}. "
        f"{about.samples * len(about.kinds) * len(about.levels)} files. "
        "Levels are nested: a stronger one is more of the same change."
    )


def _held_out_part(
    about: Benchmark, items: Sequence[Item], held_out: Sequence[HeldOutAnswer]
) -> Iterator[str]:
    """The headline: what models err on that the set was not built on."""
    yield "## Error of models that are held out"
    if not held_out:
        yield (
            "No model was held out: how hard this set is for models that it was not built on is not known. "
            "`--hold-out MODEL` asks one."
        )
        return
    inputs = about.form.place
    yield (
        "These models had no part in the making: they were asked once, at the end, for the finished files. "
        f"Error is the share of {inputs} that are given another class; 95 % intervals (Wilson's of one "
        f"model, bootstrap-t over {inputs} of their mean). A model is marked seen where the patterns of a "
        "kind were learned with its gradients."
    )
    models = [_words(net.name) for net in about.hold_outs]
    heads = ["kind", "level", *models, *(["mean"] if len(models) > 1 else [])]
    yield _table(heads, _lines(held_out_rows(about, items, held_out)))


@dataclass(frozen=True)
class Error:
    """A share of files that are given another class; interval: 95 %; count: of how many files.

    seen: the patterns of its kind were learned on the model.
    """

    share: float
    interval: Interval | None
    count: int
    seen: bool = False

    def __str__(self) -> str:
        seen = ", seen" if self.seen else ""
        return f"{percent(self.share)} ({percent_interval(self.interval) or 'no interval'}{seen})"


ErrorRows = list[tuple[Cell, list[Error | None]]]
"""Kind and level, and an error each model; None where it answered nothing."""


def held_out_rows(about: Benchmark, items: Sequence[Item], held_out: Sequence[HeldOutAnswer]) -> ErrorRows:
    """Of each hold-out and, of several, the mean of those unseen; first of the untouched samples."""
    wrong = {(one.model, one.file): one.margin < 0 for one in held_out}
    models = [net.name for net in about.hold_outs]
    files = {UNTOUCHED: list(dict.fromkeys(item.clean for item in items))}
    files |= {cell: [i.file for i in items if (i.kind, i.level) == cell] for cell in _cells(about)}
    rows: ErrorRows = []
    for cell, of in files.items():
        seen = learned_on(about, cell[0])
        errors = [_error([wrong[m, file] for file in of if (m, file) in wrong], m in seen) for m in models]
        unseen = [m for m in models if m not in seen]
        rows.append((cell, [*errors, *([_mean(unseen, wrong, of)] if len(models) > 1 else [])]))
    return rows


def seen_rows(about: Benchmark, items: Iterable[Item]) -> ErrorRows:
    """Of each surrogate."""
    found: dict[Cell, list[list[bool]]] = defaultdict(list)
    for item in items:
        found[item.kind, item.level].append([margin < 0 for margin in item.margins])
    return [(cell, [_error(column) for column in zip(*found[cell], strict=True)]) for cell in _cells(about)]


def learned_on(about: Benchmark, kind: str) -> set[str]:
    """Hold-outs whose gradients the patterns of a kind were learned with: they are none for it."""
    learned = [one.patterns.get("learned_on") or [] for one in about.kinds if one.name == kind]
    digests = {model["sha256"] for models in learned for model in models}
    return {net.name for net in about.hold_outs if net.sha256 and net.sha256 in digests}


def _error(values: Sequence[bool], seen: bool = False) -> Error | None:
    hits, count = int(np.sum(values)), len(values)
    return Error(hits / count, wilson(hits, count), count, seen) if count else None


def _mean(models: Sequence[str], wrong: Mapping[tuple[str, str], bool], files: Sequence[str]) -> Error | None:
    """The mean error of several models on the same pictures."""
    every = [[wrong[m, file] for m in models] for file in files if all((m, file) in wrong for m in models)]
    if not (every and models):
        return None
    values = np.array(every, np.float64).mean(axis=1)
    return Error(float(values.mean()), mean_interval(values, generator(0, "card")), len(values))


def _lines(rows: ErrorRows) -> list[list[str]]:
    """Kind, level and errors as text, each with its count of files."""
    return [[*cell, *(f"{one}, n = {one.count}" if one else "–" for one in errors)] for cell, errors in rows]


def _cells(about: Benchmark) -> list[Cell]:
    """Every kind at every level."""
    return [(kind.name, level.name) for kind in about.kinds for level in about.levels]


def likeness(spec: InputSpec) -> str:
    """What says how alike an input and its original are, beside the distances."""
    return "SNR (dB)" if _is_signal(spec) else "SSIM"


def level_unit(level: Level) -> str:
    """The unit of a level, where its measure has one of its own."""
    return " dB" if level.measure == "snr" else ""


def _is_signal(spec: InputSpec) -> bool:
    return "time" in spec.axes


def distance_rows(about: Benchmark, items: Sequence[Item]) -> Iterator[list[str]]:
    """Kind, level, and means of the likeness and the distances."""
    name, digits = ("snr", 1) if _is_signal(about.spec) else ("ssim", 3)
    for kind, level in _cells(about):
        of = [item for item in items if (item.kind, item.level) == (kind, level)]
        alike = [value for item in of if (value := getattr(item, name)) is not None]
        yield [
            kind,
            level,
            f"{np.mean(alike):.{digits}f}" if alike else "–",
            *(f"{np.mean([getattr(item, name) for item in of]):.4g}" for name in ("l2", "rms", "linf")),
        ]


def _left_out_part(left_out: Sequence[LeftOut]) -> str:
    if not left_out:
        return "No sample."
    reasons = Counter(one.reason for one in left_out)
    rows = [[_words(reason), number(count)] for reason, count in reasons.most_common(12)]
    rest = len(left_out) - sum(count for _, count in reasons.most_common(12))
    return _table(["why", "samples"], [*rows, *([["other reasons", number(rest)]] if rest else [])])


def _how(about: Benchmark) -> str:
    asked = about.settings
    lines = [
        f"- Data: {_words(about.data.name)}, {about.data.samples} samples, SHA-256 `{about.data.sha256}`.",
        f"- {about.form.place.capitalize()}: {_inputs(about.spec)}.",
        f"- Objective: the mean over surrogates of max(margin, -{asked.get('kappa', 5):g} nats), at the "
        f"level {about.base}; changes are scaled to the other levels.",
        f"- Seed {asked.get('seed')}; versions: {', '.join(f'{k} {v}' for k, v in about.versions.items())}.",
    ]
    for kind in about.kinds:
        chosen = kind.patterns.get("samples")
        if chosen:
            lines.append(
                f"- {kind.name}: {len(kind.patterns.get('scores', ()))} shared patterns, chosen on {chosen} "
                f"samples of {_words(str(asked.get('learn_data')))} that are not in the set."
            )
        if kind.way == "texture":
            models = ", ".join(_words(m["name"]) for m in kind.patterns.get("learned_on") or [])
            lines.append(
                f"- {kind.name}: learned with gradients of {models or 'models that are not told'} on "
                f"{_words(str(kind.patterns.get('learn_data') or 'data that are not told'))}."
            )
    for net in (*about.surrogates, *about.hold_outs):
        role = "surrogate" if net in about.surrogates else "hold-out"
        lines.append(f"- {role.capitalize()} {_words(net.name)}: SHA-256 `{net.sha256 or 'none'}`.")
    return "\n".join(lines)


def _inputs(spec: InputSpec) -> str:
    """What is stored, and how models see it."""
    depth = f"{spec.bits} bits" if spec.bits else "float32"
    told = f"{' x '.join(map(str, spec.shape))}, {depth}"
    if spec.axes == ("channel", "height", "width"):
        return f"{told}; every model resizes them to its own size (bilinear, antialiased)"
    return f"{told}, {spec.rate:g} a second" if spec.rate else told


def accounts(about: Benchmark) -> Iterator[tuple[str, int]]:
    """Rows by what for; those that depend on how the command ran are in its working folder."""
    rows = about.rows
    yield "untouched samples", rows.clean
    yield "choosing shared patterns", rows.share
    yield "candidates", rows.build
    yield "checking every file alone", rows.check
    yield "hold-outs", rows.held_out


def _table(heads: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    lines = [heads, ["---"] * len(heads), *rows]
    return "\n".join(f"| {' | '.join(line)} |" for line in lines)


def _words(text: str) -> str:
    """Somebody's words in one line of Markdown, as text and nothing else."""
    plain = " ".join("".join(c if c.isprintable() else " " for c in text).split())
    return re.sub(r"([\\`*_\[\]<>|#])", r"\\\1", plain)
