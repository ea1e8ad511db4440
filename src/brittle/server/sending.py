"""What runs hold as it is: finished pages in a sandbox of their own, files, and the whole of one as a zip."""

from pathlib import Path

from starlette.requests import Request
from starlette.responses import HTMLResponse, Response, StreamingResponse
from starlette.routing import Route

from brittle.core.errors import BrittleError
from brittle.server import pages
from brittle.server.answers import missing, said
from brittle.server.policy import report_policy
from brittle.server.reading.folders import PAGES, Folders, read_inside
from brittle.server.reading.zipping import listed, top_of, zipped

FILES = ("console.txt", *pages.OWN_FILES)
PLACES = ("flips", "explanations", "shown", "pictures", "masks")
"""Files and folders of a run that are served as they are."""
KINDS = {
    ".png": "image/png",
    **dict.fromkeys((".csv", ".json", ".jsonl", ".txt", ".yaml", ".hea"), "text/plain; charset=utf-8"),
}
"""How files are served; any other is a download."""
BARE = "sandbox; default-src 'none'; img-src 'self'"


class Sending:
    """Answers with what folders hold, none of it through a symbolic link."""

    def __init__(self, folders: Folders) -> None:
        self._folders = folders

    def routes(self) -> list[Route]:
        """Addresses, and what answers each."""
        run = "/runs/{run}"
        return [
            Route(f"{run}/download", self.download),
            Route(f"{run}/files/{{file:path}}", self.file),
            Route(f"{run}/{{page}}", self.report),
        ]

    def report(self, request: Request) -> Response:
        """The finished page of a folder, in a sandbox of its own: what it holds may be a stranger's."""
        found, name = self._folders.get(request.path_params["run"]), request.path_params["page"]
        if found is None or name not in {page for _, page in PAGES.values()}:
            return missing()
        data = read_inside(found.path, name)
        if data is None:
            return missing()
        return HTMLResponse(data, headers={"content-security-policy": report_policy()})

    def file(self, request: Request) -> Response:
        """A file of a run as it is."""
        found, file = self._folders.get(request.path_params["run"]), request.path_params["file"]
        if found is None or not (file in FILES or file.split("/")[0] in PLACES):
            return missing()
        data = read_inside(found.path, file)
        if data is None:
            return missing()
        kind = KINDS.get(Path(file).suffix)
        headers = {"content-security-policy": BARE}
        if kind is None:
            headers["content-disposition"] = "attachment"
        return Response(data, media_type=kind or "application/octet-stream", headers=headers)

    def download(self, request: Request) -> Response:
        """A run as one zip; all: with every answer that is kept."""
        found = self._folders.get(request.path_params["run"])
        if found is None or found.kind != "run":
            return missing()
        try:
            files = listed(found.path, request.query_params.get("all") == "1")
        except BrittleError as error:
            return said(str(error), 422)
        name = top_of(found.id)
        headers = {"content-disposition": f'attachment; filename="{name}.zip"'}
        return StreamingResponse(
            zipped(found.path, files, name), media_type="application/zip", headers=headers
        )
