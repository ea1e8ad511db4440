"""Shards of a run, and the whole that they make: byte for byte what one command would have made."""

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from click.testing import CliRunner
from PIL import Image

import brittle
from brittle.cli import cli
from brittle.core.errors import BrittleError, RunError, UsageError
from brittle.core.sample import Array
from same_run import WEIGHTS, Counted, audited, edit, unfinish

SAMPLES = 7
PICTURES = np.random.default_rng(1).integers(0, 256, (SAMPLES, 3, 4, 4), np.uint8), None
CLOCKS = ("seconds", "started", "finished")


class Near(Counted):
    """It counts its rows too, and little flips it."""

    def __call__(self, x: Array) -> Array:
        self.rows += len(x)
        return np.asarray(self.by * ((x - 0.5).reshape(len(x), -1) @ WEIGHTS))


def shards(folder: Path, of: int, **settings: Any) -> list[Path]:
    """The runs of all shards."""
    every = [f"{number}/{of}" for number in range(1, of + 1)]
    return [
        audited(Near(), folder / one.replace("/", "-"), PICTURES, shard=one, **settings).path for one in every
    ]


def lines(run: Path) -> list[dict[str, Any]]:
    """The results, times apart."""
    found = [json.loads(line) for line in (run / "results.jsonl").read_text().splitlines()]
    return [{key: value for key, value in one.items() if key not in CLOCKS} for one in found]


def files(run: Path, *places: str) -> dict[str, bytes]:
    return {f"{place}/{f.name}": f.read_bytes() for place in places for f in (run / place).iterdir()}


@pytest.mark.parametrize("of", [1, 3, SAMPLES])
def test_all_shards_make_the_whole_run(tmp_path: Path, of: int) -> None:
    whole = audited(Near(), tmp_path / "whole", PICTURES).path
    merged = brittle.merge(list(reversed(shards(tmp_path, of))), tmp_path / "merged").path
    assert lines(merged) == lines(whole) and len(lines(merged)) == SAMPLES
    assert (merged / "run.json").read_bytes() == (whole / "run.json").read_bytes()
    assert files(merged, "flips") == files(whole, "flips") != {}
    one, other = (json.loads((run / "summary.json").read_text()) for run in (merged, whole))
    for name in ("samples", "flipped", "l2", "queries", "asr"):
        assert one[name] == other[name]
    assert (merged / "report.html").is_file()


def test_every_row_that_a_shard_showed_is_counted(tmp_path: Path) -> None:
    model = Near()
    paths = [audited(model, tmp_path / str(i), PICTURES, shard=f"{i}/2").path for i in (1, 2)]
    assert brittle.merge(paths, tmp_path / "merged").rows().shown == model.rows


def test_a_merged_run_goes_on_as_the_whole_one(tmp_path: Path) -> None:
    brittle.merge(shards(tmp_path, 2), tmp_path / "merged")
    model = Near()
    run = audited(model, tmp_path / "merged", PICTURES)
    assert run.was_finished and model.rows == 2  # the identity rows


def test_explanations_are_merged_too(tmp_path: Path) -> None:
    def explained(out: str, **settings: Any) -> Path:
        return brittle.explain(Near(), PICTURES, budget=60, out=str(tmp_path / out), **settings).path

    whole = explained("whole")
    merged = brittle.merge(
        [explained("1", shard="1/2"), explained("2", shard="2/2")], tmp_path / "merged"
    ).path
    assert lines(merged) == lines(whole)
    assert files(merged, "explanations", "shown") == files(whole, "explanations", "shown")


def refused(error: type[BrittleError], match: str, runs: list[Path], out: Path) -> None:
    with pytest.raises(error, match=match):
        brittle.merge(runs, out)
    assert not out.exists()


