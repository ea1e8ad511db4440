"""The retraining matrix of HPE's slides on CIFAR-10, and the honest one beside it: every model attacked anew.

    python benchmarks/harden_matrix.py --assets ASSETS --steps 600 --out runs/harden-matrix --table matrix.md

Columns are models: the original; a control that learned as many steps from clean images; the slides' own way,
half of every batch flips that SimBA, Square or patchwork found on images that are learned from; and what
brittle harden makes of it. Rows are attacks. The same command continues what is missing in --out.
"""

import argparse
import json
import sys
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

import brittle
from brittle.core.sample import Array
from brittle.hardening.arms import harden_weights
from brittle.hardening.records import HardeningTask
from brittle.models.torch_device import exact
from brittle.report.harden.attacks import found_of
from brittle.report.intervals import wilson
from brittle.report.wording import number, percent
from brittle.store.files import write_whole
from brittle.store.run import Run
from brittle.tasks.audit.opening import open_audit
from brittle.tasks.audit.settings import AuditSettings
from brittle.tasks.explain.flips import AFTER, Flips
from brittle.tasks.harden.earlier import earlier_of
from brittle.tasks.harden.opening import open_hardening
from brittle.tasks.harden.settings import HardenSettings
from brittle.tasks.harden.trainable import open_trainable
from cifar import cifar_arrays
from plans import model_file

LIMIT = 1.0
"""L2 within which flips count; SimBA goes as far as its steps lead, and only the second table has a limit."""
ATTACKS: Mapping[str, Mapping[str, Any]] = {
    "SimBA": {"search": "simba-dct", "goal": "first"},
    "Square": {"search": "square-l2", "goal": "first", "max_l2": LIMIT},
    "patchwork": {"search": "patchwork", "max_l2": LIMIT},
}
ORIGINAL, CONTROL, HARDEN = "original", "control", "harden"
COLUMNS = (ORIGINAL, CONTROL, *(f"{attack}'s flips" for attack in ATTACKS), HARDEN)
COMPARED = 64


