"""Files of trainings: what is written is read, to the byte; what is damaged or foreign is said or left."""

import csv
import json
from dataclasses import dataclass, replace
from hashlib import sha256
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import array_shapes, arrays
from safetensors.numpy import save

from brittle.core.errors import DiskError, UsageError
from brittle.store.learned import Checkpoint, Kept, read_learned, write_curve, write_learned

KINDS = st.sampled_from([np.float16, np.float32, np.float64, np.int64, np.bool_])
SOME: Any = st.dictionaries(st.text("ab.", min_size=1), KINDS.flatmap(lambda k: arrays(k, array_shapes())))


@dataclass(frozen=True)
class Lap:
    lap: int
    loss: float


@pytest.fixture
def file(tmp_path: Path) -> Path:
    path = tmp_path / "new" / "a.safetensors"
    write_learned(path, {"x": np.arange(6, dtype=np.float32)}, {"format": "kind-1"}, {"by": "Zoë"})
    return path


def line_of(path: Path) -> str:
    with pytest.raises(UsageError) as caught:
        read_learned(path, "kind", "make one")
    text = str(caught.value)
    assert "\n" not in text and str(path) in text
    return text


@pytest.mark.parametrize("about", [{"format": "kind-1 height"}, {"format": "kind-2", "shape": [1, None]}])
def test_what_is_written_is_read(tmp_path: Path, about: dict[str, Any]) -> None:
    path = tmp_path / "a.safetensors"
    turned = np.arange(6, dtype=np.float16).reshape(2, 3).T
    write_learned(path, {"x": turned}, about, {})
    learned = read_learned(path, "kind", "make one")
    assert np.array_equal(learned.arrays["x"], turned) and learned.about == about


def test_the_card_names_the_digest_that_the_name_ends_in(file: Path) -> None:
    card = json.loads(file.with_suffix(".json").read_text(encoding="utf-8"))
    assert card == {"by": "Zoë", "sha256": sha256(file.read_bytes()).hexdigest()}
    assert read_learned(file, "kind", "make one").name == f"a {card['sha256'][:8]}"


@pytest.mark.parametrize("keep", [0, 4, 60, -1])
def test_a_damaged_file_is_said_so(file: Path, keep: int) -> None:
    file.write_bytes(file.read_bytes()[:keep])
    assert line_of(file).endswith("is damaged or no safetensors file; make one")


@pytest.mark.parametrize("header", [b'{"__metadata__":null}', b"[]", b"[" * 100_000, b"{}  "])
def test_a_strange_header_is_no_traceback(file: Path, header: bytes) -> None:
    file.write_bytes(len(header).to_bytes(8, "little") + header)
    if header.strip() == b"{}":
        assert read_learned(file, "kind", "make one").about == {"format": "none"}
    else:
        assert "damaged" in line_of(file)


def test_a_file_of_others_has_no_format_and_may_have_numbers_that_numpy_lacks(file: Path) -> None:
    x = np.zeros(2, np.float32)
    file.write_bytes(save({"x": x}, {"theirs": "yes"}))
    assert read_learned(file, "kind", "make one").about == {"format": "none"}
    header = b'{"x":{"dtype":"BF16","shape":[4],"data_offsets":[0,8]}}'
    file.write_bytes(len(header).to_bytes(8, "little") + header + x.tobytes())
    assert "damaged" in line_of(file)
    file.unlink()
    assert line_of(file).startswith("cannot read the kind file")


def test_a_place_that_cannot_be_written_is_said_so(file: Path) -> None:
    with pytest.raises(DiskError, match="cannot write"):
        write_learned(file / "below.safetensors", {}, {"format": "kind-1"}, {})


def test_a_curve_has_a_column_for_every_field(tmp_path: Path) -> None:
    write_curve(tmp_path / "c.csv", [Lap(1, 0.123456), Lap(2, float("nan"))])
    rows = list(csv.DictReader((tmp_path / "c.csv").open()))
    assert rows == [{"lap": "1", "loss": "0.1235"}, {"lap": "2", "loss": "nan"}]


@settings(max_examples=25, deadline=None)
@given(kept=SOME, loss=st.floats(allow_nan=False))
def test_a_checkpoint_gives_back_what_was_kept(tmp_path_factory: Any, kept: Any, loss: float) -> None:
    point = Checkpoint(tmp_path_factory.mktemp("c") / "c.part", {"size": (1, 2)}, Lap)
    kept = {**kept, "one": np.array(3.0)}
    point.write(Kept(kept, (Lap(1, loss),), {"queries": 7}))
    back = point.read()
    assert back is not None and back.curve == (Lap(1, loss),) and back.state == {"queries": 7}
    assert back.arrays.keys() == kept.keys()
    for name, array in kept.items():
        assert back.arrays[name].dtype == array.dtype and back.arrays[name].flags.writeable
        assert np.array_equal(back.arrays[name], array, equal_nan=array.dtype.kind == "f")


def test_another_question_curve_or_file_is_not_continued(tmp_path: Path) -> None:
    point = Checkpoint(tmp_path / "c.part", {"seed": 0}, Lap)
    assert point.read() is None
    point.write(Kept({}, (Lap(1, 0.5),)))
    assert point.read() == Kept({}, (Lap(1, 0.5),))
    assert replace(point, question={"seed": 1}).read() is None
    assert replace(point, row=lambda lap: Lap(lap, 0.0)).read() is None
    point.path.write_bytes(save({"x": np.zeros(3)}))
    assert point.read() is None
    point.delete()
    point.delete()
    assert not point.path.exists()
