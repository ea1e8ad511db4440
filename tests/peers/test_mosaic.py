"""Clips as mosaics of their frames: nothing is lost, and attacks on images play them."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from brittle.core.result import Status
from brittle.core.sample import InputSpec
from brittle.searches.peers.mosaic import CLIP, Mosaic
from peer_games import model_of, played, sample_of

SPEC = InputSpec((3, 6, 16, 16), CLIP, bits=8)
PEERS = ["art-square-l2", "art-square-linf", "art-simba-dct", "foolbox-blur", "foolbox-salt-and-pepper"]


@given(st.integers(1, 3), st.integers(1, 24), st.integers(1, 5), st.integers(1, 5), st.integers(0, 3))
def test_a_picture_of_a_clip_is_the_clip(c: int, frames: int, height: int, width: int, n: int) -> None:
    mosaic = Mosaic(InputSpec((c, frames, height, width), CLIP))
    clips = np.random.default_rng(0).random((n, c, frames, height, width))
    pictures = mosaic.pictures(clips)
    assert pictures.shape == (n, *mosaic.picture_spec.shape)
    assert np.array_equal(mosaic.clips(pictures), clips)


def test_frames_stand_in_reading_order() -> None:
    mosaic = Mosaic(InputSpec((1, 20, 2, 3), CLIP))
    assert mosaic.raster == (4, 5)
    clip = np.broadcast_to(np.arange(20.0)[None, None, :, None, None], (1, 1, 20, 2, 3))
    assert mosaic.pictures(clip)[0, 0, ::2, ::3].tolist() == np.arange(20.0).reshape(4, 5).tolist()
    assert Mosaic(InputSpec((1, 7, 2, 3), CLIP)).raster == (1, 7)


@pytest.mark.parametrize("name", PEERS)
def test_peers_of_images_play_clips(name: str) -> None:
    model = model_of(SPEC)
    results, referee = played(name, model=model, spec=SPEC, terms={"budget": 60})
    assert sum(r.queries for r in results) == model.rows == referee.rows
    assert {r.status for r in results} <= {Status.FLIPPED, Status.SURVIVED}, [r.message for r in results]
    flipped = [r for r in results if r.closest]
    for result in flipped:
        assert result.closest and result.closest.l2 > 0
    assert sample_of(0, SPEC).x.shape == SPEC.shape
