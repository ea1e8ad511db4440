"""A user's own distortion: `my.module:thing`, or installed through an entry point."""

from importlib.metadata import EntryPoint
from pathlib import Path

import numpy as np
import pytest

from brittle.core import registry
from brittle.core.canvas import Palette, distort
from brittle.core.errors import UsageError
from brittle.core.sample import InputSpec, Sample
from brittle.distortions import open_distortion, suited

SPEC = InputSpec((1, 8, 8), ("channel", "height", "width"))
ECG = InputSpec((1, 30), ("channel", "time"))

OWN = '''
import numpy as np

def fade(x, spec, level, rng):
    """Less contrast."""
    return x * (1 - level)

def fog(x, spec, level, rng=None, *, colour=1.0):
    return x + (colour - x) * np.float32(level)

fog.levels = [0.1, 0.3]
fog.needs = ("height", "width")
fog.unit = "share of fog"

class Dusk:
    """Darker."""
    name = "another name"
    needs = ("height",)
    levels = (0.2, 0.4)
    unit = "share of light lost"
    def __call__(self, x, spec, level, rng):
        return x * (1 - level)

dusk = Dusk()

class Picky(Dusk):
    def __init__(self, colour):
        self.colour = colour

def short(x, level):
    return x

def unsure(x, spec, level, rng):
    return x
unsure.levels = "strong"

def empty(x, spec, level, rng):
    return x
empty.levels = ()

def endless(x, spec, level, rng):
    return x
endless.levels = (0.1, float("inf"))

def blind(x, spec, level, rng):
    return x
blind.needs = "height"

number = 3
'''


@pytest.fixture(autouse=True)
def own(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "own_distortions.py").write_text(OWN)
    (tmp_path / "own_broken.py").write_text("1 / 0\n")
    monkeypatch.syspath_prepend(tmp_path)


def test_a_plain_function_gets_four_levels() -> None:
    fade = open_distortion("own_distortions:fade")
    assert fade.name == "own_distortions:fade"
    assert fade.levels == (0.25, 0.5, 0.75, 1.0)
    assert fade.needs == ()
    sample = Sample("a", np.ones(SPEC.shape, np.float32), None, SPEC)
    assert (distort(fade, sample, 0.25, 0, 0) == 0.75).all()


def test_a_function_may_state_levels_needs_and_unit() -> None:
    fog = open_distortion("own_distortions:fog")
    assert fog.levels == (0.1, 0.3)
    assert fog.unit == "share of fog"
    with pytest.raises(UsageError, match="own_distortions:fog needs the axis 'height'"):
        Palette((fog,)).check(ECG)


@pytest.mark.parametrize("thing", ["Dusk", "dusk"])
def test_a_class_or_an_object_keeps_the_name_that_opens_it_again(thing: str) -> None:
    dusk = open_distortion(f"own_distortions:{thing}")
    assert dusk.name == f"own_distortions:{thing}"
    assert dusk.levels == (0.2, 0.4)
    assert dusk.needs == ("height",)
    assert dusk.unit == "share of light lost"
    assert dusk(np.ones(SPEC.shape, np.float32), SPEC, 0.5, np.random.default_rng(0)).max() == 0.5


def test_found_in_the_working_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    folder = tmp_path / "elsewhere"
    folder.mkdir()
    (folder / "own_elsewhere.py").write_text("def same(x, spec, level, rng):\n    return x.copy()\n")
    monkeypatch.chdir(folder)
    assert open_distortion("own_elsewhere:same").name == "own_elsewhere:same"


def test_installed_ones_join_the_default_palette(monkeypatch: pytest.MonkeyPatch) -> None:
    entry = EntryPoint("fog", "own_distortions:fog", "brittle.distortions")
    monkeypatch.setattr(registry, "entry_points", lambda group: [entry])
    assert open_distortion("fog").name == "fog"
    assert suited(SPEC)[-1] == "fog"
    assert "fog" not in suited(ECG)


@pytest.mark.parametrize(
    ("name", "said"),
    [
        ("gausian_noise", "did you mean 'gaussian_noise'"),
        ("own_nowhere:fog", "no module named 'own_nowhere'"),
        ("own_distortions:fogg", "did you mean 'fog'"),
        ("own_distortions:", "package.module:name"),
        ("own_broken:fog", "ZeroDivisionError"),
        ("own_distortions:short", r"\(x, spec, level, rng\) -> x', got \(x, level\)"),
        ("own_distortions:number", "got an object of type int"),
        ("own_distortions:Picky", "needs no arguments.*colour"),
        ("own_distortions:unsure", "expected levels.*'strong'"),
        ("own_distortions:empty", r"expected levels.*\(\)"),
        ("own_distortions:endless", "expected levels.*inf"),
        ("own_distortions:blind", "expected needs.*'height'"),
    ],
)
def test_a_bad_one_is_refused_in_one_line(name: str, said: str) -> None:
    with pytest.raises(UsageError, match=said) as caught:
        open_distortion(name)
    assert "\n" not in str(caught.value)