@dataclass(frozen=True)
class Matrix:
    """All of it in one folder."""

    chosen: argparse.Namespace

    @property
    def folder(self) -> Path:
        """Where all of it is kept."""
        return Path(self.chosen.out)

    @cached_property
    def original(self) -> str:
        """The file of the original."""
        return model_file(self.chosen.assets, self.chosen.victim)

    def data(self, side: str) -> Path:
        """Images that are learned from (learn), that choose weights (choose), or are attacked (test)."""
        file = self.folder / f"{side}.npz"
        if not file.exists():
            first, count = self._sides()[side]
            source = self.chosen.assets / "data" / "cifar10" / "test.npz"
            x, y = cifar_arrays(source, count, first)
            file.parent.mkdir(parents=True, exist_ok=True)
            np.savez(file, x=x, y=y)
        return file

    def _sides(self) -> Mapping[str, tuple[int, int]]:
        learn, choose = self.chosen.learn, self.chosen.choose
        return {"learn": (0, learn), "choose": (learn, choose), "test": (learn + choose, self.chosen.samples)}

    def flips(self, attack: str, side: str) -> Run:
        """What an attack finds on the original's right answers."""
        count = self.chosen.taught if side == "learn" else self.chosen.samples
        return self._play(attack, self.original, side, count, f"{side}/{attack}")

    def anew(self, attack: str, column: str) -> Run:
        """The same attack on another model; on the original that was played already."""
        if column == ORIGINAL:
            return self.flips(attack, "test")
        place = f"anew/{column}/{attack}"
        return self._play(attack, str(self.model(column)), "test", self.chosen.anew, place)

    def _play(self, attack: str, model: str, side: str, count: int, place: str) -> Run:
        folder = self.folder / place
        if (folder / "summary.json").exists():
            return Run.open(folder)
        run = brittle.audit(
            model,
            str(self.data(side)),
            **ATTACKS[attack],
            budget=self.chosen.budget,
            seed=self.chosen.seed,
            batch=16,
            workers=self.chosen.workers,
            model_options={"threads": 1},
            data_options={"limit": count},
            out=str(folder),
        )
        print(f"{place}: done", flush=True)
        return run

    def model(self, column: str) -> Path:
        """The file of a column's model; what is not there is learned."""
        if column == ORIGINAL:
            return Path(self.original)
        file = self.folder / "models" / f"{column}.onnx"
        if not file.exists():
            file.parent.mkdir(exist_ok=True)
            attack = next((attack for attack in ATTACKS if column == f"{attack}'s flips"), None)
            self._learn(column, file, attack)
            print(f"{column}: learned", flush=True)
        return file

    def _learn(self, column: str, file: Path, attack: str | None) -> None:
        """The control, what brittle harden takes, or the weights that learned from an attack's flips."""
        runs = (str(self.flips(attack, "learn").path),) if attack else ()
        settings = HardenSettings.build(
            {
                "model": self.original,
                "data": str(self.data("learn")),
                "test": str(self.data("choose")),
                "runs": runs,
                "method": "flips" if attack else "auto",
                "model_options": {"threads": 1},
                **{name: getattr(self.chosen, name) for name in ("steps", "seed", "keep_clean")},
            }
        )
        opened = open_hardening(settings)
        sides, audit = opened.split(), opened.audit
        trainable = open_trainable(settings.model, audit.model, sides.choose.x[:COMPARED])
        spec, flips = audit.dataset.spec, earlier_of(runs, sides.learn, audit.dataset.spec).flips
        task = HardeningTask(
            *(trainable.module, trainable.logits, spec, sides.learn, sides.choose),
            *(audit.grid, audit.palette, flips),
        )
        checkpoint = file.with_suffix(".safetensors")
        with exact():
            found = harden_weights(task, settings.training, checkpoint)
        about = {"share": found.share, "epsilon": found.epsilon, "alarms": list(found.alarms)}
        ends = {column: found.hardened}
        if not attack:
            kept = trainable.weights if found.weights is None else found.weights
            ends = {CONTROL: found.control, HARDEN: kept}
        for name, weights in ends.items():
            trainable.put(weights)
            write_whole(file.with_name(f"{name}.json"), json.dumps(about, indent=1) + "\n")
            write_whole(file.with_name(f"{name}.onnx"), trainable.write())
        checkpoint.unlink()

    def about(self, column: str) -> dict[str, Any]:
        """What is written of how a column's model was learned."""
        found: dict[str, Any] = json.loads(self.model(column).with_suffix(".json").read_text())
        return found

    def answers(self, column: str, x: Array) -> NDArray[np.int64]:
        """The classes that a column's model answers, (n,)."""
        asked = {
            "model": str(self.model(column)),
            "data": str(self.data("test")),
            "model_options": {"threads": 1},
        }
        model = open_audit(AuditSettings.build(asked)).model
        parts = [model(x[begin : begin + 256]).argmax(axis=1) for begin in range(0, len(x), 256)]
        return np.concatenate(parts)


def wrong(matrix: Matrix, attack: str, column: str) -> str:
    """Error on what an attack made of the original's test images."""
    flips = Flips(matrix.flips(attack, "test").path, matrix.chosen.most)
    samples = [flips.open(name) for name in flips.ids if name.endswith(AFTER)]
    answers = matrix.answers(column, np.stack([sample.x for sample in samples]))
    return share(answers != np.array([sample.label for sample in samples]))


def flipped_anew(matrix: Matrix, attack: str, column: str) -> str:
    """Share that flips within the limit, of images that the original answers right; wrong ones among them."""
    budget = matrix.chosen.budget
    original = found_of(matrix.anew(attack, ORIGINAL), budget)
    names = [name for name in sorted(original)[: matrix.chosen.anew] if original[name].l2 > 0]
    found = found_of(matrix.anew(attack, column), budget)
    return share(np.array([found[name].l2 <= LIMIT for name in names if name in found]))


def clean(matrix: Matrix, column: str) -> str:
    """Error on the untouched test images."""
    opened = open_audit(
        AuditSettings.build({"model": matrix.original, "data": str(matrix.data("test")), "domain": "image"})
    )
    samples = [opened.dataset.open(name) for name in opened.dataset.ids]
    answers = matrix.answers(column, np.stack([sample.x for sample in samples]))
    return share(answers != np.array([sample.label for sample in samples]))


def share(hits: NDArray[np.bool_]) -> str:
    """In per cent, with Wilson's interval and n."""
    sure = wilson(int(hits.sum()), len(hits))
    between = f" [{100 * sure.low:.0f}, {100 * sure.high:.0f}]" if sure else ""
    return f"{percent(float(hits.mean()) if len(hits) else None)}{between}, n={len(hits)}"


