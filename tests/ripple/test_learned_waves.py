"""Learned priors of waves: used where they fit, named, and without one ripple plays as ever."""

import json
from dataclasses import replace
from hashlib import sha256
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from brittle.core.errors import UsageError
from brittle.core.field import Field
from brittle.core.result import SearchResult
from brittle.core.sample import InputSpec
from brittle.optimise.history import History
from brittle.optimise.learned import stored_network
from brittle.optimise.transformer import Shape, TransformerPrior
from brittle.searches import open_search
from brittle.searches.ripple.features import feature_count, mirror_signs, wave_features
from brittle.searches.ripple.learned import SHIPPED, WavePrior, read_wave_prior
from brittle.searches.ripple.search import Ripple
from brittle.searches.ripple.waves import no_observations
from brittle.searches.waves import WavesAlone
from brittle.store.priors import write_prior
from ripple_games import IMAGE, KINDS, plain, play_all

SIGNAL = KINDS[3]


def prior_of(axes: int, channels: int, seed: int = 0) -> TransformerPrior:
    """One whose weights are drawn at random."""
    shape, rng = Shape(feature_count(axes, channels), width=8, deep=4), np.random.default_rng(seed)
    return TransformerPrior(shape, {name: rng.normal(size=s) / 3 for name, s in shape.weights().items()})


def file_of(folder: Path, channels: int = 3, axes: tuple[str, ...] = ("height", "width")) -> str:
    of = {"waves": {"axes": list(axes), "channels": channels}}
    write_prior(folder / "p.safetensors", stored_network(prior_of(len(axes), channels), of), {})
    return str(folder / "p.safetensors")


def told(results: list[SearchResult]) -> list[tuple[Any, ...]]:
    return [(r.first and r.first.query, r.closest and round(r.closest.l2, 3)) for r in results]


BEFORE = [  # query of the first flip and L2 of the closest, as ripple played before there were priors
    (IMAGE, False, [(62, 0.534), (10, 0.356), (47, 0.355), (18, 0.354), (27, 0.355)]),
    (IMAGE, True, [(62, 0.3), (10, 0.103), (47, 0.254), (18, 0.15), (27, 0.077)]),
    (SIGNAL, False, [(45, 2.221), (122, 4.997), (2, 2.221), (122, 4.997), (8, 2.221)]),
    (SIGNAL, True, [(45, 0.562), (122, 4.997), (2, 0.012), (122, 4.281), (8, 0.606)]),
]


@pytest.mark.parametrize(("spec", "closest", "recorded"), BEFORE)
def test_without_a_prior_it_plays_as_it_did_before_there_were_any(
    spec: InputSpec, closest: bool, recorded: list[Any]
) -> None:
    results, _ = play_all(Ripple(prior="none"), spec, count=5, closest=closest)
    assert told(results) == recorded
    assert not any("prior" in (r.notes or {}) for r in results)


def test_a_prior_that_fits_is_used_and_named(tmp_path: Path) -> None:
    file = file_of(tmp_path)
    without, _ = play_all(Ripple(prior="none"), IMAGE, count=3, budget=60)
    results, _ = play_all(Ripple(prior=file), IMAGE, count=3, budget=60)
    assert told(results) != told(without)
    assert all((r.notes or {})["prior"].startswith("p ") for r in results)
    again, _ = play_all(Ripple(prior=file), IMAGE, batch=2, count=3, budget=60)
    assert plain(again) == plain(results)


@pytest.mark.parametrize("search", [Ripple, WavesAlone])
def test_a_prior_of_another_kind_is_not_used_and_that_is_said(search: Any, tmp_path: Path) -> None:
    without, _ = play_all(search(prior="none"), SIGNAL, count=3, budget=40)
    results, _ = play_all(search(prior=file_of(tmp_path)), SIGNAL, count=3, budget=40)
    assert told(results) == told(without)
    assert all("not used" in (r.notes or {})["prior"] for r in results)


