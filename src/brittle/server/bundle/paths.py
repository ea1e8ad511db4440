"""Where pages and files are in a bundle: folders as they lie below the root, and links from page to page."""

from collections.abc import Container
from hashlib import sha256
from posixpath import dirname, relpath

from brittle.server.policy import OWN_IN_FILES
from brittle.server.reading.folders import Found
from brittle.server.reading.names import to_part

LONGEST = 120
"""Letters of a part of a path, above which it is cut: file systems take 255."""
HOME = "index.html"


def part_of(text: str) -> str:
    """Any text as one part of a path, another for another text."""
    part = to_part(text)
    return part if len(part) <= LONGEST else f"{part[:LONGEST]}-{sha256(part.encode()).hexdigest()[:32]}"


def folder_of(found: Found) -> str:
    """The folder of what was found; what a report says of files beside it holds there, too."""
    return "/".join(["runs", *map(part_of, found.name.split("/") if found.name else ())])


def run_page(found: Found, status: str = "", number: int = 1) -> str:
    """A run, and samples of a status from one page of the grid on."""
    name = HOME if not status and number == 1 else f"{part_of(status or 'all')}-{number}.html"
    return f"{folder_of(found)}/{name}"


def sample_page(found: Found, sample: str) -> str:
    """A finished sample."""
    return f"{folder_of(found)}/samples/{part_of(sample)}.html"


def picture(found: Found, sample: str) -> str:
    """A sample, small."""
    return f"{folder_of(found)}/samples/{part_of(sample)}.jpg"


class FileLinks:
    """Relative paths from one page of a bundle to what is there. Implements Links.

    here: the page; there: all that is, or will be, in the bundle.
    """

    served, script, policy = False, "text/javascript", OWN_IN_FILES

    def __init__(self, here: str, there: Container[str]) -> None:
        self._here, self._there = dirname(here) or ".", there

    def home(self) -> str:
        return self._to(HOME)

    def static(self, name: str) -> str:
        return self._to(f"static/{name}")

    def run(self, found: Found, status: str = "", number: int = 1) -> str:
        return self._to(run_page(found, status, number))

    def report(self, found: Found) -> str:
        return self._to(f"{folder_of(found)}/{found.page}")

    def file(self, found: Found, file: str) -> str:
        return self._to(f"{folder_of(found)}/{file}")

    def sample(self, found: Found, sample: str) -> str:
        return self._to(sample_page(found, sample))

    def picture(self, found: Found, sample: str) -> str:
        return self._to(picture(found, sample))

    def _to(self, file: str) -> str:
        return relpath(file, self._here) if file in self._there else ""
