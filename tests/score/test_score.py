"""A score is what a count by hand is, says what the model was to the set, and refuses what does not fit."""

import json
import time
from http.server import BaseHTTPRequestHandler
from pathlib import Path
from threading import Lock
from typing import Any

import numpy as np
import pytest

import brittle
from brittle.core.errors import BrittleError
from brittle.core.sample import Array
from brittle.models import ModelOptions, open_model
from brittle.store.hard_records import NamedNet
from brittle.store.hard_set import HardSet
from endpoint import sent_rows, serving
from posted import means
from score.conftest import Command
from score.made_set import NET, SOURCES, changed, colours, errors_by_hand, make_set, originals, shaped


def test_a_score_is_what_a_count_by_hand_is(hard: HardSet) -> None:
    found = brittle.score(NET, hard.path, name="colours")
    entry, by_hand = found.entry, dict(errors_by_hand())
    assert entry.clean.error == pytest.approx(by_hand.pop(("", "")))
    assert {(one.kind, one.level): one.error for one in entry.levels} == pytest.approx(by_hand)
    assert entry.mean_error == pytest.approx(np.mean(list(by_hand.values())))
    assert entry.relative_error == pytest.approx(entry.mean_error - entry.clean.error)
    assert (entry.samples, entry.rows_shown, entry.unanswered) == (SOURCES, SOURCES * 5, 0)
    assert entry.mean_error_interval and entry.mean_error_interval[0] < entry.mean_error
    assert all(one.interval and one.interval[0] <= one.accuracy <= one.interval[1] for one in entry.levels)
    assert json.loads(found.file.read_text()) == found.summary() and found.board.is_file()


def test_the_same_for_any_batch(hard: HardSet) -> None:
    first, second = (brittle.score(NET, hard.path, name="n", batch=batch).summary() for batch in (1, 64))
    assert {**first, "date": ""} == {**second, "date": ""}


@pytest.mark.parametrize("lanes", [1, 4])
def test_an_endpoint_is_asked_several_batches_at_the_same_time(hard: HardSet, lanes: int) -> None:
    lock, now, most = Lock(), 0, 0

    def answer(request: BaseHTTPRequestHandler) -> None:
        nonlocal now, most
        with lock:
            now += 1
            most = max(most, now)
        time.sleep(0.02)
        x = sent_rows(request).astype(np.float32)
        with lock:
            now -= 1
        body = json.dumps(colours(x).tolist()).encode()
        request.send_response(200)
        request.send_header("Content-Type", "application/json")
        request.send_header("Content-Length", str(len(body)))
        request.end_headers()
        request.wfile.write(body)

    with serving(answer) as address:
        found = brittle.score(address, hard.path, name="far", batch=4, model_options={"concurrency": lanes})
    wanted = brittle.score(NET, hard.path, name="near").entry
    assert found.entry.levels == wanted.levels and found.entry.clean == wanted.clean
    assert most == lanes


def test_a_limit_leaves_source_images_evenly(hard: HardSet) -> None:
    entry = brittle.score(NET, hard.path, limit=4).entry
    assert (entry.samples, entry.rows_shown, entry.clean.of, entry.levels[0].of) == (4, 20, 4, 4)


def test_what_a_model_was_to_the_set_is_told(tmp_path: Path) -> None:
    own = NamedNet(name="colours", sha256=open_model(NET).sha256)
    assert own.sha256
    seen = make_set(tmp_path / "seen", surrogates=(own,))
    held = make_set(tmp_path / "held", hold_outs=(own,))
    entries = [brittle.score(NET, one.path).entry for one in (seen, held)]
    flags = [(entry.seen_by_builder, entry.hold_out) for entry in entries]
    assert flags == [(True, False), (False, True)]


def test_images_of_another_size_are_resized_on_their_way(hard: HardSet) -> None:
    def small(x: Array) -> Array:
        assert x.shape[1:] == (3, 4, 4)
        return colours(x)

    found = brittle.score(shaped(small, (3, 4, 4)), hard.path).entry
    assert abs(found.mean_error - brittle.score(NET, hard.path).entry.mean_error) < 0.2


def test_rows_without_an_answer_are_wrong_and_counted(hard: HardSet) -> None:
    def bright(x: Array) -> Array:
        out = colours(x)
        out[np.arange(len(x)) % 2 == 0] = np.nan
        return out

    entry = brittle.score(shaped(bright), hard.path, batch=10).entry
    assert entry.unanswered == 30 and entry.clean.right < SOURCES


def test_what_is_interrupted_leaves_nothing_and_is_run_again(hard: HardSet) -> None:
    calls = []

    def stopped(x: Array) -> Array:
        calls.append(len(x))
        if len(calls) == 2:
            raise KeyboardInterrupt
        return colours(x)

    with pytest.raises(KeyboardInterrupt):
        brittle.score(shaped(stopped), hard.path, batch=8)
    assert not (hard.path / "scores").exists() and not (hard.path / "board.html").exists()
    assert brittle.score(shaped(stopped), hard.path).file.is_file()


def four(x: Array) -> Array:
    return np.zeros((len(x), 4), np.float32)


def nothing(x: Array) -> Array:
    return np.full((len(x), 3), np.nan, np.float32)


