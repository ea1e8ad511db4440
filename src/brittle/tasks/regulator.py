"""Write the document of an audit for those who must judge a system by evidence."""

import shutil
import subprocess
import tempfile
from pathlib import Path
from typing import Any

from brittle.core.errors import BrittleError, RunError, UsageError
from brittle.core.paths import is_file
from brittle.report import wording
from brittle.report.harden.page import HardeningReport, hardening_report
from brittle.report.regulator.document import Beside, Verified, regulator_document
from brittle.store.files import write_whole
from brittle.store.run import Run
from brittle.store.seal import SEAL, read_seal
from brittle.tasks.harden import folder as place
from brittle.tasks.verify.verify import verify

DOCUMENT, PRINTED = "regulator.html", "regulator.pdf"
BROWSERS = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable")
PATIENCE = 120.0  # seconds for a browser to print
MOST_FAULTS = 20
ARMS = ("before", "control", "after")


def write_document(
    folder: str | Path,
    *,
    explanations: str | Path | None = None,
    hardening: str | Path | None = None,
    purpose: str = "",
    check: bool = True,
    printed: bool = False,
    **given: Any,
) -> Path:
    """Write regulator.html into the folder of a finished audit; returns its path, or that of the PDF.

    explanations: a run of brittle explain on the same model. hardening: a folder of brittle harden. purpose:
    of the system, as its owner states it. check: verify the run first, and say what that found; given: what
    verify takes besides. printed: also regulator.pdf, by a Chromium that is installed.
    Raises RunError, DiskError, UsageError for the explanations of another model.
    """
    run = Run.open(folder)
    if run.manifest.verb != "audit":
        raise RunError(f"expected the run of brittle audit, but {run.path} is of {run.manifest.verb}")
    run.summary()  # an unfinished one says so
    beside = Beside(
        purpose=purpose.strip(),
        explanations=_explanations(run, explanations),
        hardening=_hardening(hardening),
        verified=_verified(run, given) if check else Verified(),
        sealed=_seal(run.path),
    )
    path = run.path / DOCUMENT
    write_whole(path, regulator_document(run, beside))
    return _printed(path) if printed else path


def _explanations(run: Run, folder: str | Path | None) -> Run | None:
    if folder is None:
        return None
    found = Run.open(folder)
    if found.manifest.verb != "explain":
        raise RunError(f"expected the run of brittle explain, but {found.path} is of {found.manifest.verb}")
    told, audited = found.manifest.model.get("sha256"), run.manifest.model.get("sha256")
    if told != audited:
        raise UsageError(
            f"expected explanations of the audited model, but {found.path} is of another (SHA-256 {told}, "
            f"not {audited}); explain that model"
        )
    found.summary()
    return found


def _hardening(folder: str | Path | None) -> HardeningReport | None:
    """The report of a hardening that is finished. Raises RunError."""
    if folder is None:
        return None
    path = Path(folder)
    if not is_file(path / place.PAGE):
        raise RunError(f"expected a finished folder of brittle harden with {place.PAGE}, got {path}")
    card = place.read_json(path / place.CARD)
    try:
        names = [attack.name for attack in sorted((path / "after").iterdir()) if attack.is_dir()]
        runs = {arm: {name: Run.open(path / arm / name) for name in names} for arm in ARMS}
        return hardening_report(card, runs)
    except (OSError, KeyError, TypeError, ValueError) as error:
        raise RunError(f"{path} is damaged: {type(error).__name__}: {error}") from error


def _verified(run: Run, given: dict[str, Any]) -> Verified:
    """What verification says; what keeps it from being made is told, not raised."""
    try:
        found = verify(run.path, **given)
    except BrittleError as error:
        return Verified(f"This run could not be verified when the document was written: {error}")
    held = len(found.checks) - len(found.broken)
    words = (
        f"Every number was recomputed from the files of the run, and the model was asked again, "
        f"{wording.number(found.rows)} rows, before this document was written: {wording.number(held)} of "
        f"{wording.number(len(found.checks))} checks hold."
    )
    faults = [str(check) for check in found.broken[:MOST_FAULTS]]
    return Verified(words, faults, found.notes)


def _seal(path: Path) -> str:
    """The SHA-256 of the seal of a run, where it is sealed."""
    return read_seal(path)[1] if is_file(path / SEAL) else ""


def _printed(path: Path) -> Path:
    """The document as PDF, by a browser without a network. Raises UsageError, RunError."""
    browser = next((found for name in BROWSERS if (found := shutil.which(name))), None)
    if browser is None:
        raise UsageError(
            f"expected a Chromium to print with, and found none; open {path} in any browser and print it"
        )
    target = path.with_name(PRINTED)
    with tempfile.TemporaryDirectory() as profile:
        command = [browser, "--headless", "--no-sandbox", "--disable-gpu", f"--user-data-dir={profile}"]
        command += ["--no-pdf-header-footer", f"--print-to-pdf={target}", path.resolve().as_uri()]
        try:
            subprocess.run(command, capture_output=True, timeout=PATIENCE, check=True)
        except (OSError, subprocess.SubprocessError) as error:
            raise RunError(f"{browser} could not print {path}: {type(error).__name__}") from error
    return target
