"""No traceback, whatever comes: generated settings, label files and run folders, thrown at the command line.

    python benchmarks/fuzz.py --inputs 10000 --seed 0

Every input is one command in this process. It may end with 0, or with a documented exit code and one line
that says why. Anything else is printed with what caused it, and then the exit code is 1.
"""

import argparse
import json
import os
import random
import shutil
import sys
import tempfile
import traceback
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from io import BytesIO
from pathlib import Path
from typing import Any

import numpy as np
import yaml
from click.testing import CliRunner
from PIL import Image

from brittle.cli import cli

Input = Callable[[random.Random], tuple[str, ...]]
DOCUMENTED = {0, 1, 2, 3, 4, 5, 6, 7}
MODULE = """
import numpy as np
W = np.random.default_rng(0).normal(size=(3, 64)).astype(np.float32)
def model(x): return x.reshape(len(x), -1) @ W.T
model.input_shape = (1, 8, 8)
"""
NUMBERS = (None, True, 0, 1, -1, 3, 10**30, 0.5, float("nan"), float("inf"))
TEXTS = ("", " ", "a", "[/x]", "[bold]", "\\udce9", "3", "8x8", "0x0", "10ms", "0,1", "1,0", "nan", "é")
PLACES = ("\u0000", "../..", "/", "photos", "a:b", "os:system")
CONTAINERS: tuple[Any, ...] = (
    [],
    [1],
    ["jpeg"],
    ["nothing"],
    [None],
    {},
    {"a": 1},
    {1: 2},
    {None: None},
    [[[]]],
)
ODD: list[Any] = [*NUMBERS, *TEXTS, *PLACES, *CONTAINERS, "random", "ripple", "agent"]
SEARCHING = ("budget", "seed", "goal", "search", "search_settings", "distortions", "draws", "cell", "max_l2")
RUNNING = ("target", "top_k", "model_options", "data_options", "domain", "warm_up", "batch", "workers")
SETTINGS = (*SEARCHING, *RUNNING, "keep_answers", "agent", "bugdet", "out")
ANSWERED = ("output", "layout", "mean", "std", "classes")
ASKED = ("threads", "header", "body", "timeout", "retries")
OF_PLAYERS = ("waves", "tile", "price", "thompson", "fixed_n", "weights")
OF_OTHERS = ("file", "blocks", "levels", "eps")
NESTED = {
    "model_options": (*ANSWERED, *ASKED),
    "data_options": ("limit", "size", "bounds", "labels", "sampling_rate", "leads", "windows", "beat_at"),
    "search_settings": (*OF_PLAYERS, *OF_OTHERS),
}
LABELS = ("", "0", "2.0", "-1", "1e9", '"', "cat")
AUDIT = "audit fuzz_victim:model {data} --budget 9 --search random --out {out}"


GOOD: dict[str, tuple[str, ...]] = {
    "--budget": ("3", "9", "20"),
    "--search": ("greedy", "patchwork", "ripple", "rlab", "agent", "corruptions", "foolbox-noise"),
    "--cell": ("4x4", "1", "8"),
    "--target": ("0", "2"),
    "--top-k": ("1", "2", "3", "4"),
    "--goal": ("first", "closest"),
    "--seed": ("1", "7"),
    "--max-l2": ("0.5", "2", "1e-9", "1e9"),
    "--distortion": ("jpeg", "gaussian_noise", "banding", "powerline"),
    "--draws": ("2", "3"),
    "--limit": ("1", "2", "9"),
    "--bounds": ("0,1", "0,255", "-1,1"),
    "--mean": ("0.5", "0.1,0.2,0.3"),
    "--std": ("2",),
    "--output": ("logits", "probabilities", "auto"),
    "--warm-up": ("0", "5"),
    "--set": ("share=0.5", "waves=3", "fixed_n=2", "blocks=[1,2]", "price=3"),
    "--size": ("8x8", "16x16"),
    "--domain": ("image", "ecg"),
}


