"""Which backend opens a model, and what bad names say."""

import json
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from pydantic import ValidationError

from brittle.core.errors import ModelError, UsageError
from brittle.models import MODELS, ModelOptions, open_model
from brittle.models.classes import read_classes


def test_a_missing_onnx_file_is_named() -> None:
    with pytest.raises(ModelError, match=r"expected an \.onnx file at 'no/such\.onnx', found none"):
        open_model(Path("no/such.onnx"))


def test_an_unknown_word_gets_the_nearest_name_and_the_forms() -> None:
    with pytest.raises(UsageError, match=r"package\.module:function.*did you mean 'efficientnet-lite0'\?"):
        open_model("efficientnet-lit0")


LONG = "n" * 300


@pytest.mark.parametrize("word", ["onnx", "http", "squid"])
def test_a_word_that_names_no_model(word: str) -> None:
    with pytest.raises(UsageError, match=f"got '{word}'; choose one of: .*efficientnet-lite0"):
        open_model(word)


@pytest.mark.parametrize(
    ("model", "error", "words"),
    [
        (LONG, UsageError, "expected a model as"),
        (f"{LONG}:model", UsageError, "cannot import model"),
        (f"{LONG}.onnx", ModelError, r"cannot read 'n+\.onnx': File name too long; check the path"),
        ("net\0", UsageError, "expected a model as"),
        ("net\0.onnx", ModelError, "expected an .onnx file at"),
        ("net\0:model", UsageError, "cannot import model"),
    ],
)
def test_a_name_that_no_file_can_have_is_one_line(model: str, error: type[Exception], words: str) -> None:
    with pytest.raises(error, match=words) as caught:
        open_model(model)
    assert "\n" not in str(caught.value)


def test_another_kind_of_file_is_refused(tmp_path: Path) -> None:
    weights = tmp_path / "net.pt"
    weights.write_bytes(b"pickle")
    with pytest.raises(UsageError, match="export it to ONNX"):
        open_model(str(weights))


def test_an_object_that_cannot_be_called_is_refused() -> None:
    with pytest.raises(UsageError, match="got int"):
        open_model(7)  # type: ignore[arg-type]


def test_every_built_in_backend_loads() -> None:
    assert all(callable(MODELS.load(name)) for name in MODELS.builtin)


def test_importing_doors_loads_no_torch() -> None:
    code = f"import sys; from brittle.models import MODELS; [MODELS.load(n) for n in {list(MODELS.builtin)}];"
    check = "sys.exit(any(m in sys.modules for m in ('torch', 'matplotlib')))"
    assert subprocess.run([sys.executable, "-c", code + check], check=False).returncode == 0


def test_class_names_come_from_the_file_and_must_fit(
    channel_means: Callable[..., str], tmp_path: Path
) -> None:
    names = tmp_path / "names.txt"
    names.write_text("ape\nbee\ncat\n")
    net = channel_means()
    assert open_model(net, ModelOptions(classes=str(names))).classes == ("ape", "bee", "cat")
    names.write_text("ape\nbee\n")
    with pytest.raises(ModelError, match="answers 3 classes, but 2 names"):
        open_model(net, ModelOptions(classes=str(names)))


@pytest.mark.parametrize(
    "text",
    [
        "ape\r\nbee \r\n",
        json.dumps(["ape", "bee"]),
        json.dumps({"1": "bee", "0": "ape"}),
        json.dumps({"0": ["n01", "ape"], "1": ["n02", "bee"]}),
    ],
)
def test_forms_of_class_names(tmp_path: Path, text: str) -> None:
    file = tmp_path / "names"
    file.write_text(text)
    assert read_classes(str(file)) == ("ape", "bee")


@pytest.mark.parametrize("text", ["", "ape", '{"0": "ape", "2": "bee"}', "[1,", "ape\n\nbee"])
def test_broken_class_names_are_refused(tmp_path: Path, text: str) -> None:
    file = tmp_path / "names"
    file.write_text(text)
    with pytest.raises(UsageError, match="class names"):
        read_classes(str(file))


@pytest.mark.parametrize("file", ["none.txt", LONG, "a\0b"])
def test_an_absent_file_of_class_names_is_refused(file: str) -> None:
    with pytest.raises(UsageError, match=f"cannot read class names from '{file}'"):
        read_classes(file)


def test_options_take_numbers_in_every_form() -> None:
    assert ModelOptions.model_validate({"mean": "0.5,0.25", "std": 2}).model_dump(
        include={"mean", "std"}
    ) == {
        "mean": (0.5, 0.25),
        "std": (2.0,),
    }
    with pytest.raises(ValidationError):
        ModelOptions(std=(0.0,))


def test_a_secret_given_in_place_of_its_variable_is_not_shown() -> None:
    with pytest.raises(ValidationError) as caught:
        ModelOptions(header="Authorization=Bearer s3cr3t")
    assert "s3cr3t" not in str(caught.value)


def test_layout_stated_by_the_user_moves_the_channel_axis() -> None:
    seen = []

    def model(x: np.ndarray) -> np.ndarray:
        seen.append(x.shape)
        return np.zeros((len(x), 2))

    open_model(model, ModelOptions(layout="channels_last")).ask(np.zeros((2, 12, 100), np.float32))
    assert seen == [(2, 100, 12)]