def table(title: str, rows: Mapping[str, Callable[[str], str]]) -> str:
    """Markdown: a row an attack, a column a model."""
    lines = [f"| {title} | {' | '.join(COLUMNS)} |", "|---" * (len(COLUMNS) + 1) + "|"]
    lines += [f"| {name} | {' | '.join(map(cell, COLUMNS))} |" for name, cell in rows.items()]
    return "\n".join(lines) + "\n"


def page(matrix: Matrix) -> str:
    """Conditions, then the tables."""
    chosen = matrix.chosen
    taken = matrix.about(HARDEN)["share"]
    noted = "".join(
        f"- Alarm of {column}: {line}.\n" for column in COLUMNS[2:] for line in matrix.about(column)["alarms"]
    )
    conditions = (
        f"# Retraining: {chosen.victim} on CIFAR-10\n\n"
        f"    python benchmarks/harden_matrix.py --assets ASSETS {_options(chosen)}\n\n"
        f"{chosen.steps} steps of each training, budget {chosen.budget} queries, seed {chosen.seed}. Learned "
        f"from {chosen.learn} test images of CIFAR-10, {chosen.taught} of them attacked for flips; "
        f"weights chosen by half of {chosen.choose} others; attacked are {chosen.samples} others, none of "
        "which a training has met. The columns of flips are the end of their training; harden is "
        + (
            f"a share of {taken:g} of the way from control to hardened"
            if taken
            else "the original, as nothing"
        )
        + " that keeps enough clean accuracy. In brackets 95 %, over images, one training each.\n\n"
    )
    return (
        conditions
        + table("error", {"untouched images": lambda column: clean(matrix, column)})
        + "\nTransfer: error on what flipped the original (SimBA at its own step, the others within "
        f"L2 {number(LIMIT)}). It says how far the border moved, not how hard it is to find.\n\n"
        + table("samples of", {attack: _row(wrong, matrix, attack) for attack in ATTACKS})
        + f"\nAnew: share flipped within L2 {number(LIMIT)} when each model is attacked itself, wrong ones "
        "among them, of the same images, which the original answers right.\n\n"
        + table("attacked by", {attack: _row(flipped_anew, matrix, attack) for attack in ATTACKS})
        + (f"\n{noted}" if noted else "")
    )


def _row(cell: Callable[[Matrix, str, str], str], matrix: Matrix, attack: str) -> Callable[[str], str]:
    return lambda column: cell(matrix, attack, column)


NUMBERS = {
    "steps": (600, "gradient steps of each training"),
    "samples": (1200, "images that are attacked"),
    "most": (1000, "flips of each attack that the transfer table asks about"),
    "anew": (200, "of them, attacked anew on every model"),
    "taught": (600, "images whose flips are learned from"),
    "learn": (3000, "images that are learned from"),
    "choose": (4000, "images of which half choose weights"),
    "budget": (250, "queries a sample"),
    "seed": (0, "of attacks and trainings"),
    "workers": (1, "processes of one thread each that attack"),
}


def _options(chosen: argparse.Namespace) -> str:
    given = {name: getattr(chosen, name) for name, (usual, _) in NUMBERS.items()}
    given["keep-clean"] = chosen.keep_clean
    return " ".join(f"--{name} {value}" for name, value in given.items() if name != "workers")


def keep_question(chosen: argparse.Namespace) -> None:
    """Write what is asked into the folder; exit where something else was asked there."""
    file, asked = chosen.out / "asked.txt", f"{chosen.victim} {_options(chosen)}\n"
    if file.exists() and file.read_text() != asked:
        sys.exit(f"{chosen.out} is of {file.read_text().strip()}; choose another --out")
    chosen.out.mkdir(parents=True, exist_ok=True)
    write_whole(file, asked)


def main() -> None:
    """Play and learn what is missing, then print the tables, and write them where asked."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("--assets", type=Path, required=True, help="folder with models/ and data/")
    parser.add_argument("--victim", default="cifar10_resnet20")
    parser.add_argument("--out", type=Path, default=Path("runs/harden-matrix"))
    parser.add_argument("--table", type=Path, help="Markdown file to write")
    parser.add_argument("--keep-clean", type=float, default=0.5, help="points that harden may lose")
    for name, (usual, text) in NUMBERS.items():
        parser.add_argument(f"--{name}", type=int, default=usual, help=f"{text} [{usual}]")
    chosen = parser.parse_args()
    keep_question(chosen)
    text = page(Matrix(chosen))
    print(text)
    if chosen.table:
        write_whole(chosen.table, text)


if __name__ == "__main__":
    main()
