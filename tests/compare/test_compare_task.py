"""brittle compare: searches on the same samples, or finished runs, and the page that is written."""

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from click.testing import CliRunner

import brittle
from brittle.cli import cli
from brittle.core.sample import Array

WEIGHTS = np.random.default_rng(1).normal(size=(4, 3 * 16 * 16)).astype(np.float32) / 4


class Counted:
    """A model that counts its rows by itself."""

    rows = 0

    def __call__(self, x: Array) -> Array:
        self.rows += len(x)
        return np.asarray(x.reshape(len(x), -1) @ WEIGHTS.T)


def linear(x: Array) -> Array:
    """The same model, under another name."""
    return np.asarray(x.reshape(len(x), -1) @ WEIGHTS.T)


def images(count: int = 6) -> Any:
    x = np.random.default_rng(0).integers(0, 256, (count, 3, 16, 16)).astype(np.uint8)
    return (x, None)


def compared(out: Path, model: Any = None, **settings: Any) -> "brittle.Comparison":
    given = {"searches": ["random", "greedy", "corruptions"], "budget": 90, "batch": 4, **settings}
    return brittle.compare(model or Counted(), images(), out=out, **given)


def test_every_search_has_its_run_and_the_page_shows_all(tmp_path: Path) -> None:
    found = compared(tmp_path)
    assert [one.name for one in found.contenders] == ["random", "greedy", "corruptions"]
    assert found.warnings == ()
    page = (tmp_path / "compare.html").read_text()
    for name in ("random", "greedy", "corruptions", "Against random", "Side by side", "L2 at equal queries"):
        assert name in page
    assert page.count("<svg") == 4  # by queries, by distance, L2 by queries, the legend
    assert "data:image/" in page
    assert "http" not in page.replace("http://www.w3.org", "")
    assert "Not comparable" not in page


def test_the_same_call_again_asks_nothing_more(tmp_path: Path) -> None:
    model = Counted()
    first = compared(tmp_path, model)
    asked = model.rows
    again = compared(tmp_path, model)
    assert model.rows - asked == 2 * 3  # the identity rows, for each run
    assert [c.outcomes for c in again.contenders] == [c.outcomes for c in first.contenders]


def test_runs_of_another_budget_are_compared_with_a_warning(tmp_path: Path) -> None:
    one = brittle.audit(Counted(), images(), budget=40, batch=4, out=str(tmp_path / "one"))
    two = brittle.audit(Counted(), images(), budget=50, batch=4, out=str(tmp_path / "two"))
    found = brittle.compare_runs([one.path, two.path])
    assert [one.name for one in found.contenders] == ["agent (one)", "agent (two)"]
    (warning,) = found.warnings
    assert "different budgets" in warning
    assert "Not comparable" in (tmp_path / "compare.html").read_text()


def test_runs_in_folders_of_one_name_are_told_apart_by_their_models_or_paths(tmp_path: Path) -> None:
    def played(model: Any, *place: str) -> Path:
        out = tmp_path.joinpath(*place)
        settings: dict[str, Any] = {"search": "random", "budget": 20, "batch": 4}
        return brittle.audit(model, images(2), out=str(out), **settings).path

    runs = [played(Counted(), "a", "x", "run"), played(Counted(), "b", "x", "run")]
    names = [one.name for one in brittle.compare_runs(runs).contenders]
    assert names == ["random (a)", "random (b)"]
    runs[1] = played(linear, "c", "run")
    first, second = (one.name for one in brittle.compare_runs(runs).contenders)
    assert "Counted" in first and "linear" in second
    page = (tmp_path / "a" / "x" / "compare.html").read_text()
    assert first in page and second in page


def test_the_page_is_the_same_for_the_same_runs(tmp_path: Path) -> None:
    compared(tmp_path, searches=["random", "greedy"])
    before = (tmp_path / "compare.html").read_text()
    brittle.compare_runs([tmp_path / "random", tmp_path / "greedy"])
    assert (tmp_path / "compare.html").read_text() == before


def test_unknown_searches_are_refused_before_anything_is_played(tmp_path: Path) -> None:
    model = Counted()
    with pytest.raises(brittle.BrittleError, match="no search is called 'randon'; did you mean 'random'"):
        compared(tmp_path, model, searches=["greedy", "randon"])
    with pytest.raises(brittle.BrittleError, match="different searches"):
        compared(tmp_path, model, searches=["greedy", "greedy"])
    assert model.rows == 0


def run(*arguments: str | Path) -> tuple[int, str]:
    result = CliRunner().invoke(cli, ["compare", *map(str, arguments)])
    return result.exit_code, " ".join(result.output.split())


def test_the_command_plays_and_compares(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "toy_net.py").write_text(
        "import numpy as np\n"
        "W = np.random.default_rng(1).normal(size=(4, 768)) / 4\n"
        "def model(x):\n    return x.reshape(len(x), -1) @ W.T\n"
    )
    np.savez(tmp_path / "data.npz", x=images()[0])
    searches = ("--search", "random", "--search", "corruptions", "--budget", "40", "--batch", "4")
    code, output = run("toy_net:model", "data.npz", *searches, "--out", "cmp")
    assert code == 0, output
    assert "random" in output and "corruptions" in output and "compare.html" in output
    code, again = run("cmp/random", "cmp/corruptions")
    assert code == 0 and "compare.html" in again
    settings = json.loads((tmp_path / "cmp/random/run.json").read_text())["settings"]
    assert settings["budget"] == 40


@pytest.mark.parametrize(
    ("arguments", "said", "code"),
    [
        (("here",), "two different run folders", 2),
        (("here", "here"), "two different run folders", 2),
        (("here", "there"), "expected a run folder with run.json", 5),
        (("here", "there", "third", "--search", "random"), "expected MODEL and DATA before --search", 2),
    ],
)
def test_bad_arguments_give_one_line(arguments: tuple[str, ...], said: str, code: int) -> None:
    got, output = run(*arguments)
    assert got == code
    assert said in output
