"""The folder of a hardening: what lies where, and that it is of the same question.

question.json        what was asked; another question is refused
report.npz           the samples of the report that are audited
classes.json         what the classes are called
before/, control/, after/   a run of every audit, of the original, the control and the hardened model
training.safetensors where the training stands
hardened.onnx, control.onnx, hardened.safetensors   the weights, in the form of the model and by name
hardened.json        the card: from what, how, how well
harden.html          the page
"""

import json
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from filelock import FileLock, Timeout

from brittle.core.errors import RunError
from brittle.store.files import clear_disk_errors, write_whole
from brittle.store.run import read_text

QUESTION, CARD, PAGE = "question.json", "hardened.json", "harden.html"
REPORT, CLASSES, CHECKPOINT = "report.npz", "classes.json", "training.safetensors"
MODEL, CONTROL, WEIGHTS = "hardened.onnx", "control.onnx", "hardened.safetensors"
OTHER = "choose another --out"


@contextmanager
def claimed(folder: Path, question: Mapping[str, Any]) -> Iterator[None]:
    """Hold a folder for this question meanwhile. Raises RunError for one of another, or that is in use."""
    asked = json.loads(json.dumps(question))
    with clear_disk_errors(folder):
        foreign = folder.exists() and not folder.is_dir()
        if not foreign and folder.is_dir() and not (folder / QUESTION).exists():
            foreign = any(p.name != "lock" and p.suffix != ".part" for p in folder.iterdir())
        if foreign:
            raise RunError(f"expected a new folder or a hardening's, but {folder} holds other files; {OTHER}")
        folder.mkdir(parents=True, exist_ok=True)
        lock = FileLock(folder / "lock")
        try:
            lock.acquire(timeout=0)
        except Timeout:
            raise RunError(f"{folder} is in use by another brittle; wait for it or {OTHER}") from None
    try:
        if _is_begun(folder):
            found = list(_differences("", read_json(folder / QUESTION), asked))
            if found:
                raise RunError(f"{folder} belongs to a different command: {'; '.join(found[:4])}; {OTHER}")
        else:
            write_whole(folder / QUESTION, json.dumps(asked, indent=1) + "\n")
        yield
    finally:
        lock.release()


def _is_begun(folder: Path) -> bool:
    """Whether anything was done for the question that lies there; else another one takes its place."""
    kept = {path.name for path in folder.iterdir() if path.suffix != ".part"}
    return QUESTION in kept and kept != {QUESTION, "lock"}


def read_json(path: Path) -> dict[str, Any]:
    """A record of the folder. Raises RunError where it is damaged."""
    try:
        found = json.loads(read_text(path))
    except ValueError as error:
        raise RunError(f"{path} is damaged: {error}; {OTHER}") from error
    if not isinstance(found, dict):
        raise RunError(f"{path} is damaged: it holds no record; {OTHER}")
    return found


def _differences(name: str, before: Any, now: Any) -> Iterator[str]:
    """What was asked otherwise, a phrase each."""
    if isinstance(before, dict) and isinstance(now, dict):
        for key in dict.fromkeys([*before, *now]):
            yield from _differences(f"{name}.{key}" if name else key, before.get(key), now.get(key))
    elif before != now:
        yield f"{name} was {json.dumps(before)[:60]}, now {json.dumps(now)[:60]}"
