"""What is in a bundle: the pages of the server from its own templates, and the files that they lead to."""

import re
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from typing import Any

from brittle.core.errors import BrittleError
from brittle.server import finished, pages
from brittle.server.bundle import paths
from brittle.server.bundle.classic import classic
from brittle.server.bundle.paths import HOME, FileLinks
from brittle.server.bundle.shielding import shielded
from brittle.server.bundle.site import Site
from brittle.server.reading.folders import Folders, Found, read_inside
from brittle.server.reading.standing import Standing, Standings
from brittle.server.reading.zipping import listed

MODULES = ("filter.js", "sample.js")
AS_THEY_ARE = ("page.css", "serve.css", "sort.js")
COPIED = re.compile(r".*\.(png|json|jsonl|npy|npz|hea|dat)")
"""Names of what samples left that is copied: as brittle writes it, and nothing that a browser runs."""
MOST_SAMPLES = 1000
MOST_BYTES = 1_000_000_000  # of the files of a run


@dataclass
class Bundling:
    """One bundle under way. files, samples: as of bundle; left_out: what is not in it, a line each.

    there: the files that are in it, or will be, to which pages link.
    """

    folders: Folders
    site: Site
    files: str
    samples: int
    left_out: list[str] = field(default_factory=list)
    there: set[str] = field(default_factory=set)

    def write(self) -> int:
        """Everything; returns how many runs there are. Raises DiskError."""
        statics = pages.statics()
        for name in AS_THEY_ARE:
            self._write(f"static/{name}", statics[name])
        for name in MODULES:
            self._write(f"static/{name}", classic(name, statics))
        self.there.add(HOME)
        found, standings = self.folders.all(), Standings(self.folders)
        others = [self._with_report(one) for one in found if one.kind != "run"]
        runs = [self._run(standings, one) for one in found if one.kind == "run"]
        shared = {**self._shared(HOME), "here": "runs", "root": self.folders.root.name}
        self._write(HOME, pages.runs_page(runs, others, **shared))
        return len(runs)

    def _run(self, standings: Standings, found: Found) -> Standing:
        """One run: its report, its files, its samples, and last its grid, which links to them."""
        standing = standings.of(found)
        if standing.manifest is None:
            return replace(standing, found=replace(found, page=""))
        standing = replace(standing, found=self._with_report(found))
        self._copy(found)
        grids = list(_grids(standing))
        self.there |= {paths.run_page(found, status, number) for status, number in grids}
        self._samples(standings, standing)
        for status, number in grids:
            here = paths.run_page(found, status, number)
            self._write(here, pages.run_page(standing, status, number, **self._shared(here)))
        return standing

    def _with_report(self, found: Found) -> Found:
        """The same, with its finished page where that can be shown."""
        if not found.page:
            return found
        name = f"{paths.folder_of(found)}/{found.page}"
        data = read_inside(found.path, found.page)
        page = shielded(data) if data is not None else None
        if page is None:
            why = "too large, or a link" if data is None else "none that brittle writes"
            self._leave_out(found, f"{found.page}, which is {why}")
            return replace(found, page="")
        self._write(name, page)
        return found

    def _copy(self, found: Found) -> None:
        """The files of a run that are asked for, and not too large."""
        try:
            kept = listed(found.path) if self.files == "all" else []
        except BrittleError as error:
            kept = []
            self._leave_out(found, str(error))
        names = [*pages.OWN_FILES] if self.files != "none" else []
        names += [name for name in kept if "/" in name and COPIED.fullmatch(name)]
        left = size = 0
        for name in names:
            data = read_inside(found.path, name)
            if data is None or size + len(data) > MOST_BYTES:
                left += data is not None or (found.path / name).exists()
                continue
            size += len(data)
            self._write(f"{paths.folder_of(found)}/{name}", data)
        if left:
            self._leave_out(found, f"{left} files, which are too large or links")

    def _samples(self, standings: Standings, standing: Standing) -> None:
        """The pages and small pictures of the samples of a run."""
        found, names = standing.found, list(standing.lines)
        if standing.verb not in pages.LIVE:
            return
        if len(names) > self.samples:
            self._leave_out(found, f"pages of {len(names) - self.samples} samples")
        some = names[: self.samples]
        self.there |= {paths.sample_page(found, name) for name in some}
        for name in some:
            here, text = paths.sample_page(found, name), standings.text_of(found, name)
            self._write(here, self._sample(standing, text or "", name, here))
            picture = _picture(standing, text or "", name)
            if picture:
                self._write(paths.picture(found, name), picture)

    def _sample(self, standing: Standing, text: str, sample: str, here: str) -> str:
        """The page of a sample; of one that is damaged why it cannot be shown."""
        shared = self._shared(here)
        try:
            return finished.sample_page(standing, text, sample, **shared)
        except BrittleError as error:
            about = {"standing": standing, "sample": sample, "trouble": str(error)}
            return pages.page("trouble.html.j2", **about, **shared)

    def _shared(self, page: str) -> dict[str, Any]:
        """What every page is told."""
        return {"links": FileLinks(page, self.there), "here": "", "may_start": False}

    def _write(self, file: str, data: bytes | str) -> None:
        self.site.write(file, data)
        self.there.add(file)

    def _leave_out(self, found: Found, what: str) -> None:
        self.left_out.append(f"{found.name or 'this folder'}: {what}")


def _grids(standing: Standing) -> Iterator[tuple[str, int]]:
    """All pages of the grid of a run: their statuses and numbers."""
    for status in ("", *pages.STATUSES):
        count = standing.counts.get(status, 0) if status else max(1, standing.done)
        for number in range(1, -(-count // pages.A_PAGE) + 1):
            yield status, number


def _picture(standing: Standing, text: str, sample: str) -> bytes | None:
    """The small picture of a sample, where there is one that can be drawn."""
    try:
        return finished.thumbnail_of(standing, text, sample)
    except BrittleError:
        return None
