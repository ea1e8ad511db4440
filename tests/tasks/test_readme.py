"""What the README says can be typed in works as it stands."""

import os
import re
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).parents[2]
README = (ROOT / "README.md").read_text(encoding="utf-8")


def test_the_twenty_lines_run(tmp_path: Path) -> None:
    code = next(
        block for block in re.findall(r"```python\n(.*?)```", README, re.DOTALL) if "brittle.audit" in block
    )
    assert len([line for line in code.splitlines() if line.strip()]) <= 20
    (tmp_path / "twenty.py").write_text(code)
    done = subprocess.run(
        [sys.executable, "twenty.py"], cwd=tmp_path, capture_output=True, text=True, timeout=120
    )
    assert done.returncode == 0, done.stderr
    assert re.search(r"^[1-9]\d* of 12 flip, median L2 \d", done.stdout, re.MULTILINE), done.stdout
    report = Path(tmp_path, done.stdout.splitlines()[-1].removeprefix("report: "))
    assert report.is_file()


def test_files_that_documents_link_to_are_there() -> None:
    for page in [ROOT / "README.md", ROOT / "CONTRIBUTING.md", *(ROOT / "docs").rglob("*.md")]:
        for target in re.findall(r"\]\(([^)#\s]+)(?:#[^)]*)?\)", page.read_text(encoding="utf-8")):
            if "://" not in target:
                assert Path(os.path.normpath(page.parent / target)).exists(), f"{page.name}: {target}"


def test_no_install_line_names_a_package_that_is_not_published() -> None:
    for page in [ROOT / "README.md", *(ROOT / "docs").rglob("*.md"), *(ROOT / "src").rglob("*.py")]:
        assert not re.search(r"pip install[^\n]*brittle\b", page.read_text(encoding="utf-8")), page