def test_waves_alone_finds_flips_of_any_kind_and_comes_closer() -> None:
    for spec in (IMAGE, SIGNAL, KINDS[5]):
        results, _ = play_all(WavesAlone(prior="none"), spec, count=3, budget=60, closest=True)
        flipped = [r for r in results if r.first and r.closest]
        assert flipped and any(r.closest.l2 < 0.9 * r.first.l2 for r in flipped if r.closest and r.first)


def test_waves_first_shows_tiles_after_them() -> None:
    one, _ = play_all(Ripple(first="tiles", prior="none"), IMAGE, budget=30)
    other, _ = play_all(Ripple(first="waves", prior="none"), IMAGE, budget=30)
    assert told(one) != told(other)


def test_features_are_the_same_for_what_is_the_same() -> None:
    field, rng = Field(IMAGE), np.random.default_rng(0)
    waves = field.random_waves(20, rng)
    x = wave_features(waves, field)
    assert x.shape == (20, feature_count(2, 3)) and np.abs(x[:, 0]).max() <= 1
    opposite = type(waves)(waves.cycles, -waves.direction, waves.phase + 1, -waves.colour)
    assert np.allclose(x, wave_features(opposite, field))
    mirrored = type(waves)(waves.cycles, waves.direction * [1, -1], waves.phase, waves.colour)
    assert np.allclose(x * mirror_signs(2, 3), wave_features(mirrored, field))
    cosines = (waves.colour @ waves.colour.T) ** 2
    assert np.allclose(x[:, 4:] @ x[:, 4:].T, cosines)


class Known:
    """A prior that says of slow waves that they surely fall by 0.5, of fast ones less, but perhaps more."""

    shift, scale, noise = 0.0, 1.0, 0.01

    def given(self, history: History) -> "Known":
        return self

    def mean(self, x: Any) -> Any:
        return np.where(x[:, 0] > 0, -0.2, -0.5)

    def variance(self, x: Any) -> Any:
        return np.where(x[:, 0] > 0, 0.09, 1e-4)

    def covariance(self, a: Any, b: Any) -> Any:
        return np.zeros((len(a), len(b)))  # nothing was observed, so it is not asked


@pytest.mark.parametrize(("clean", "fast"), [(2.0, True), (0.3, False)])
def test_the_wave_that_is_expected_to_flip_is_picked(clean: float, fast: bool) -> None:
    field = Field(IMAGE)
    low, high = field.band
    waves = replace(field.random_waves(2, np.random.default_rng(0)), cycles=np.array([low, high]))
    prior = WavePrior(Known(), ("height", "width"), 3, "p")
    picked = prior.best(no_observations(field), waves, field, clean)
    assert picked.cycles[0] == (high if fast else low)


def test_a_file_that_is_no_prior_of_waves_gives_one_clear_line(tmp_path: Path) -> None:
    path = tmp_path / "p.safetensors"
    write_prior(path, stored_network(prior_of(2, 3), {"family": "hartmann6"}), {})
    with pytest.raises(UsageError, match="not of waves"):
        Ripple(prior=str(path))
    write_prior(path, stored_network(prior_of(2, 1), {"waves": {"axes": ["h", "w"], "channels": 3}}), {})
    with pytest.raises(UsageError, match="features"):
        open_search("waves", prior=str(path))
    with pytest.raises(UsageError, match="cannot read the prior file"):
        Ripple(prior=str(tmp_path / "missing.safetensors"))


def test_the_shipped_prior_is_of_photos_and_small() -> None:
    prior = read_wave_prior("shipped")
    assert prior is not None and prior.axes == ("height", "width") and prior.channels == 3
    assert SHIPPED.stat().st_size < 200_000
    card = json.loads(SHIPPED.with_suffix(".json").read_text())
    assert card["sha256"] == sha256(SHIPPED.read_bytes()).hexdigest() and card["rows"] > 0
    assert card["command"].startswith("brittle train --kind prior") and card["data"]["samples"] == 100
    assert not any(victim in json.dumps(card) for victim in ("mobilenet", "lite0"))
