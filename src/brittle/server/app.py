"""The routes of the page: addresses in, pages, numbers and streams out. Who may ask is the guard's."""

from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any

from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import HTMLResponse, JSONResponse, Response
from starlette.routing import Route

from brittle.core.errors import BrittleError, UsageError
from brittle.server import pages
from brittle.server.answers import missing, said
from brittle.server.live.events import Stream, Streams
from brittle.server.reading.folders import Folders, has_inside, read_inside
from brittle.server.reading.listing import PATIENCE, Listing
from brittle.server.reading.names import from_part
from brittle.server.reading.standing import Standing, Standings
from brittle.server.sending import BARE, Sending
from brittle.server.start.forms import Allowed
from brittle.server.start.jobs import CONSOLE, Jobs
from brittle.server.start.starting import Starting
from brittle.store.manifest import Manifest
from brittle.store.trails import trail_file

if TYPE_CHECKING:
    from brittle.server.comparing import Comparing

SCRIPT_TYPES = {".js": "text/javascript; charset=utf-8", ".css": "text/css; charset=utf-8"}


class Pages:
    """What answers. allowed: what may be started from the page; None for nothing."""

    def __init__(self, root: Path, allowed: Allowed | None = None) -> None:
        self.folders = Folders(root)
        self.jobs = Jobs(self.folders, allowed) if allowed else None
        self.standings = Standings(self.folders)
        self.streams = Streams(self.standings)
        self.listing = Listing(self.standings)

    def app(self) -> Starlette:
        """All routes."""
        starting = Starting(self, self.jobs).routes() if self.jobs else []
        return Starlette(routes=[*starting, *self.routes()])

    def routes(self) -> list[Route]:
        """Addresses that are read, and what answers each."""
        run = "/runs/{run}"
        return [
            Route("/", self.runs),
            Route("/static/{name}", self.static),
            Route("/compare", self.compare),
            Route("/api/runs", self.api_runs),
            Route("/api/runs/{run}", self.api_run),
            Route("/api/runs/{run}/events", self.events),
            Route(run, self.run),
            Route(f"{run}/live", self.live),
            Route(f"{run}/samples/{{sample}}", self.sample),
            Route(f"{run}/samples/{{sample}}/flip.jpg", self.thumbnail),
            Route(f"{run}/samples/{{sample}}/trail", self.trail),
            *Sending(self.folders).routes(),
        ]

    def shared(self, here: str = "") -> dict[str, Any]:
        """What every page is told."""
        root = str(self.folders.root)
        if self.jobs is None:
            return {"here": here, "may_start": False, "root": root}
        allowed = self.jobs.allowed
        first = {"first_model": allowed.models[0], "first_data": allowed.data[0]}
        return {"here": here, "may_start": True, "root": root, **first}

    def about(self, standing: Standing, manifest: Manifest) -> dict[str, Any]:
        """What the page of one run is told besides."""
        found, jobs, rests = standing.found, self.jobs, standing.state == "interrupted"
        check = jobs.check(found.id) if jobs else None
        return {
            "may_stop": jobs is not None and jobs.may_stop(found.id),
            "may_verify": jobs is not None and jobs.may_verify(found, manifest),
            "check": check.to_dict() if check else None,
            "may_continue": jobs is not None and rests and jobs.may_go_on(found, manifest),
            "opening": jobs is not None and rests and jobs.is_under_way(found),
            "failure": jobs.failure(found.id) if jobs else "",
            "console": has_inside(found.path, CONSOLE),
        }

    def runs(self, request: Request) -> Response:
        """Everything below the root."""
        found = self.folders.all()
        runs = self.listing.of([one for one in found if one.kind == "run"], PATIENCE)
        others = [one for one in found if one.kind != "run"]
        shared = {"most_compared": pages.MOST_COMPARED, **self.shared("runs")}
        return HTMLResponse(pages.runs_page(runs, others, **shared))

    def compare(self, request: Request) -> Response:
        """Runs side by side."""
        try:
            one = self._comparing.of(request.query_params.getlist("run"))
        except UsageError as error:
            return said(str(error), 400)
        except BrittleError as error:
            return said(str(error), 422)
        return HTMLResponse(pages.compare_page(one.found, one.head, one.body, **self.shared()))

    def api_runs(self, request: Request) -> Response:
        """Where all runs stand."""
        return JSONResponse([one.to_dict() for one in self.listing.of(self.folders.runs())])

    def api_run(self, request: Request) -> Response:
        """Where one run stands."""
        standing = self._standing(request)
        return JSONResponse(standing.to_dict()) if standing else missing()

    def run(self, request: Request) -> Response:
        """One run and its samples."""
        standing = self._standing(request)
        if standing is None:
            return self._starting(request.path_params["run"])
        if standing.manifest is None:
            return missing()
        number = request.query_params.get("page", "1")
        return HTMLResponse(
            pages.run_page(
                standing,
                request.query_params.get("status", ""),
                int(number[:9]) if number.isdecimal() else 1,
                **self.shared(),
                **self.about(standing, standing.manifest),
            )
        )

    def live(self, request: Request) -> Response:
        """An audit or an explanation at work."""
        standing = self._standing(request)
        if standing is None or standing.verb not in pages.LIVE:
            return missing()
        return HTMLResponse(pages.live_page(standing, **self.shared()))

    def sample(self, request: Request) -> Response:
        """A finished sample."""
        from brittle.server import finished  # noqa: PLC0415  # what draws is in memory once it draws

        standing, sample, text = self._sample(request)
        if standing is None or text is None:
            return missing()
        try:
            return HTMLResponse(finished.sample_page(standing, text, sample, **self.shared()))
        except BrittleError as error:
            return said(str(error), 422)

    def thumbnail(self, request: Request) -> Response:
        """The closest flip of a sample, or its map, small."""
        from brittle.server import finished  # noqa: PLC0415  # as above

        standing, sample, text = self._sample(request)
        try:
            data = finished.thumbnail_of(standing, text, sample) if standing and text else None
        except (BrittleError, OSError, ValueError) as error:
            return said(str(error), 422)
        return Response(data, media_type="image/jpeg") if data else missing()

    def trail(self, request: Request) -> Response:
        """How a sample was played, a line of JSON for each step."""
        standing, sample, _ = self._sample(request)
        data = read_inside(standing.found.path, trail_file(sample)) if standing else None
        if data is None:
            return missing()
        headers = {"content-security-policy": BARE}
        return Response(data, media_type="text/plain; charset=utf-8", headers=headers)

    def static(self, request: Request) -> Response:
        """A script or style of the page itself."""
        name = request.path_params["name"]
        data = pages.statics().get(name)
        return Response(data, media_type=SCRIPT_TYPES[Path(name).suffix]) if data else missing()

    async def events(self, request: Request) -> Response:
        """The stream of one run; live: what is tried, too; sample: which one to follow."""
        found = self.folders.get(request.path_params["run"])
        if found is None or found.kind != "run":
            return missing()
        if self.streams.full:
            return said("too many pages are open at once; close one, and reload this one", 503)
        live, part = request.query_params.get("live") == "1", request.query_params.get("sample")
        sample = None if part is None else from_part(part)
        return Stream(self.streams, self.streams.of(found, live, sample, request.is_disconnected))

    @cached_property
    def _comparing(self) -> "Comparing":
        """What compares runs."""
        from brittle.server.comparing import Comparing  # noqa: PLC0415  # as finished

        return Comparing(self.folders)

    def _starting(self, part: str) -> Response:
        """What was started here and is no run yet."""
        job = self.jobs.known(part) if self.jobs else None
        if job is None or self.jobs is None:
            return missing()
        failure, text = self.jobs.failure(part), self.jobs.console(job.folder)
        about = {
            "verb": job.verb,
            "part": part,
            "name": job.folder.name,
            "goes_on": job.goes_on,
            "failure": failure,
            "said": text,
        }
        return HTMLResponse(pages.page("starting.html.j2", **self.shared(), **about))

    def _standing(self, request: Request) -> Standing | None:
        found = self.folders.get(request.path_params["run"])
        return self.standings.of(found) if found and found.kind == "run" else None

    def _sample(self, request: Request) -> tuple[Standing | None, str, str | None]:
        """The run of an address, the sample, and its line."""
        standing, sample = self._standing(request), from_part(request.path_params["sample"])
        if standing is None or sample is None or sample not in standing.lines:
            return None, "", None
        if standing.verb not in pages.LIVE:
            return None, "", None
        return standing, sample, self.standings.text_of(standing.found, sample)
