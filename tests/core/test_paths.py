"""Names that a file of a stranger gives: which of them lie inside its folder."""

from pathlib import Path

import pytest

from brittle.core.paths import inside


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A folder with links that stay inside, lead out and lead to themselves, beside one of a longer name."""
    folder = tmp_path / "photos"
    folder.mkdir()
    (tmp_path / "photos2").mkdir()
    (folder / "a.png").write_bytes(b"a")
    for name, to in {"in": "a.png", "out": "../photos2", "ring": "ring"}.items():
        (folder / name).symlink_to(to)
    return folder


@pytest.mark.parametrize(
    ("file", "lies"),
    [("a.png", "a.png"), ("none", "none"), ("x/../a.png", "a.png"), ("in", "a.png"), ("", ".")],
)
def test_what_lies_inside_is_where_links_lead(folder: Path, file: str, lies: str) -> None:
    assert inside(folder, file) == (folder / lies).resolve()


@pytest.mark.parametrize("file", ["../photos2/a", "../photos2", "/etc/hostname", "out/a", "..", "a\0b"])
def test_what_leads_out_lies_nowhere(folder: Path, file: str) -> None:
    assert inside(folder, file) is None


def test_a_link_to_itself_and_a_long_name_are_no_error(folder: Path) -> None:
    for file in ("ring", "n" * 300):
        assert inside(folder, file) in (None, folder.resolve() / file)


def test_the_folder_itself_may_be_a_link(folder: Path) -> None:
    (folder.parent / "named").symlink_to(folder)
    assert inside(folder.parent / "named", "a.png") == (folder / "a.png").resolve()