def test_what_does_not_belong_together_is_named(tmp_path: Path) -> None:
    one, two, three = shards(tmp_path, 3)
    out = tmp_path / "out"
    refused(UsageError, "shard 2/3 is missing; 2 of 3 are there", [one, three], out)
    refused(UsageError, "shard 3/3 is missing", [one, two], out)
    refused(UsageError, "shard 2/3 is there twice", [one, two, two], out)
    refused(UsageError, "got none", [], out)
    other = audited(Near(), tmp_path / "other", PICTURES, shard="2/3", seed=1).path
    refused(RunError, "other is no shard of the same run as .*seed was 0, now 1", [one, other, three], out)
    fewer = audited(Near(), tmp_path / "fewer", PICTURES, shard="2/2").path
    refused(RunError, "it is shard 2/2, the first is shard 1/3", [one, fewer], out)
    whole = audited(Near(), tmp_path / "whole", PICTURES).path
    refused(UsageError, "whole, which is a whole run", [one, two, whole], out)


def test_an_unfinished_shard_and_another_model(tmp_path: Path) -> None:
    one, two = shards(tmp_path, 2)
    unfinish(two, 1)
    refused(RunError, "shard 2/2 has 1 of 3 samples; run its command again", [one, two], tmp_path / "out")
    changed = audited(Near(by=2), tmp_path / "changed", PICTURES, shard="2/2").path
    edit(
        changed,
        lambda told: told["model"].update(
            sha256=json.loads((one / "run.json").read_text())["model"]["sha256"]
        ),
    )
    refused(RunError, "answered the identity rows otherwise", [one, changed], tmp_path / "out")


def test_nothing_is_read_through_a_link(tmp_path: Path) -> None:
    one, two = shards(tmp_path, 2)
    secret = tmp_path / "secret"
    secret.write_text("s3cr3t")
    (one / "flips" / "x.png").symlink_to(secret)
    with pytest.raises(RunError, match="expected plain files"):
        brittle.merge([one, two], tmp_path / "out")


def test_a_folder_with_anything_in_it_is_refused(tmp_path: Path) -> None:
    with pytest.raises(RunError, match="expected a new folder"):
        brittle.merge(shards(tmp_path, 1), tmp_path)


@pytest.mark.parametrize("text", ["0/3", "4/3", "3", "1/0", "a/b", "1/2/3", "-1/3", "", "1/9999999999"])
def test_a_shard_is_the_ith_of_n(text: str) -> None:
    with pytest.raises(UsageError, match="expected the I-th of N parts as I/N"):
        brittle.AuditSettings.build({"shard": text})


def test_more_shards_than_samples(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="there are 7 samples, so none in this shard"):
        audited(Near(), tmp_path / "out", PICTURES, shard="8/8")
    assert not (tmp_path / "out").exists()


def test_agents_of_shards_would_learn_apart() -> None:
    with pytest.raises(UsageError, match="whole run for a warm-up"):
        brittle.AuditSettings.build({"shard": "1/2", "warm_up": 100, "search": "agent"})


def test_on_the_command_line(tmp_path: Path) -> None:
    paths = shards(tmp_path, 2)
    done = CliRunner().invoke(cli, ["merge", *map(str, paths), "--out", str(tmp_path / "merged")])
    assert done.exit_code == 0 and "Report:" in done.output
    missing = CliRunner().invoke(cli, ["merge", str(paths[0]), "--out", str(tmp_path / "again")])
    assert missing.exit_code == 2 and "shard 2/2 is missing" in missing.output


def test_an_id_may_hold_what_ends_a_line_elsewhere(tmp_path: Path) -> None:
    folder = tmp_path / "pictures"
    folder.mkdir()
    for name, picture in zip(("a\u2028b", "c\x85d"), PICTURES[0], strict=False):
        Image.fromarray(np.moveaxis(picture, 0, -1)).save(folder / f"{name}.png")
    paths = [audited(Near(), tmp_path / str(i), str(folder), shard=f"{i}/2").path for i in (1, 2)]
    merged = brittle.merge(paths, tmp_path / "merged")
    assert [one.sample for one in merged.results()] == ["a\u2028b.png", "c\x85d.png"]
