"""Whether model and data are the audited ones, whatever form they come in."""

from pathlib import Path

import numpy as np

import brittle
from forged import Row, change_manifest, command, messages, swap_files


def test_other_data_are_compared_if_they_are_given(run: Path, digits: Path, tmp_path: Path) -> None:
    arrays = dict(np.load(digits / "digits.npz"))
    arrays["x"] = arrays["x"][::-1]
    np.savez(tmp_path / "other.npz", **arrays)
    change_manifest(run, lambda m: m["data"].update(digest=2))
    found = brittle.verify(run, None, tmp_path / "other.npz")
    assert any("the data are not those that were audited" in note for note in found.notes)
    assert any("not the sample of the data" in check.message for check in found.broken)
    change_manifest(run, lambda m: m["settings"].update(data=str(tmp_path / "other.npz")))
    found = brittle.verify(run)
    assert not found.broken and any("is another one now" in note for note in found.notes)
    np.savez(tmp_path / "fine.npz", x=arrays["x"].astype(np.uint16) * 257, y=arrays["y"])
    refused = command(run, digits / "digits.onnx", tmp_path / "fine.npz")
    assert refused.exit_code == 3 and "bits=16" in refused.stderr
    np.savez(tmp_path / "small.npz", x=arrays["x"][:, :, :4], y=arrays["y"])
    assert command(run, digits / "digits.onnx", tmp_path / "small.npz").exit_code == 3
    assert command(run, digits / "digits.onnx", tmp_path / "none.npz").exit_code == 3


def test_data_of_more_samples_are_other_data(run: Path, digits: Path, tmp_path: Path) -> None:
    arrays = np.load(digits / "digits.npz")
    x, y = (np.concatenate([arrays[name]] * 2) for name in ("x", "y"))
    np.savez(tmp_path / "more.npz", x=x, y=y)
    found = messages(run, None, tmp_path / "more.npz")
    assert found == ["results.jsonl: run.json asks for 60 samples, the data have 120"]


def test_digests_of_an_earlier_brittle_tell_nothing(run: Path) -> None:
    def age(manifest: Row) -> None:
        for part in ("model", "data"):
            manifest[part].pop("digest", None)
            manifest[part]["sha256"] = "0" * 64

    change_manifest(run, age)
    found = brittle.verify(run)
    assert not found.broken and not found.same_model
    assert [note.split(" is not known")[0].split(" are the")[0] for note in found.notes] == [
        "whether the model is the audited one",
        "whether the data",
    ]
    swap_files(run, "original")
    assert any("it is not the sample of the data" in text for text in messages(run))


def test_another_model_is_named_as_such(run: Path) -> None:
    change_manifest(run, lambda m: m["model"].update(sha256="0" * 64, digest=2))
    found = brittle.verify(run)
    assert not found.same_model
    assert found.notes == ("the model is not the one that was audited (another SHA-256)",)


def test_options_that_are_given_overrule_those_of_the_run(run: Path, digits: Path) -> None:
    assert command(run, "--mean", "0.5").exit_code == 1
    assert command(run, "--mean", "0", "--threads", 1).exit_code == 0
    assert command(run, "--output", "nonsense").exit_code == 2


def test_class_names_of_a_file_are_not_needed_again(digits: Path, tmp_path: Path) -> None:
    names = tmp_path / "names.txt"
    names.write_text("\n".join(f"digit {9 - k}" for k in range(10)))  # not in the order of the alphabet
    arrays = np.load(digits / "digits.npz")
    labels = np.array([f"digit {9 - k}" for k in arrays["y"]])
    np.savez(tmp_path / "named.npz", x=arrays["x"][:20], y=labels[:20])
    options = {"classes": str(names)}
    brittle.audit(
        digits / "digits.onnx", tmp_path / "named.npz", budget=30, out=tmp_path / "r", model_options=options
    )
    names.unlink()
    found = brittle.verify(tmp_path / "r")
    assert not found.broken and found.notes == ()