def test_what_does_not_fit_is_refused_in_one_line(tmp_path: Path, hard: HardSet) -> None:
    other_order = tmp_path / "classes.txt"
    other_order.write_text("green\nred\nblue\n")
    cases: list[tuple[Any, dict[str, Any], str]] = [
        (shaped(four), {}, "4"),
        (shaped(nothing), {}, "answered none of 60 rows"),
        (NET, {"model_options": ModelOptions(classes=str(other_order))}, "in another order"),
        (NET, {"reference": "nobody"}, "it has none yet"),
        (NET, {"fail_over": "error"}, "expected FIGURE=LIMIT"),
        (NET, {"fail_over": {"mce": 1.0}}, "--reference"),
        (NET, {"fail_under": {"mce": 1.0}}, "--reference"),
        (NET, {"fail_under": {"acuracy": 0.5}}, "did you mean 'accuracy'"),
        (NET, {"fail_over": {"error": 40}}, "from 0 to 1"),
        (NET, {"limit": 0}, "limit"),
    ]
    for model, settings, words in cases:
        with pytest.raises(BrittleError, match=words) as raised:
            brittle.score(model, hard.path, **settings)
        assert "\n" not in str(raised.value)
    assert not (hard.path / "scores").exists()


def test_a_set_without_images_says_to_render_it_first(tmp_path: Path) -> None:
    bare = make_set(tmp_path / "bare", images=False)
    with pytest.raises(BrittleError, match="brittle benchmark --render"):
        brittle.score(NET, bare.path)
    with pytest.raises(BrittleError, match="brittle benchmark --render"):
        brittle.export(bare.path, to="imagenet-c", out=tmp_path / "out")
    brittle.write_board(bare.path)
    assert "without its images" in (bare.path / "board.html").read_text()


def test_a_name_stands_for_one_model(hard: HardSet) -> None:
    def other(x: Array) -> Array:
        return colours(x)[:, ::-1]

    brittle.score(NET, hard.path, name="mine")
    brittle.score(NET, hard.path, name="mine")
    with pytest.raises(BrittleError, match="another model called 'mine'; pass --name"):
        brittle.score(shaped(other), hard.path, name="mine")
    with pytest.raises(BrittleError, match="12 sources, and 4 would take their place"):
        brittle.score(NET, hard.path, name="mine", limit=4)


def test_who_never_errs_may_err_on_the_next_image(hard: HardSet) -> None:
    known = {x.tobytes(): label for _, label, x in originals()}
    for _, label, x in originals():
        known |= {
            changed(x, kind, share).tobytes(): label for kind in ("grey", "turn") for share in (0.3, 0.9)
        }

    def knowing(x: Array) -> Array:
        return np.eye(3, dtype=np.float32)[[known[row.tobytes()] for row in x]]

    entry = brittle.score(shaped(knowing), hard.path).entry
    assert entry.mean_error == 0 and entry.mean_error_interval == pytest.approx((0, 0.2425), abs=1e-4)


def test_an_endpoint_is_asked_in_batches_and_known_by_its_address(tmp_path: Path) -> None:
    sizes = []

    def answer(asked: BaseHTTPRequestHandler) -> None:
        body = asked.rfile.read(int(asked.headers["Content-Length"]))
        told = means(body, asked.headers["Content-Type"])
        sizes.append(len(told))
        asked.send_response(200)
        asked.send_header("Content-Type", "application/json")
        asked.end_headers()
        asked.wfile.write(json.dumps({"outputs": told.tolist()}).encode())

    with serving(answer) as address:
        hard = make_set(tmp_path / "hard", surrogates=(NamedNet(name=address, sha256=""),))
        entry = brittle.score(address, hard.path, batch=25).entry
    assert sizes == [25, 25, 10] and (entry.model.name, entry.model.sha256) == (address, "")
    assert entry.seen_by_builder and entry.clean.error == pytest.approx(errors_by_hand()["", ""])


def test_exit_codes_of_the_command(hard: HardSet, command: Command) -> None:
    net, folder = "scored_nets:colours", str(hard.path)
    done = command(["score", net, folder, "--name", "a net", "--fail-over", "error=.9"])
    assert done.exit_code == 0, done.output
    assert "Mean error" in done.output and "board.html" in done.output
    failed = command(["score", net, folder, "--fail-over", "error=.01", "--fail-over", "relative=.9"])
    assert failed.exit_code == 9 and failed.output.count("red: ") == failed.output.count("green: ") == 1
    assert (hard.path / "scores").is_dir(), "the entry is written all the same"
    assert command(["score", net, folder, "--fail-over", "errors=.1"]).exit_code == 2
    for limit, code in (
        ("accuracy=.5", 0),
        ("accuracy=1", 9),
        ("rms_at_half_error=.18", 0),
        ("rms_at_half_error=.19", 9),
    ):
        assert command(["score", net, folder, "--fail-under", limit]).exit_code == code
    assert command(["score", net]).exit_code == 2
    assert command(["score", "scored_nets:four", folder]).exit_code == 4
    assert command(["score", net, str(hard.path / "none")]).exit_code == 5
    board = command(["score", "--board", folder])
    assert board.exit_code == 0 and "board.html" in board.output
    assert command(["export", folder, "--to", "webdataset", "--out", "shards"]).exit_code == 0
    assert command(["export", folder, "--to", "zip", "--out", "other"]).exit_code == 2


def test_a_model_that_never_falls_to_half_is_green_and_one_that_knows_nothing_red(hard: HardSet) -> None:
    def steady(x: Array) -> Array:
        return np.eye(3, dtype=np.float32)[np.zeros(len(x), int)]

    answers = {x.tobytes(): label for _, label, x in originals()}

    def lost(x: Array) -> Array:
        return np.eye(3, dtype=np.float32)[[(answers.get(row.tobytes(), 0) + 1) % 3 for row in x], :]

    limits: dict[str, Any] = {"fail_under": {"rms_at_half_error": 99.0}}
    found = brittle.score(shaped(steady), hard.path, name="steady", **limits).verdicts[0]
    assert found.green and "infinite, as accuracy does not fall so far" in found.found
    found = brittle.score(shaped(lost), hard.path, name="lost", **limits).verdicts[0]
    assert not found.green and "nothing was right at all" in found.found