class Fuzz:
    """A folder with a model, data and a finished run, and the commands that are made up from a generator."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        (folder / "fuzz_victim.py").write_text(MODULE)
        x = np.random.default_rng(1).integers(0, 256, (4, 1, 8, 8)).astype(np.uint8)
        np.savez(folder / "x.npz", x=x, y=[0, 1, 2, 0])
        assert self.run(*_audit("x.npz", "run")) == 0, "the run that is damaged later must be a good one"

    def run(self, *command: str) -> int:
        """The exit code of one command; what it raises beyond that is raised.

        Raises AssertionError where it says in more or less than one line why it ended with 2 or more.
        """
        before = Path.cwd()
        os.chdir(self.folder)
        sys.path.insert(0, str(self.folder))
        try:
            result = CliRunner().invoke(cli, list(command), catch_exceptions=False)
        finally:
            sys.path.remove(str(self.folder))
            os.chdir(before)
        lines = [line for line in result.stderr.splitlines() if line.strip()]
        said = len(lines) == 1 or "Usage:" in result.stderr  # click shows how to call it, too
        assert result.exit_code < 2 or said, result.stderr
        return result.exit_code

    def one(self, rng: random.Random) -> tuple[str, ...]:
        """Make up one input, write the files that it needs, and return the command."""
        kinds: list[Input] = [self._yaml, self._labels, self._folder, self._words]
        return rng.choice(kinds)(rng)

    def _yaml(self, rng: random.Random) -> tuple[str, ...]:
        """A settings file: some good names with odd values, odd names, broken text."""
        values: dict[Any, Any] = {"budget": 9, "search": "random", "out": "o"}
        for _ in range(rng.randint(1, 4)):
            name = rng.choice((*SETTINGS, *ODD)) if rng.random() < 0.9 else rng.choice(ODD)
            inner = NESTED.get(name) if isinstance(name, str) else None
            value = (
                _named(rng.choice((*inner, *ODD)), rng.choice(ODD))
                if inner and rng.random() < 0.8
                else rng.choice(ODD)
            )
            values.update(_named(name, value))
        text = yaml.safe_dump(values, allow_unicode=True, sort_keys=False)
        if rng.random() < 0.2:
            text = _damaged(text.encode(errors="backslashreplace"), rng).decode(errors="surrogateescape")
        (self.folder / "c.yaml").write_bytes(text.encode(errors="surrogateescape"))
        shutil.rmtree(self.folder / "o", ignore_errors=True)
        verb = ("compare", "fuzz_victim:model", "x.npz", "--search", "random", "--search", "greedy")
        start = verb if rng.random() < 0.2 else ("audit", "fuzz_victim:model", "x.npz")
        return (*start, "--config", "c.yaml", "--workers", "1", "--batch", "4")

    def _labels(self, rng: random.Random) -> tuple[str, ...]:
        """A labels.csv beside images of which some are none."""
        folder = self.folder / "images"
        shutil.rmtree(folder, ignore_errors=True)
        folder.mkdir()
        shutil.rmtree(self.folder / "o", ignore_errors=True)
        names = [b"a.png", "é.png".encode(), b"caf\xe9.png", b"[x].png", b"a b.jpg"]
        for name in names[: rng.randint(1, len(names))]:
            (folder / os.fsdecode(name)).write_bytes(_picture(rng))
        usual = rng.random() < 0.6
        heads = ["label,file", "file", "", "file,label,label", "\ufefffile,label"]
        lines = ["file,label" if usual else rng.choice(heads), *(["a.png,1"] if usual else [])]
        for _ in range(rng.randint(0, 5)):
            cells = [rng.choice(["a.png", "é.png", "[x].png", "no.png", "../x.npz", *LABELS])]
            lines.append(",".join(cells * rng.randint(1, 3)))
        (folder / "labels.csv").write_bytes(_damaged("\n".join(lines).encode(), rng, often=0.2))
        return (*_audit("images", "o"), "--batch", "4")

    def _folder(self, rng: random.Random) -> tuple[str, ...]:
        """A run folder of which one file was changed."""
        folder = self.folder / "bad"
        shutil.rmtree(folder, ignore_errors=True)
        shutil.copytree(self.folder / "run", folder)
        file = rng.choice(sorted(p for p in folder.rglob("*") if p.is_file() and p.name != "lock"))
        if file.suffix in (".json", ".jsonl") and rng.random() < 0.8:
            lines = file.read_text().splitlines() if file.suffix == ".jsonl" else [file.read_text()]
            place = rng.randrange(len(lines))
            changed = _changed(json.loads(lines[place]), rng)
            lines[place] = json.dumps(changed)
            file.write_text("\n".join(lines) + "\n")
        elif rng.random() < 0.2:
            file.unlink()
        else:
            file.write_bytes(_damaged(file.read_bytes(), rng))
        checks = [("report", "bad"), ("verify", "bad", "fuzz_victim:model"), ("verify", "bad")]
        return rng.choice([*checks, ("compare", "bad", "run"), _audit("x.npz", "bad")])

    def _words(self, rng: random.Random) -> tuple[str, ...]:
        """Odd words for options."""
        shutil.rmtree(self.folder / "o", ignore_errors=True)
        words = [*_audit("x.npz", "o")]
        odd = [str(value).replace("\0", "") for value in ODD]
        for _ in range(rng.randint(1, 4)):
            option = rng.choice((*GOOD, "--header", "--agent", "--preset", "--out", "--classes", "--labels"))
            usual = option in GOOD and rng.random() < 0.8
            words += [option, rng.choice(GOOD[option]) if usual else rng.choice(odd)]
        return tuple(words)


def _audit(data: str, out: str) -> tuple[str, ...]:
    return tuple(AUDIT.format(data=data, out=out).split())


def _picture(rng: random.Random) -> bytes:
    out = BytesIO()
    Image.new("L", (8, 8), rng.randrange(256)).save(out, "PNG")
    return _damaged(out.getvalue(), rng, often=0.2)


def _damaged(data: bytes, rng: random.Random, often: float = 1.0) -> bytes:
    """Some bytes changed, cut off or doubled."""
    if not data or rng.random() >= often:
        return data
    place = rng.randrange(len(data))
    return rng.choice(
        [
            data[:place],
            data[:place] + rng.randbytes(3) + data[place + 3 :],
            data + data[place:],
            b"\xff" + data,
        ]
    )


def _changed(value: Any, rng: random.Random) -> Any:
    """One thing in nested data replaced, added or left out."""
    if isinstance(value, dict) and value and rng.random() < 0.85:
        key = rng.choice(sorted(value))
        if rng.random() < 0.2:
            return {k: v for k, v in value.items() if k != key}
        return {**value, key: _changed(value[key], rng)}
    if isinstance(value, list) and value and rng.random() < 0.7:
        place = rng.randrange(len(value))
        return [*value[:place], _changed(value[place], rng), *value[place + 1 :]]
    return rng.choice(
        [odd for odd in ODD if not isinstance(odd, dict) or all(isinstance(k, str) for k in odd)]
    )


def _named(name: Any, value: Any) -> dict[Any, Any]:
    """A name and its value, where the name can be one in YAML."""
    try:
        return {name: value}
    except TypeError:
        return {}


@contextmanager
def fuzzing() -> Iterator[Fuzz]:
    """A folder to throw things at, gone afterwards."""
    with tempfile.TemporaryDirectory() as folder:
        yield Fuzz(Path(folder))


def trouble(fuzz: Fuzz, seed: str) -> str:
    """What is wrong with the answer to one input; empty if nothing is."""
    command = fuzz.one(random.Random(seed))
    try:
        code = fuzz.run(*command)
    except BaseException:
        return f"input {seed}: {' '.join(command)}\n{traceback.format_exc()}"
    return "" if code in DOCUMENTED else f"input {seed}: exit code {code}: {' '.join(command)}"


def main() -> int:
    """Throw inputs, print what went wrong and how often each exit code came."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--inputs", type=int, default=10_000)
    parser.add_argument("--seed", type=int, default=0)
    arguments = parser.parse_args()
    found: Counter[str] = Counter()
    with fuzzing() as fuzz:
        for number in range(arguments.inputs):
            wrong = trouble(fuzz, f"{arguments.seed}-{number}")
            found["trouble" if wrong else "fine"] += 1
            if wrong:
                print(wrong, file=sys.stderr)
    print(dict(found))
    return int(found["trouble"] > 0)


if __name__ == "__main__":
    sys.exit(main())
