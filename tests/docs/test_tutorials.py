"""The tutorials, done line by line: every command and every line of Python prints what they show."""

import sys
from pathlib import Path

import pytest

from docs.tutorial import Reader, differs, steps_of

TUTORIALS = Path(__file__).parents[2] / "docs" / "tutorials"


@pytest.mark.timeout(900)  # the machine may be busy
@pytest.mark.parametrize("page", sorted(TUTORIALS.glob("*.md")), ids=lambda page: page.stem)
def test_a_tutorial_does_what_it_says(page: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("PATH", f"{Path(sys.executable).parent}:/usr/bin:/bin")
    monkeypatch.setattr("brittle.cli.console.console._width", 96)
    reader, steps = Reader(), list(steps_of(page.read_text(encoding="utf-8")))
    assert len(steps) >= 4
    for step in steps:
        printed = reader.do(step)
        wrong = "" if step.shown is None else differs(step.shown, printed, step.is_about)
        assert not wrong, f"{page.name}, line {step.line}, {step.typed}\n{wrong}"
    assert reader.exit_code == 0


@pytest.mark.parametrize(
    ("shown", "printed", "about", "same"),
    [
        ("flipped 5\n", "━━ 100 %\n\n  flipped     5 \n", False, True),
        ("flipped 5", "flipped 6", False, False),
        ("", "a line that the page has not", False, False),
        ("a\n...\nb", "a\nb", False, True),
        ("a\n...\nb", "a\nmore\nb", False, True),
        ("a\n...\nb", "a\nmore", False, False),
        ("in ... s", "in 4.1 s", False, True),
        ("gained −8.3 %", "gained +2.1 %", True, True),
        ("gained 8.3 %", "gained 28.3 %", True, False),
        ("1,000 rows", "1,390 rows", True, True),
        ("1,000 rows", "1,410 rows", True, False),
        ("gained 8 %", "lost 8 %", True, False),
    ],
)
def test_what_a_page_shows_is_held_against_what_comes(
    shown: str, printed: str, about: bool, same: bool
) -> None:
    assert (differs(shown, printed, about) == "") == same
