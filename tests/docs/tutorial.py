"""A tutorial as it can be run: what a page says is typed, and what it says is answered.

A block of `console` has commands behind `$ ` and below each what it prints, a block of `python` is run, and a
block of `text` behind one is what that prints. A block of `python` that begins with the name of a file,
`# digits.py`, is saved under that name. `...` stands for anything, or nothing; bars of progress are left out.
"""

import re
import shlex
from collections.abc import Iterator
from contextlib import redirect_stdout
from dataclasses import dataclass
from io import StringIO
from itertools import pairwise
from pathlib import Path
from subprocess import PIPE, STDOUT, run
from typing import Any

from click.testing import CliRunner

from brittle.cli import cli

FENCE = re.compile(r"(<!-- about -->\n)?^```(console|python|text)\n(.*?)^```$", re.DOTALL | re.MULTILINE)
NUMBER = re.compile(r"[+−-]?\d[\d,]*(?:\.\d+)?")
NEAR, LEAST = 0.4, 12.0
"""What a figure behind `<!-- about -->` may be off: a share of itself, or so much where that is more."""


@dataclass(frozen=True)
class Step:
    """Something that a reader does, and what the page says comes of it; None where it says nothing."""

    typed: str
    shown: str | None
    is_python: bool
    is_about: bool
    line: int


def steps_of(page: str) -> Iterator[Step]:
    """What a page has its reader do, in order."""
    blocks = list(FENCE.finditer(page))
    for block, after in pairwise([*blocks, None]):
        assert block
        line = page[: block.start()].count("\n") + 1
        if block[2] == "console":
            for typed, printed in _commands(block[3]):
                yield Step(typed, printed, False, bool(block[1]), line)
        elif block[2] == "python":
            answer = after if after and after[2] == "text" else None
            yield Step(block[3], answer and answer[3], True, bool(answer and answer[1]), line)


def _commands(text: str) -> Iterator[tuple[str, str]]:
    assert text.startswith("$ "), text
    for part in re.split(r"^\$ ", text, flags=re.MULTILINE)[1:]:
        typed, shown = re.match(r"((?:[^\n]*\\\n)*[^\n]*)\n(.*)", part, re.DOTALL).groups()  # type: ignore[union-attr]
        yield typed.replace("\\\n", ""), shown


class Reader:
    """Who does what a tutorial says, in the working folder."""

    def __init__(self) -> None:
        self.names: dict[str, Any] = {"__name__": "tutorial"}
        self.exit_code = 0

    def do(self, step: Step) -> str:
        """Take a step; returns what it printed."""
        return self._python(step.typed) if step.is_python else self._command(step.typed)

    def _python(self, code: str) -> str:
        file = re.match(r"# (\w+\.py)\n", code)
        if file:
            Path(file[1]).write_text(code, encoding="utf-8")
            return ""
        with redirect_stdout(StringIO()) as printed:
            exec(compile(code, "tutorial", "exec"), self.names)
        return printed.getvalue()

    def _command(self, command: str) -> str:
        if command == "echo $?":
            code, self.exit_code = self.exit_code, 0
            return str(code)
        assert self.exit_code == 0, "the command before failed"
        if command.startswith("brittle "):  # in this process, which has it loaded already
            done = CliRunner().invoke(cli, shlex.split(command)[1:], catch_exceptions=False)
            self.exit_code = done.exit_code
            return done.output
        ended = run(command, shell=True, stdout=PIPE, stderr=STDOUT, text=True, timeout=120)
        self.exit_code = ended.returncode
        return ended.stdout


def differs(shown: str, printed: str, about: bool = False) -> str:
    """What a page shows beside what was printed where they are not the same; empty where they are."""
    want, got = _plain(shown), _plain(printed)
    numbers = NUMBER.findall(want) if about else []
    text = f"({NUMBER.pattern})".join(map(re.escape, NUMBER.split(want) if about else [want]))
    text = text.replace(re.escape("\n...\n"), r"\n(?:.*?\n)?").replace(re.escape("..."), ".*?")
    found = re.fullmatch(text, got, re.DOTALL)
    if found and all(map(_near, numbers, found.groups())):
        return ""
    return f"the tutorial shows:\n{want}\n\nwhat comes is:\n{got}"


def _plain(text: str) -> str:
    """Lines without what a page need not copy: bars of progress, rules, empty lines, how wide a column is."""
    lines = (" ".join(line.split()) for line in text.splitlines())
    return "\n".join(line for line in lines if line and not line.startswith(("━", "─")))


def _near(one: str, other: str) -> bool:
    a, b = (float(text.replace(",", "").replace("−", "-")) for text in (one, other))
    return abs(a - b) <= max(NEAR * abs(a), LEAST)
