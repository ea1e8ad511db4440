"""The routes that start, stop, continue and verify; they are not there where the page only shows."""

from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any, Protocol
from urllib.parse import parse_qs

from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import HTMLResponse, JSONResponse, PlainTextResponse, RedirectResponse, Response
from starlette.routing import Route

from brittle.core.errors import BrittleError
from brittle.server import pages
from brittle.server.answers import missing, said
from brittle.server.reading.folders import Folders, Found
from brittle.server.reading.standing import Standings
from brittle.server.start.forms import KINDS, asked, command_of, fields, usual
from brittle.server.start.jobs import Jobs
from brittle.store.manifest import Manifest
from brittle.tasks.playing.settings import ShardSettings

MOST_FIELDS = 200


class Shared(Protocol):
    """What these routes need of the others."""

    folders: Folders
    standings: Standings

    def shared(self, here: str = "") -> dict[str, Any]: ...


class Starting:
    """Answers to what changes something, and the form."""

    def __init__(self, shared: Shared, jobs: Jobs) -> None:
        self._shared, self.jobs = shared, jobs

    def routes(self) -> list[Route]:
        """Addresses, and what answers each."""
        return [
            *(Route(f"/new/{verb}", partial(self.new, verb)) for verb in KINDS),
            *(Route(f"/api/command/{verb}", partial(self.command, verb), methods=["POST"]) for verb in KINDS),
            *(Route(f"/start/{verb}", partial(self.start, verb), methods=["POST"]) for verb in KINDS),
            Route("/runs/{run}/stop", self.stop, methods=["POST"]),
            Route("/runs/{run}/continue", self.go_on, methods=["POST"]),
            Route("/runs/{run}/verify", self.verify, methods=["POST"]),
            Route("/runs/{run}/verify/stop", self.stop_check, methods=["POST"]),
            Route("/api/runs/{run}/check", self.check),
        ]

    def new(self, verb: str, request: Request) -> Response:
        """The form of a verb."""
        allowed = self.jobs.allowed
        about = {
            "fields": fields(allowed, verb),
            "command": self._command(usual(allowed, verb)),
            "verb": verb,
        }
        return HTMLResponse(pages.page("new.html.j2", **about, **self._shared.shared(f"new {verb}")))

    async def command(self, verb: str, request: Request) -> Response:
        """The command line that is equal to a form."""
        try:
            return PlainTextResponse(self._command(await self._asked(verb, request)) + "\n")
        except BrittleError as error:
            return said(str(error), 400)

    async def start(self, verb: str, request: Request) -> Response:
        """Start what a form says."""
        try:
            part = await run_in_threadpool(self.jobs.start, await self._asked(verb, request))
        except BrittleError as error:
            return said(str(error), 400)
        return RedirectResponse(f"/runs/{part}", 303)

    def stop(self, request: Request) -> Response:
        """Stop a run that was started here."""
        part = request.path_params["run"]
        return _done(part, lambda: self.jobs.stop(part))

    def go_on(self, request: Request) -> Response:
        """Continue a run of what may be started here."""
        found, manifest = self._known(request)
        if found is None or manifest is None:
            return missing()
        return _done(found.id, lambda: self.jobs.go_on(found, manifest))

    def verify(self, request: Request) -> Response:
        """Verify a run of what may be asked here."""
        found, manifest = self._known(request)
        if found is None or manifest is None:
            return missing()
        return _done(found.id, lambda: self.jobs.verify(found, manifest))

    def stop_check(self, request: Request) -> Response:
        """Stop a verification that was started here."""
        part = request.path_params["run"]
        return _done(part, lambda: self.jobs.stop_check(part))

    def check(self, request: Request) -> Response:
        """Where the verification of a run stands."""
        check = self.jobs.check(request.path_params["run"])
        return JSONResponse(check.to_dict()) if check else missing()

    def _known(self, request: Request) -> tuple[Found | None, Manifest | None]:
        """The run of an address, and what it is; None of what is none, or cannot be read."""
        found = self._shared.folders.get(request.path_params["run"])
        if found is None or found.kind != "run":
            return None, None
        return found, self._shared.standings.of(found).manifest

    async def _asked(self, verb: str, request: Request) -> ShardSettings:
        try:
            text = (await request.body()).decode("utf-8")
            form = parse_qs(text, max_num_fields=MOST_FIELDS)
        except ValueError:
            form = {"what cannot be read": [""]}
        return asked(self.jobs.allowed, form, verb)

    def _command(self, settings: ShardSettings) -> str:
        return command_of(settings, Path(self._shared.folders.root.name) / settings.folder().name)


def _done(part: str, act: Callable[[], None]) -> Response:
    """What is said of a run to which something was done: its page, or why that was refused."""
    try:
        act()
    except BrittleError as error:
        return said(str(error), 409)
    return RedirectResponse(f"/runs/{part}", 303)
